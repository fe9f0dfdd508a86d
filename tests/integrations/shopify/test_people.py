"""Who a person is in a store: by every address, by hand, by a number in a message, by the orders they name; and who not."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.shopify import interface, order_context, personal
from integrations.shopify.interface import Confirmation, Link, Person, Proof, Ruling
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.personal import Subject
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, GUEST, MAYA, MAYA_ID, SHOP, order
from tests.integrations.shopify.persons import ADDRESSES, customer, known, only_store, put, section, sections
from tests.integrations.shopify.reading import connected, kinds
from tests.walking import work

pytestmark = pytest.mark.django_db
MAYAS = MAYA_ID.rpartition("/")[2]
OTTO, OTTOS = "otto@example.com", "7100000000099"
LINK = Link(OTTOS, by="Ava", at=datetime(2026, 11, 12, 12, tzinfo=UTC))


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    """Connected; of it Maya and Otto are customers, and #3001 is Otto's."""
    put(
        shopify,
        customer(int(OTTOS), OTTO, "Otto Öl", phone="+436601234567"),
        orders=(order("#3001", customer=f"gid://shopify/Customer/{OTTOS}", days=5, email=OTTO),),
    )
    return connected(cast, shopify)


def names(found: interface.Section) -> list[str]:
    return [card.name for card in found.orders]


def later(cast: Cast, seconds: float) -> None:
    with tenant_context(cast.acme.pk):
        for column in ("fetched_at", "failed_at", "looked_at"):
            OrderContext.objects.update(**{column: F(column) - timedelta(seconds=seconds)})


# --- By address -----------------------------------------------------------------------------------------------------
def test_every_address_is_looked_up(cast: Cast, store: Store) -> None:
    found = known(cast, Person(emails=("nobody@example.com", MAYA)))
    assert (found.kind, found.profile.email, names(found)) == ("customer", MAYA, ["#1042", "#1041"])
    assert found.match.sentence == f"Same e-mail address: {MAYA}."
    assert found.match.unlink_url == ""


def test_guest_orders_under_another_address_stand_among_the_customers_own(cast: Cast, store: Store) -> None:
    found = known(cast, Person(emails=(MAYA, GUEST)))
    assert (found.kind, names(found)) == ("customer", ["#2001", "#1042", "#1041"])


def test_two_customers_are_candidates_and_neither_is_shown(cast: Cast, store: Store) -> None:
    found = known(cast, Person(emails=(MAYA, OTTO)))
    assert (found.kind, found.profile, found.orders) == ("candidates", None, ())
    assert [(one.name, one.customer_id, one.link_url) for one in found.candidates] == [
        ("Maya Lindqvist", MAYAS, "/1/link/"),
        ("Otto Öl", OTTOS, "/1/link/"),
    ]


def test_nobody_is_shown_before_every_address_was_answered(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    known(cast, Person(emails=(MAYA,)))
    both = Person(emails=(MAYA, OTTO))
    waiting = section(cast, both)
    assert (waiting.kind, waiting.profile, waiting.orders) == ("loading", None, ())
    work()
    assert section(cast, both).kind == "candidates"


def test_an_address_that_cannot_be_asked_for_does_not_hide_the_others(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    known(cast, Person(emails=(MAYA,)))
    shopify.fault("500")
    section(cast, Person(emails=(MAYA, OTTO)))
    work()
    found = section(cast, Person(emails=(MAYA, OTTO)))
    assert found.kind == "customer"
    assert [banner.retry for banner in found.banners] == [True]


def test_addresses_beyond_five_are_named_and_not_asked_for(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    emails = tuple(f"a{n}@example.com" for n in range(5))
    found = known(cast, Person(emails=(*emails, MAYA)))
    assert found.kind == "none"
    assert f"Not looked up: {MAYA}." in found.reason
    assert kinds(shopify) == ["CustomerOrders"] * 5


@pytest.mark.parametrize("email", ["MAYA@Lindqvist.Example", " maya@lindqvist.example "])
def test_capitals_and_blanks_are_the_same_address(
    cast: Cast, store: Store, shopify: RunningSandbox, email: str
) -> None:
    assert known(cast, Person(emails=(email, MAYA))).kind == "customer"
    assert kinds(shopify) == ["CustomerOrders"]


# --- By hand --------------------------------------------------------------------------------------------------------
def test_a_linked_customer_is_shown_alone(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    found = known(cast, Person(emails=(MAYA,), links={1: LINK}))
    assert (found.kind, found.profile.name, names(found)) == ("customer", "Otto Öl", ["#3001"])
    assert (found.match.sentence, found.match.unlink_url) == ("Linked by Ava, Nov 12, 2026.", "/1/unlink/")
    assert kinds(shopify) == ["CustomerById"]


def test_a_linked_customer_who_is_gone_is_said_and_stays_linked(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    gone = Link("7100000000555", by="Ava", at=LINK.at)
    found = known(cast, Person(emails=(MAYA,), links={1: gone}))
    assert (found.kind, found.quiet, found.profile, found.orders) == ("none", False, None, ())
    assert "merged into another one, or deleted" in found.match.sentence
    assert found.match.unlink_url == "/1/unlink/"
    assert kinds(shopify) == ["CustomerById"], "nobody else is looked for in their place"


def test_a_link_is_said_and_can_be_taken_back_while_shopify_has_not_answered(cast: Cast, store: Store) -> None:
    found = section(cast, Person(emails=(MAYA,), links={1: LINK}))
    assert (found.kind, found.profile) == ("loading", None)
    assert found.match is not None
    assert found.match.sentence.startswith("Linked by Ava, ")
    assert found.match.unlink_url


def test_a_link_holds_in_its_store_alone(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    connected(cast, shopify, ALL_ORDERS_SHOP)
    person = Person(emails=(MAYA,), links={2: LINK})
    sections(cast, person)
    work()
    assert [(one.store_number, one.kind) for one in sections(cast, person)] == [(1, "customer"), (2, "none")]


# --- Ruled out by hand ------------------------------------------------------------------------------------------------
SAID = Ruling(by="Ava", at=LINK.at)


def test_candidates_whom_a_member_ruled_out_are_not_offered_and_nobody_else_is_shown(cast: Cast, store: Store) -> None:
    out = {(1, MAYAS): SAID, (1, OTTOS): SAID, (2, "1"): SAID}
    found = known(cast, Person(emails=(MAYA, OTTO), not_customers=out))
    assert (found.kind, found.profile, found.orders, found.candidates) == ("none", None, (), ())
    assert found.ruled_out.sentence == "This contact is none of the 2 customers found here: Ava, Nov 12, 2026."
    assert found.ruled_out.undo_url == "/1/any/"
    assert (found.reason, found.quiet) == ("", False)


def test_what_one_is_said_not_to_be_in_one_store_is_not_said_of_another(cast: Cast, store: Store) -> None:
    found = known(cast, Person(emails=(MAYA, OTTO), not_customers={(2, MAYAS): SAID}))
    assert (found.kind, found.ruled_out) == ("candidates", None)


def test_whoever_is_left_of_the_candidates_has_an_address_of_the_contact(cast: Cast, store: Store) -> None:
    found = known(cast, Person(emails=(MAYA, OTTO), not_customers={(1, OTTOS): SAID}))
    assert (found.kind, found.profile.email) == ("customer", MAYA)
    assert found.ruled_out.sentence == "This contact is not the customer found here: Ava, Nov 12, 2026."


def test_a_telephone_number_s_owner_is_suggested_once(cast: Cast, store: Store) -> None:
    person = Person(emails=("nobody@example.com",), phones=("+436601234567",), not_customers={(1, OTTOS): SAID})
    found = known(cast, person)
    assert (found.kind, found.candidates) == ("none", ())
    assert found.ruled_out is not None


def test_orders_of_a_customer_who_was_ruled_out_are_masked_and_never_for_automation(cast: Cast, store: Store) -> None:
    person = Person(emails=(OTTO, MAYA), orders=("3001",), not_customers={(1, OTTOS): SAID})
    (named,) = known(cast, person).named
    assert (named.state, named.card) == ("unconfirmed", None)
    assert "of whom a member said that they are not this contact" in named.why
    with tenant_context(cast.acme.pk):
        (fact,) = interface.named_orders(person=person)
    assert fact.proof is Proof.NONE


def test_an_order_that_was_ruled_out_is_a_line_unless_an_address_says_that_it_is_theirs(
    cast: Cast, store: Store
) -> None:
    person = Person(emails=(MAYA,), orders=("3001",))
    digits = known(cast, person).named[0].confirm_url.split("/")[-3]
    (named,) = section(cast, replace(person, not_orders={(1, digits): SAID})).named
    assert (named.state, named.card, named.why) == (
        "ruled_out", None, "#3001 is not this contact’s: Ava, Nov 12, 2026.",
    )  # fmt: skip
    (named,) = known(cast, Person(emails=(OTTO,), orders=("3001",), not_orders={(1, digits): SAID})).named
    assert named.state == "theirs"


# --- By a number in a message ---------------------------------------------------------------------------------------
def test_a_telephone_number_is_a_suggestion(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    found = known(cast, Person(emails=("nobody@example.com",), phones=("+436601234567",)))
    assert (found.kind, found.profile, found.orders) == ("candidates", None, ())
    assert [(one.customer_id, one.why) for one in found.candidates] == [(OTTOS, "Telephone number in a message")]
    assert kinds(shopify) == ["CustomerOrders", "CustomerByPhone"]


def test_numbers_are_not_asked_for_where_an_address_is_known(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    assert known(cast, Person(emails=(MAYA,), phones=("+436601234567",))).kind == "customer"
    assert kinds(shopify) == ["CustomerOrders"]


def test_a_contact_without_an_address_may_have_a_number(cast: Cast, store: Store) -> None:
    assert known(cast, Person(phones=("+436601234567",))).kind == "candidates"
    assert known(cast, Person(phones=("+436600000000",))).kind == "no_address"


# --- Orders that messages name --------------------------------------------------------------------------------------
def test_an_order_of_the_persons_own_is_shown_first(cast: Cast, store: Store) -> None:
    found = known(cast, Person(emails=(MAYA,), orders=("1041",)))
    assert [(one.name, one.state) for one in found.named] == [("#1041", "theirs")]
    assert names(found) == ["#1042"], "and not twice"
    assert found.completeness == "2 of 3 orders: this store shares the last 60 days"


def test_somebody_elses_order_is_masked(cast: Cast, store: Store) -> None:
    found = known(cast, Person(emails=(MAYA,), orders=("3001",)))
    (named,) = found.named
    assert (named.name, named.state, named.card) == ("#3001", "unconfirmed", None)
    assert OTTO not in repr(named)
    assert "Wool throw" not in repr(found.named)
    digits = named.confirm_url.split("/")[-3]
    with tenant_context(cast.acme.pk):
        person = Person(emails=(MAYA,), orders=("3001",))
        assert interface.order_detail(store_number=1, person=person, legacy_id=digits, addresses=ADDRESSES) is None


def test_an_order_that_a_member_confirmed_is_shown_and_never_for_automation(cast: Cast, store: Store) -> None:
    person = Person(emails=(MAYA,), orders=("#3001",))
    digits = known(cast, person).named[0].confirm_url.split("/")[-3]
    sure = Confirmation(by="Ava", at=LINK.at, reason="She knew the street.")
    person = replace(person, confirmed={(1, digits): sure})
    (named,) = section(cast, person).named
    assert (named.state, named.confirmed_by, named.reason) == ("confirmed", "Ava", "She knew the street.")
    assert named.card.legacy_id == digits
    assert named.withdraw_url.endswith(f"/{digits}/withdraw/")
    with tenant_context(cast.acme.pk):
        (fact,) = interface.named_orders(person=person)
        assert interface.order_detail(store_number=1, person=person, legacy_id=digits, addresses=ADDRESSES)
    assert (fact.order_id, fact.proof, fact.proof.for_automation) == (digits, Proof.CONFIRMED, False)


def test_only_an_address_makes_an_order_usable_by_automation(cast: Cast, store: Store) -> None:
    mine, linked = Person(emails=(MAYA,), orders=("1042",)), Person(emails=(MAYA,), orders=("3001",), links={1: LINK})
    known(cast, mine)
    known(cast, linked)
    with tenant_context(cast.acme.pk):
        facts = [interface.named_orders(person=person)[0].proof for person in (mine, linked)]
    assert facts == [Proof.ADDRESS, Proof.LINK]
    assert [proof.for_automation for proof in facts] == [True, False]


def test_a_guests_order_is_theirs_by_its_own_address(cast: Cast, store: Store) -> None:
    found = known(cast, Person(emails=(GUEST,), orders=("2001",)))
    assert [(one.name, one.state) for one in found.named] == [("#2001", "theirs")]


def test_every_order_of_one_name_is_shown(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    put(shopify, orders=(order("#1042", days=1, customer=None, email="else@example.com"),))
    found = known(cast, Person(emails=(MAYA,), orders=("1042",)))
    assert sorted(one.state for one in found.named) == ["theirs", "unconfirmed"]


def test_an_order_is_looked_for_in_every_store(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    connected(cast, shopify, ALL_ORDERS_SHOP, scopes=("read_customers", "read_orders", "read_all_orders"))
    person = Person(emails=("nobody@example.com",), orders=("P-1", "3001"))
    sections(cast, person)
    work()
    found = {one.domain: [named.name for named in one.named] for one in sections(cast, person)}
    assert found == {SHOP: ["#3001"], ALL_ORDERS_SHOP: ["P-1"]}


def test_an_order_whose_search_was_ignored_is_not_found(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    for fault in ("search_warning", "search_silent"):
        shopify.fault(fault, operation="OrdersNamed", times=1)
        assert known(cast, Person(emails=(MAYA,), orders=("9999",))).named == ()
        later(cast, 61)


def test_what_stands_around_a_stores_numbers_is_learnt(cast: Cast, shopify: RunningSandbox) -> None:
    put(shopify, orders=tuple(order(f"#UK-{n}-B", days=n / 100) for n in (51, 52, 53)))
    connected(cast, shopify)
    known(cast, Person(emails=(MAYA,)))
    learnt = only_store(cast)
    assert (learnt.order_prefix, learnt.order_suffix) == ("UK-", "-B")
    found = known(cast, Person(emails=("nobody@example.com",), orders=("52", "UK-53", "1042")))
    assert [one.name for one in found.named] == ["#UK-52-B", "#UK-53-B", "#1042"]


# --- A member's search ----------------------------------------------------------------------------------------------
def find(cast: Cast, words: str, attempt: int = 0) -> interface.Finding:
    with tenant_context(cast.acme.pk):
        found = interface.find(store_number=1, words=words, addresses=ADDRESSES, attempt=attempt)
    if found is None:
        raise AssertionError("no such store")
    return found


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (OTTO.upper(), "This e-mail address"),
        ("+43 660 123 45 67", "This telephone number"),
        ("#3001", "Placed this order"),
        ("otto öl", "This name"),
        ("OL  Otto", ""),
    ],
)
def test_a_member_finds_a_customer(cast: Cast, store: Store, words: str, why: str) -> None:
    assert find(cast, words).state == "asking"
    work()
    found = find(cast, words)
    assert [(one.customer_id, one.why) for one in found.candidates] == ([(OTTOS, why)] if why else [])


@pytest.mark.parametrize("words", ["", "*", "x", "\x00"])
def test_what_cannot_be_searched_for_is_said(cast: Cast, store: Store, shopify: RunningSandbox, words: str) -> None:
    found = find(cast, words)
    assert (found.state, bool(found.text), shopify.calls) == ("problem", True, [])


@pytest.mark.parametrize("words", ['maya" OR "otto', "email:*", "name:* OR tag:VIP", "* OR *"])
def test_search_syntax_finds_nobody(cast: Cast, store: Store, words: str) -> None:
    find(cast, words)
    work()
    assert find(cast, words).candidates == ()


@pytest.mark.parametrize("fault", ["search_warning", "search_silent", "other_customer", "wrong_email"])
@pytest.mark.parametrize("words", [OTTO, "#3001", "Otto"])
def test_a_search_that_is_answered_wrongly_shows_nobody_else(
    cast: Cast, store: Store, shopify: RunningSandbox, fault: str, words: str
) -> None:
    shopify.fault(fault, operation="People")
    find(cast, words)
    work()
    assert {one.customer_id for one in find(cast, words).candidates} <= {OTTOS}


def test_of_a_person_whom_a_search_found_no_more_than_a_card_is_kept_for_a_day(
    cast: Cast, shopify: RunningSandbox
) -> None:
    put(shopify, customer(int(OTTOS), OTTO, "Otto Öl", note="Owes us a favour", tags=["VIP"]))
    connected(cast, shopify)
    find(cast, "Otto")
    work()
    with tenant_context(cast.acme.pk):
        (card,) = OrderContext.objects.get().head["people"]
        assert (card["customer"]["note"], card["customer"]["tags"]) == (None, [])
    later(cast, 90_000)
    find(cast, "Otto")
    with tenant_context(cast.acme.pk):
        assert order_context.forget() == 1


def test_only_a_customer_whom_the_store_told_us_of_can_be_linked(cast: Cast, store: Store) -> None:
    find(cast, "Otto")
    work()
    with tenant_context(cast.acme.pk):
        assert interface.knows_customer(store_number=1, customer_id=OTTOS) == "Otto Öl"
        for stranger in (MAYAS, "", "1 OR 1", "9" * 30):
            assert interface.knows_customer(store_number=1, customer_id=stranger) is None
        assert interface.knows_customer(store_number=2, customer_id=OTTOS) is None


# --- How much is asked ----------------------------------------------------------------------------------------------
def test_a_known_section_is_one_statement(cast: Cast, store: Store) -> None:
    person = Person(emails=(MAYA, "nobody@example.com"), orders=("1042", "3001"), phones=("+436601234567",))
    known(cast, person)
    with (
        tenant_context(cast.acme.pk),
        CaptureQueriesContext(
            connection,
        ) as seen,
    ):
        found = interface.section(
            store_number=1, person=person, addresses=ADDRESSES, viewer=interface.Viewer("acme", False)
        )
    assert found.kind == "customer"
    assert len([one for one in seen if "set_config" not in one["sql"]]) == 1


def test_of_many_stores_a_look_asks_a_few_and_the_page_comes_back_for_the_others(
    cast: Cast, shopify: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_context, "AT_ONCE", 1)
    for shop in (SHOP, ALL_ORDERS_SHOP, factories.THIRD_SHOP):
        connected(cast, shopify, shop)
    person = Person(emails=(MAYA,))
    first = {one.store_number: (one.kind, one.refreshing, one.poll_delay_ms) for one in sections(cast, person)}
    assert first == {1: ("loading", True, 300), 2: ("loading", True, 2000), 3: ("loading", True, 4000)}
    work()
    assert len(shopify.calls) == 1
    for number in (2, 3):
        section(cast, person, store=number, attempt=1)
    work()
    assert len(shopify.calls) == 3
    assert [one.kind for one in sections(cast, person)] == ["customer", "customer", "none"]
    later(cast, 120)
    sections(cast, person)
    work()
    assert len(shopify.calls) == 5, "who knows the person is asked again; nobody is an answer for longer"


def test_a_look_at_three_hundred_stores_claims_ten(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.bulk_create(
            Store(number=n, shop_domain=f"s{n}.myshopify.com", state="connected", connected_by=cast.olivia)
            for n in range(1, 301)
        )
    found = sections(cast, Person(emails=(MAYA,), orders=("1042",)))
    with tenant_context(cast.acme.pk):
        assert OrderContext.objects.filter(store__isnull=False).count() == 20
    assert len(found) == 300
    assert max(one.poll_delay_ms for one in found) == 2000 * 29


# --- Dropped and forgotten ------------------------------------------------------------------------------------------
def test_a_change_of_an_order_or_a_customer_drops_every_answer_about_them(cast: Cast, store: Store) -> None:
    known(cast, Person(emails=(MAYA,), orders=("3001", "4711"), links={}))
    known(cast, Person(links={1: LINK}))
    find(cast, "Otto")
    work()
    with tenant_context(cast.acme.pk):
        digits = OrderContext.objects.get(key="3001").head["orders"][0]["legacy_id"]
        order_context.drop(store=store, named_order_id=digits, created=True)
        assert sorted(OrderContext.objects.exclude(dropped_at=None).values_list("key", flat=True)) == ["3001", "4711"]
        order_context.drop(store=store, customer_id=OTTOS)
        dropped = OrderContext.objects.exclude(dropped_at=None).values_list("key", flat=True)
        assert sorted(dropped) == ["3001", "4711", OTTOS, "otto"]
        order_context.forget_customer(store=store, customer_id=OTTOS)
        assert sorted(OrderContext.objects.values_list("key", flat=True)) == ["4711", MAYA]


def test_what_is_not_there_is_forgotten_after_a_day(cast: Cast, store: Store) -> None:
    known(cast, Person(emails=("nobody@example.com",), orders=("3001", "4711"), phones=("+436600000000",)))
    later(cast, 90_000)
    with tenant_context(cast.acme.pk):
        order_context.forget()
        assert sorted(OrderContext.objects.values_list("key", flat=True)) == ["3001", "nobody@example.com"]


# --- Collected and erased -------------------------------------------------------------------------------------------
def keys(rows: Iterable[OrderContext]) -> list[str]:
    return sorted(row.key for row in rows)


def test_a_customer_is_erased_from_every_kind_of_answer_and_collected_from_their_own(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    put(
        shopify,
        customer(int(OTTOS), OTTO, "Otto Öl", phone="+436601234567"),
        orders=(
            order("#3001", customer=f"gid://shopify/Customer/{OTTOS}", email=OTTO),
            order("#3002", customer=None, email="OTTO@example.com"),
            order("#1042", customer=f"gid://shopify/Customer/{OTTOS}", email=OTTO),
        ),
    )
    known(cast, Person(emails=(MAYA,), orders=("3001", "3002", "1041", "1042")))
    known(cast, Person(links={1: LINK}))
    known(cast, Person(phones=("+436601234567",)))
    find(cast, "Maya")
    work()
    with tenant_context(cast.acme.pk):
        otto = personal.widen(Subject(customers=frozenset({(store.pk, OTTOS)})))
        assert (otto.emails, otto.names, otto.phones) == ({OTTO}, {"Otto Öl"}, {"+436601234567"})
        (_, collected), *_ = personal.collect(otto)
        assert keys(collected.chosen()) == ["+436601234567", "3001", "3002", OTTOS], (
            "not what another order of that name is"
        )
        personal.forget(otto, True)
        assert keys(OrderContext.objects.all()) == ["1041", MAYA]


def test_what_a_page_put_back_after_an_erasure_goes(cast: Cast, store: Store) -> None:
    known(cast, Person(emails=(MAYA,), orders=("3001", "1041")))
    known(cast, Person(links={1: LINK}))
    find(cast, "Otto")
    work()
    with tenant_context(cast.acme.pk):
        personal.settle(lambda email: timezone.now() if email == OTTO else None)
        assert keys(OrderContext.objects.all()) == ["1041", MAYA]


# --- What is said must be so ----------------------------------------------------------------------------------------
def test_guest_orders_do_not_make_up_for_orders_that_the_store_hides(cast: Cast, store: Store) -> None:
    """Maya has three orders, of which the store shares two: the guest's is not the third."""
    found = known(cast, Person(emails=(MAYA, GUEST)))
    assert len(found.orders) == 3
    assert found.completeness == "2 of 3 orders: this store shares the last 60 days; 1 more order as a guest"
    assert found.match.sentence == f"Same e-mail address: {MAYA}. Guest orders under {GUEST}."


def test_their_own_order_is_not_called_somebody_elses_while_it_is_asked_who_they_are(
    cast: Cast, shopify: RunningSandbox
) -> None:
    put(shopify, orders=(order("#1050", days=1, email="old@lindqvist.example"),))
    connected(cast, shopify)
    known(cast, Person(orders=("1050",)))
    person = Person(emails=(MAYA,), orders=("1050",))
    waiting = section(cast, person)
    assert (waiting.kind, waiting.named) == ("loading", ())
    work()
    assert [one.state for one in section(cast, person).named] == ["theirs"]


def test_why_an_order_is_covered_is_what_is_known_of_it(cast: Cast, shopify: RunningSandbox) -> None:
    put(
        shopify,
        orders=(order("#1051", days=1, customer=None, email=None), order("#1052", days=1, customer=None, email=OTTO)),
    )
    connected(cast, shopify)
    whys = [one.why for one in known(cast, Person(emails=(MAYA,), orders=("1051", "1052"))).named]
    assert whys == [
        "The store does not say with which e-mail #1051 was ordered.",
        "#1052 was ordered with another e-mail than this contact’s.",
    ]
    (named,) = known(cast, Person(orders=("1052",))).named
    assert named.why == "This contact has no e-mail address to compare with that of #1052."


def test_guest_orders_that_were_not_looked_for_are_not_said_to_be_missing(cast: Cast, store: Store) -> None:
    found = known(cast, Person(emails=("o'neil@example.com",)))
    assert found.reason == (
        "No customer with o'neil@example.com in this store. Guest orders cannot be looked for under o'neil@example.com."
    )


def test_a_hundred_addresses_are_counted_rather_than_listed(cast: Cast, store: Store) -> None:
    found = known(cast, Person(emails=tuple(f"a{n}@example.com" for n in range(100))))
    assert (
        "Not looked up: a5@example.com, a6@example.com, a7@example.com, a8@example.com, a9@example.com and 90 more."
        in found.reason
    )


def test_a_number_without_its_country_is_told_what_it_lacks(cast: Cast, store: Store) -> None:
    for words in ("0660 123 45 67", "06601234567"):
        find(cast, words)
        work()
        assert "the code of its country" in find(cast, words).text


def test_words_are_not_cut_to_those_of_somebody_else(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    found = find(cast, f"{'o' * 89}@example.com")
    assert (found.state, found.text, shopify.calls) == ("problem", "This is too long: 100 characters at most.", [])


def test_an_old_nobody_is_not_said_again_without_asking(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    find(cast, "new@example.com")
    work()
    assert find(cast, "new@example.com").state == "nothing"
    put(shopify, customer(7100000000500, "new@example.com"))
    later(cast, 61)
    assert find(cast, "new@example.com").state == "asking"
    work()
    assert [one.customer_id for one in find(cast, "new@example.com").candidates] == ["7100000000500"]


def test_what_a_member_confirmed_is_news_to_the_others(cast: Cast, store: Store) -> None:
    person = Person(emails=(MAYA,), orders=("3001",))
    digits = known(cast, person).named[0].confirm_url.split("/")[-3]
    sure = replace(person, confirmed={(1, digits): Confirmation(by="Ava", at=LINK.at, reason="She knew the street.")})
    with tenant_context(cast.acme.pk):
        seen = interface.news(person=person).state
        assert interface.news(person=sure, seen=seen).changed == (1,)
        assert not interface.news(person=sure, seen=interface.news(person=sure).state)
