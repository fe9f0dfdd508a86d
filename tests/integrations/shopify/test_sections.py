"""The sections beside a conversation, as an agent's browser gets them: kinds, words, banners, order, polls."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from bs4 import Tag
from django.test import Client
from django.utils import timezone

from inbox.models import ContactAddress, Conversation
from integrations.shopify import answers, sidebar
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, GUEST, MAYA, SHOP, THIRD_SHOP, line, order, put_orders
from tests.walking import pending, signed_in, soup_of, text_of, work

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
WORDS = "/acme/inbox/1/stores/1/words/"


@pytest.fixture
def ava(cast: Cast, shopify: RunningSandbox) -> Client:
    """Ava, beside whose conversations stands one connected store. The conversations: 1 Maya, 2 a guest, 3 nobody, 4 no address."""
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
        factories.conversation(of=factories.contact(email=MAYA, name="Maya Lindqvist"))
        factories.conversation(email=GUEST)
        factories.conversation(email="nobody@example.com")
        factories.conversation(of=factories.contact(name="Voice Mail"))
    work()
    shopify.clear_calls()
    return signed_in(cast.ava)


def sections(client: Client, number: int = 1) -> list[Tag]:
    return soup_of(client.get(f"/acme/inbox/{number}/")).select("#side section")


def section(client: Client, number: int = 1, *, store: int = 1, query: str = "") -> Tag:
    response = client.get(f"/acme/inbox/{number}/stores/{store}/{query}", headers=HTMX)
    assert response.status_code == 200
    (found,) = soup_of(response).select("section")
    return found


def known(client: Client, number: int = 1) -> Tag:
    """The section after Shopify answered."""
    client.get(f"/acme/inbox/{number}/")
    work()
    (found,) = sections(client, number)
    return found


def words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def links(tag: Tag) -> list[str]:
    return [str(link["href"]) for link in tag.select("a")]


def change(cast: Cast, **fields: object) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.update(**fields)


# --- Kinds ----------------------------------------------------------------------------------------------------------
def test_an_unknown_contact_is_being_asked_for(ava: Client) -> None:
    (found,) = sections(ava)
    assert found["data-kind"] == "loading"
    assert found["hx-get"] == "/acme/inbox/1/stores/1/?try=1"
    assert found["hx-trigger"].startswith("load delay:300ms")
    assert "Asking Shopify" in words(found)


def test_a_customer_has_a_profile_and_orders(ava: Client) -> None:
    found = known(ava)
    assert found["data-kind"] == "customer"
    assert "hx-get" not in found.attrs
    profile = words(found.select_one(".profile"))
    assert "Maya Lindqvist" in profile
    assert "VIP" in profile
    assert "3 orders" in profile
    assert MAYA in profile
    assert (
        found.select_one(".profile a.out")["href"] == "https://admin.shopify.com/store/harbor/customers/7100000000017"
    )
    assert [row.select_one("summary b").get_text() for row in found.select("article")] == ["#1042", "#1041"]


def test_sixty_days_are_said_where_orders_are_missing(ava: Client) -> None:
    assert "2 of 3 orders: this store shares the last 60 days" in words(known(ava))


def test_nothing_is_said_where_all_orders_are_shared(cast: Cast, ava: Client, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        factories.connected_store(
            shopify, ALL_ORDERS_SHOP, by=cast.olivia, scopes=("read_customers", "read_orders", "read_all_orders")
        )
    known_two(ava)
    (found,) = [one for one in sections(ava) if ALL_ORDERS_SHOP in words(one)]
    assert "P-1" in words(found)
    assert not found.select(".remark")


def known_two(client: Client) -> None:
    client.get("/acme/inbox/1/")
    work()


def test_a_guest_has_orders_and_no_profile(ava: Client) -> None:
    found = known(ava, 2)
    assert found["data-kind"] == "guest"
    assert not found.select(".profile")
    assert "1 guest order of the last 60 days under this e-mail, no account" in words(found)
    assert "#2001" in words(found)


def test_nobody_is_one_quiet_line_that_says_why(ava: Client) -> None:
    found = known(ava, 3)
    assert found["data-kind"] == "none"
    assert "No match" in words(found)
    assert "No customer with nobody@example.com in this store, and no guest order in the last 60 days." in words(found)
    assert not found.select(".banner")


def test_a_contact_without_an_address_is_not_looked_for(ava: Client, shopify: RunningSandbox) -> None:
    (found,) = sections(ava, 4)
    work()
    assert found["data-kind"] == "no_address"
    assert "Contact has no e-mail" in words(found)
    assert shopify.calls == []
    assert section(ava, 4)["data-kind"] == "no_address"


def test_without_a_store_an_agent_reads_who_can_connect_one(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.update(
            state="disconnected", disconnected_at=timezone.now(), access_token=None, refresh_token=None
        )
    page = ava.get("/acme/inbox/1/")
    assert "No Shopify store is connected yet. An owner of this workspace can connect one" in text_of(page)
    assert not soup_of(page).select("#side a[href='/acme/settings/general/']")
    owner = signed_in(cast.olivia).get("/acme/inbox/1/")
    assert soup_of(owner).select("#side a[href='/acme/settings/general/']")


# --- Order of the sections ------------------------------------------------------------------------------------------
def test_stores_that_know_the_contact_come_first(cast: Cast, ava: Client, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, THIRD_SHOP, by=cast.olivia)
        factories.connected_store(shopify, ALL_ORDERS_SHOP, by=cast.olivia)
    ava.get("/acme/inbox/1/")
    work()
    assert [(one["id"], one["data-kind"]) for one in sections(ava)] == [
        ("store-1", "customer"),
        ("store-3", "customer"),
        ("store-2", "none"),
    ]


# --- Polls ----------------------------------------------------------------------------------------------------------
def test_polls_wait_longer_each_time(ava: Client) -> None:
    for attempt, delay in ((0, 300), (1, 600), (2, 1200), (3, 2000), (11, 2000)):
        found = section(ava, query=f"?try={attempt}")
        assert found["hx-trigger"].startswith(f"load delay:{delay}ms")
        assert found["hx-get"].endswith(f"?try={attempt + 1}")


def test_after_twelve_polls_the_page_gives_up_with_a_word(ava: Client) -> None:
    found = section(ava, query="?try=12")
    assert found["data-kind"] == "problem"
    assert "hx-trigger" not in found.attrs
    assert "Shopify is slow to answer. Nothing is lost; try again in a moment." in words(found)
    assert found.select_one(".banner a")["hx-get"] == "/acme/inbox/1/stores/1/?refresh=1"


def test_twelve_polls_take_about_twenty_seconds() -> None:
    assert 19_000 <= sum(sidebar.delay(n) for n in range(sidebar.TRIES)) <= 21_000


def test_odd_polls_are_answered(ava: Client) -> None:
    for query in ("?try=x", "?try=-1", "?try=99999999999", "?try=%00", "?try=²", "?try=", "?refresh", "?try=1&try=2"):
        assert section(ava, query=query)["id"] == "store-1", query


def test_polling_does_not_ask_shopify_again(ava: Client, shopify: RunningSandbox) -> None:
    for attempt in range(5):
        section(ava, query=f"?try={attempt}")
    work()
    assert len(shopify.calls) == 1
    assert section(ava, query="?try=5")["data-kind"] == "customer"


def test_the_refresh_button_asks_anew(cast: Cast, ava: Client, shopify: RunningSandbox) -> None:
    known(ava)
    age(cast, 5)
    found = section(ava, query="?refresh=1")
    assert found["data-kind"] == "customer", "what is known stays in sight"
    assert found["aria-busy"] == "true"
    work()
    assert len(shopify.calls) == 2


def age(cast: Cast, seconds: int) -> None:
    with tenant_context(cast.acme.pk):
        for row in OrderContext.objects.exclude(fetched_at=None):
            OrderContext.objects.filter(pk=row.pk).update(fetched_at=row.fetched_at - timedelta(seconds=seconds))


# --- Banners --------------------------------------------------------------------------------------------------------
def test_when_shopify_fails_the_last_known_orders_stay_under_a_banner(
    cast: Cast, ava: Client, shopify: RunningSandbox
) -> None:
    known(ava)
    age(cast, 3600)
    shopify.close()
    ava.get("/acme/inbox/1/")
    work()
    (found,) = sections(ava)
    assert found["data-kind"] == "customer"
    assert "#1042" in words(found)
    banner = words(found.select_one(".banner"))
    assert banner.startswith("Shopify has not answered since ")
    assert "; showing what we knew at " in banner
    assert "1 h ago" in words(found.select_one(".age"))


def test_when_shopify_fails_and_nothing_is_known_it_says_so(ava: Client, shopify: RunningSandbox) -> None:
    shopify.close()
    found = known(ava)
    assert found["data-kind"] == "problem"
    assert "Orders appear here as soon as it does." in words(found)
    assert "hx-trigger" not in found.attrs


def test_a_store_that_needs_attention_gives_agents_a_sentence_and_owners_the_button(cast: Cast, ava: Client) -> None:
    known(ava)
    olivia, adam = signed_in(cast.olivia), signed_in(cast.adam)
    for problem in Store.Problem:
        change(cast, state="needs_attention", problem=problem, problem_since=timezone.now())
        (found,) = sections(ava)
        assert str(answers.of_problem(problem).agents) in words(found.select_one(".banner"))
        assert links(found.select_one(".banner")) == ["/help/sidebar-empty/?workspace=acme"]
        assert "#1042" in words(found)
        (owners,) = sections(olivia)
        assert owners.select_one(".banner a")["href"] == "/acme/settings/general/"
        assert f"{problem.label} (since" in words(owners.select_one(".banner"))
        assert str(answers.of_problem(problem).fix) in words(owners.select_one(".banner"))
        (adams,) = sections(adam)
        assert links(adams.select_one(".banner")) == ["/help/sidebar-empty/?workspace=acme"]


def test_the_store_card_says_what_to_do(cast: Cast, ava: Client) -> None:
    olivia = signed_in(cast.olivia)
    for problem in Store.Problem:
        change(cast, state="needs_attention", problem=problem, problem_since=timezone.now())
        owners = soup_of(olivia.get("/acme/settings/shopify/")).select_one("article.store")
        assert "Needs attention" in words(owners)
        assert problem.label in words(owners)
        assert owners.select_one("form")["action"] == "/acme/settings/shopify/connect/"
        agents = soup_of(ava.get("/acme/settings/shopify/")).select_one("article.store")
        assert "Needs attention" in words(agents)
        assert not agents.select("form, a.button")


def test_hidden_fields_are_said_once(cast: Cast, ava: Client) -> None:
    known(ava)
    with tenant_context(cast.acme.pk):
        row = OrderContext.objects.get()
        row.head["denied"] = [{"field": f"orders.f{n}", "reason": "protected_data"} for n in range(9)]
        row.save()
    (found,) = sections(ava)
    assert len(found.select(".banner")) == 1
    assert "Names and addresses are hidden." in words(found)


def test_a_customer_whom_shopify_withholds_is_shown_as_known_with_its_age_and_why(
    cast: Cast, ava: Client, shopify: RunningSandbox
) -> None:
    known(ava)
    age(cast, 3600)
    shopify.fault("access_denied_protected", level="none")
    found = known(ava)
    assert found["data-kind"] == "customer"
    assert "#1042" in words(found)
    assert "1 h ago" in words(found.select_one(".age"))
    (banner,) = found.select(".banner")
    assert "Shopify has hidden this store’s customers and orders since " in words(banner)
    assert "Shopify has not approved this app for personal data." in words(banner)
    assert "Shown below is what we knew at " in words(banner)
    assert links(banner) == ["/help/permissions-and-scopes/?workspace=acme"]


def test_nobody_who_is_withheld_is_not_called_nobody(cast: Cast, ava: Client, shopify: RunningSandbox) -> None:
    shopify.fault("access_denied_protected", level="level1")
    for number in (1, 3):
        found = known(ava, number)
        assert found["data-kind"] == ("problem" if number == 1 else "none"), "of nobody nothing can be hidden"
    found = known(ava)
    assert "No match" not in words(found)
    assert "No customer" not in words(found)
    assert "what we knew" not in words(found)
    assert "Shopify has hidden this store’s customers and orders since " in words(found.select_one(".banner"))


def test_an_owner_is_told_how_to_mend_what_a_permission_hides(cast: Cast, ava: Client, shopify: RunningSandbox) -> None:
    known(ava)
    with tenant_context(cast.acme.pk):
        row = OrderContext.objects.get()
        row.head["withheld"] = [{"field": "customer", "reason": "scope"}]
        row.failure, row.failing_since, row.failed_at = "scope", timezone.now(), timezone.now()
        row.save()
    (banner,) = sections(signed_in(cast.olivia))[0].select(".banner")
    assert "Shopify has hidden this store’s customers since " in words(banner)
    assert "Reconnect it and approve them." in words(banner)
    assert links(banner) == ["/acme/settings/general/", "/help/permissions-and-scopes/?workspace=acme"]
    assert links(sections(ava)[0].select_one(".banner")) == ["/help/permissions-and-scopes/?workspace=acme"]


@pytest.mark.parametrize(
    ("reason", "fix", "others", "mended_here"),
    [
        ("scope", "Reconnect it and approve them.", "This store did not give all permissions.", True),
        ("protected_data", "Shopify must approve this app", "Shopify has not approved this app", False),
    ],
)
def test_what_is_hidden_of_a_customer_is_mended_by_an_owner_alone(
    cast: Cast, ava: Client, reason: str, fix: str, others: str, mended_here: bool
) -> None:
    known(ava)
    with tenant_context(cast.acme.pk):
        row = OrderContext.objects.get()
        row.head["denied"] = [{"field": "orders.email", "reason": reason}]
        row.save()
    (owners,) = sections(signed_in(cast.olivia))[0].select(".banner")
    (agents,) = sections(ava)[0].select(".banner")
    assert fix in words(owners)
    assert others in words(agents)
    assert fix not in words(agents)
    assert ("/acme/settings/general/" in links(owners)) is mended_here
    assert links(agents) == ["/help/permissions-and-scopes/?workspace=acme"]


def test_an_owner_is_told_how_older_orders_can_be_seen(cast: Cast, ava: Client) -> None:
    agents = known(ava).select_one(".remark a")
    owners = sections(signed_in(cast.olivia))[0].select_one(".remark a")
    assert (agents.get_text(), owners.get_text()) == ("Why", "How to see older orders")
    assert agents["href"] == owners["href"] == "/help/permissions-and-scopes/?workspace=acme"


def test_no_match_leads_to_how_contacts_are_matched(ava: Client) -> None:
    assert "/help/customer-not-found/?workspace=acme" in links(known(ava, 3))


def test_orders_whose_customer_is_hidden_are_not_called_a_guests(
    cast: Cast, ava: Client, shopify: RunningSandbox
) -> None:
    shopify.fault("access_denied_scope", scope="read_customers")
    found = known(ava)
    assert found["data-kind"] == "guest"
    assert "2 orders under this e-mail; whether they are a customer’s is hidden" in words(found)
    assert "no account" not in words(found)
    assert "This store did not give all permissions." in words(found.select_one(".banner"))


# --- Odd contents ---------------------------------------------------------------------------------------------------
EVIL = "<script>alert(1)</script>\"'&"
RTL = "\u202eمرحبا بالعالم"


def test_whatever_shopify_says_is_text(ava: Client, shopify: RunningSandbox) -> None:
    odd = order(
        EVIL,
        lineItems=[line(EVIL, variantTitle=EVIL, sku=EVIL)],
        fulfillments=[
            {
                "trackingInfo": [{"company": EVIL, "number": EVIL, "url": "javascript:alert(1)"}],
                "displayStatus": "IN_TRANSIT",
            }
        ],
        shippingAddress={"city": EVIL, "countryCodeV2": "SE"},
    )
    more = [order(f"{EVIL}{n}", days=n + 2, lineItems=[line(EVIL)]) for n in range(12)]
    put_orders(shopify, odd, *more, firstName=EVIL, note=EVIL, tags=[EVIL])
    known(ava)
    response = ava.get("/acme/inbox/1/")
    soup = soup_of(response)
    assert not [tag for tag in soup.select("script") if "alert" in tag.get_text()]
    assert "javascript:" not in response.content.decode()
    side = soup.select_one("#side")
    assert EVIL in side.select_one("article summary b").get_text()
    assert EVIL in words(side.select_one(".profile"))
    assert len(side.select("article")) == 13
    assert all(EVIL in article.select_one("summary b").get_text() for article in side.select("article"))


def test_right_to_left_and_very_long_names_keep_the_page_whole(ava: Client, shopify: RunningSandbox) -> None:
    long = "Wool throw " * 800
    put_orders(
        shopify,
        order("#1042", lineItems=[line(long), line(RTL)]),
        firstName=RTL,
        lastName="x" * 5000,
        tags=["t" * 400] * 40,
    )
    found = known(ava)
    assert RTL in words(found)
    assert found.select_one(".profile [dir=auto]") is not None
    assert "x" * 5000 in words(found)
    assert len(found.select("article")) == 1


def test_an_order_of_two_hundred_and_fifty_lines_shows_what_was_asked_for(ava: Client, shopify: RunningSandbox) -> None:
    put_orders(shopify, order("#1042", lineItems=[line(f"Thing {n}") for n in range(250)]))
    found = known(ava)
    assert len(found.select("article .items li")) == 25
    assert "Show all items" in words(found)


def test_an_order_without_lines_is_shown(ava: Client, shopify: RunningSandbox) -> None:
    put_orders(shopify, order("#1042", lineItems=[]), order("#1041", days=2, lineItems=[]))
    assert len(known(ava).select("article")) == 2


def test_cancelled_refunded_and_test_orders_look_it(ava: Client, shopify: RunningSandbox) -> None:
    gone = order(
        "#1042",
        cancelledAt=factories.ago(hours=20),
        cancelReason="CUSTOMER",
        displayFinancialStatus="REFUNDED",
        closedAt=factories.ago(hours=19),
        test=True,
        returnStatus="RETURNED",
    )
    put_orders(shopify, gone)
    badges = [badge.get_text() for badge in known(ava).select("article .badge")]
    assert badges == ["Cancelled", "Refunded", "Returned", "Archived", "Test order"]


def test_fifty_orders_and_no_more(ava: Client, shopify: RunningSandbox) -> None:
    put_orders(shopify, *[order(f"#{n}", days=n * 59 / 60) for n in range(1, 61)])
    found = known(ava)
    assert len(found.select("article")) == 50
    assert "The newest 50 orders" in words(found)
    assert found.select("input[data-filter]")


# --- Folded orders --------------------------------------------------------------------------------------------------
@pytest.fixture
def long_history(ava: Client, shopify: RunningSandbox) -> Iterator[Tag]:
    """Eight orders of twenty lines: two are painted in full; the last five are kept aside."""
    orders = [order(f"#{n}", days=n, lineItems=[line(f"Thing {n}-{m}") for m in range(20)]) for n in range(1, 9)]
    put_orders(shopify, *orders)
    return known(ava)


def test_the_filter_searches_the_items_of_every_order_also_of_those_that_are_folded(
    ava: Client, long_history: Tag, shopify: RunningSandbox
) -> None:
    shopify.clear_calls()
    found = ava.get(WORDS).json()
    shown = {str(each["id"]).rpartition("-")[2] for each in long_history.select("article details")}
    assert found.keys() == shown
    last = next(text for text in found.values() if text.startswith("#8 "))
    assert {"thing", "8-0", "8-19"} <= set(last.split())
    assert shopify.calls == []
    assert ava.get(WORDS.replace("stores/1/", "stores/99/")).status_code == 404


def test_the_filter_searches_nothing_of_somebody_who_may_be_another(
    cast: Cast, ava: Client, long_history: Tag, shopify: RunningSandbox
) -> None:
    with tenant_context(cast.acme.pk):
        contact = Conversation.objects.get(number=1).contact
        ContactAddress.objects.create(contact=contact, email="other@example.com", email_norm="other@example.com")
    assert ava.get(WORDS).json() != {}, "nobody else has that address yet"
    known(ava)
    with tenant_context(cast.acme.pk):
        row = OrderContext.objects.get(key="other@example.com")
        mine = OrderContext.objects.get(key=MAYA)
        head = {**mine.head, "customer": {**mine.head["customer"], "legacy_id": "9"}}
        OrderContext.objects.filter(pk=row.pk).update(customer_id="9", head=head, found=True)
    assert ava.get(WORDS).json() == {}


def test_a_folded_order_is_fetched_when_it_is_opened(ava: Client, long_history: Tag, shopify: RunningSandbox) -> None:
    shopify.clear_calls()
    folded = [details for details in long_history.select("article details") if details.select_one("a.fetch")]
    assert len(folded) == 6
    for details in folded:
        name = details.select_one("summary b").get_text()
        whole = ava.get(details.select_one("a.fetch")["href"], headers=HTMX)
        assert whole.status_code == 200
        assert f"Thing {name[1:]}-19" in text_of(whole)
        way_out = soup_of(whole).select_one("a.ext")
        assert way_out["aria-label"] == f"Open in Shopify: {name}"
        assert way_out["href"].startswith("https://admin.shopify.com/store/harbor/orders/5400")
        assert len(soup_of(whole).select("li")) == 20
        assert ava.get(details.select_one("a.fetch")["href"]).status_code == 200, "as a page of its own too"
    assert shopify.calls == []


def test_an_order_that_was_painted_at_once_can_be_fetched_too(ava: Client, long_history: Tag) -> None:
    first = long_history.select_one("article details")["id"].rpartition("-")[2]
    assert "Thing 1-0" in text_of(ava.get(f"/acme/inbox/1/stores/1/orders/{first}/", headers=HTMX))


def test_an_order_that_is_not_there_is_not_found(ava: Client, long_history: Tag) -> None:
    for wanted in ("1", "0", "9" * 30, "²", "٣", "abc", "customer", "%00", "-1", "1__2", "a" * 400):
        assert ava.get(f"/acme/inbox/1/stores/1/orders/{wanted}/", headers=HTMX).status_code == 404, wanted


def test_an_order_of_another_contact_is_not_found(ava: Client, long_history: Tag) -> None:
    own = long_history.select("article details a.fetch")[-1]["href"]
    assert ava.get(own).status_code == 200
    assert ava.get(own.replace("/inbox/1/", "/inbox/2/")).status_code == 404
    assert ava.get(own.replace("/inbox/1/", "/inbox/4/")).status_code == 404


def test_an_order_of_a_disconnected_store_is_not_found(cast: Cast, ava: Client, long_history: Tag) -> None:
    own = long_history.select("article details a.fetch")[-1]["href"]
    with tenant_context(cast.acme.pk):
        Store.objects.update(
            state="disconnected", disconnected_at=timezone.now(), access_token=None, refresh_token=None
        )
    assert ava.get(own).status_code == 404
    assert ava.get("/acme/inbox/1/stores/1/").status_code == 404


def test_a_store_that_is_not_there_is_not_found(ava: Client) -> None:
    for number in ("2", "0", "9" * 25):
        assert ava.get(f"/acme/inbox/1/stores/{number}/").status_code == 404, number


def test_mallory_finds_nothing_of_it(cast: Cast, ava: Client, long_history: Tag) -> None:
    mallory = signed_in(cast.mallory)
    own = long_history.select("article details a.fetch")[-1]["href"]
    for path in (own, "/acme/inbox/1/stores/1/", "/acme/inbox/1/"):
        assert mallory.get(path).status_code == 404
        assert mallory.get(path.replace("/acme/", "/nextdoor/")).status_code == 404


# --- Without Shopify ------------------------------------------------------------------------------------------------
PAGES = (
    "/acme/inbox/",
    "/acme/inbox/1/",
    "/acme/inbox/3/",
    "/acme/inbox/1/stores/1/",
    "/acme/inbox/1/stores/1/?refresh=1",
    "/acme/settings/general/",
    "/acme/settings/shopify/",
    "/acme/settings/shopify/permissions/",
    "/acme/settings/shopify/1/disconnect/",
)


@pytest.mark.parametrize("how", ["stopped", "hanging"])
def test_no_page_waits_for_shopify(cast: Cast, ava: Client, shopify: RunningSandbox, how: str) -> None:
    known(ava)
    age(cast, 3600)
    owner = signed_in(cast.olivia)
    shopify.clear_calls()
    if how == "stopped":
        shopify.close()
    else:
        shopify.set_latency(30_000)
    assert [owner.get(path).status_code for path in PAGES] == [200] * len(PAGES)
    assert owner.post("/acme/settings/shopify/connect/", {"shop": SHOP}).status_code == 302
    assert owner.post("/acme/settings/shopify/1/disconnect/", {"domain": SHOP}).status_code == 302
    assert shopify.calls == []
    assert pending("OrderContextWanted") >= 1


def test_no_view_but_the_callback_opens_a_socket_to_shopify(
    cast: Cast, ava: Client, shopify: RunningSandbox, settings: object
) -> None:
    """With an address that nothing may be sent to, anything that tried would raise."""
    settings.SHOPIFY_SANDBOX_URL = "http://shopify.invalid"  # type: ignore[attr-defined]
    owner = signed_in(cast.olivia)
    for path in PAGES:
        assert owner.get(path).status_code == 200, path
    assert owner.post("/acme/settings/shopify/1/disconnect/", {"domain": SHOP}).status_code == 302


def test_a_slow_answer_for_one_contact_is_never_shown_under_another(ava: Client) -> None:
    known(ava, 1)
    assert "#1042" not in words(section(ava, 3))
    assert section(ava, 3)["hx-get"].startswith("/acme/inbox/3/stores/1/")
