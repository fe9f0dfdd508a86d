"""Contacts: found, described, blocked, and two that are one."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import contact_listing, contact_merging, contacts
from inbox.models import (
    Contact,
    ContactAddress,
    Conversation,
    CustomerLink,
    MovedContact,
    OrderConfirmation,
    RuledOut,
)
from tenants.models import AuditEvent
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.email.test_inbound import mail, take
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db
PAGE = "/acme/contacts/1/"


@pytest.fixture
def ava(cast: Cast) -> Client:
    return signed_in(cast.ava)


def given(cast: Cast, *people: tuple[str, str]) -> list[Contact]:
    """Contacts with a name and an address; empty ones have none."""
    with tenant_context(cast.acme.pk):
        return [factories.contact(name=name, email=email) for name, email in people]


def names(client: Client, query: str = "") -> list[str]:
    return [link.get_text() for link in soup_of(client.get(f"/acme/contacts/{query}")).select(".contact-row a")]


def recorded(cast: Cast) -> list[tuple[str, dict[str, object]]]:
    with tenant_context(cast.acme.pk):
        rows = AuditEvent.objects.filter(action__startswith="contact.").order_by("pk")
        return [(row.action, row.detail) for row in rows]


def addresses(cast: Cast, number: int = 1) -> list[str]:
    with tenant_context(cast.acme.pk):
        return contacts.addresses_of(Contact.objects.get(number=number))


# --- The list -------------------------------------------------------------------------------------------------------
def test_whoever_wrote_last_comes_first_and_each_once(cast: Cast, ava: Client) -> None:
    maya, sam = given(cast, ("Maya", "maya@x.example"), ("Sam", "sam@x.example"))
    with tenant_context(cast.acme.pk):
        for of, hours in ((maya, 1), (sam, 2), (maya, 3), (sam, 4)):
            factories.conversation(of=of, last_at=timezone.now() - timedelta(hours=hours))
    assert names(ava) == ["Maya", "Sam"]


def test_by_name_those_without_one_come_last(cast: Cast, ava: Client) -> None:
    given(cast, ("", "b@x.example"), ("zoë", ""), ("Åsa", ""), ("anna", ""), ("", "a@x.example"))
    assert names(ava, "?by=name") == ["anna", "zoë", "Åsa", "b@x.example", "a@x.example"]


@pytest.mark.parametrize("by", ["activity", "name"])
def test_every_contact_is_on_one_page_whatever_is_between(cast: Cast, ava: Client, by: str) -> None:
    with tenant_context(cast.acme.pk):
        now = timezone.now()
        for n in range(90):
            one = factories.contact(name=f"Name {n % 7}" if n % 3 else "", email=f"p{n}@x.example")
            factories.conversation(of=one, last_at=now - timedelta(minutes=n % 5), texts=[])
    seen, query = [], f"?by={by}"
    while query:
        page = soup_of(ava.get(f"/acme/contacts/{query}"))
        seen += [urlsplit(link["href"]).path for link in page.select(".contact-row a")]
        further = page.select_one("a[rel=next]")
        query = f"?{urlsplit(further['href']).query}" if further else ""
        assert "Name" not in query
        assert "x.example" not in query
    assert len(seen) == len(set(seen)) == 90


@pytest.mark.parametrize(
    "query", ["?by=age", "?after=x", "?by=name&after=999", "?by=name&after=-1", "?after=" + "9" * 5000]
)
def test_a_list_that_is_not_there_is_not_found(cast: Cast, ava: Client, query: str) -> None:
    given(cast, ("Maya", ""))
    assert ava.get(f"/acme/contacts/{query}").status_code == 404


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("maya@lindqvist.example", ["Maya Lindqvist"]),
        ("MAYA@", ["Maya Lindqvist"]),
        (" maya  lind", ["Maya Lindqvist"]),
        ("m", ["Maya Lindqvist", "müller"]),
        ("MÜL", ["müller"]),
        ("#2", ["müller"]),
        ("2", ["müller"]),
        ("lindqvist", []),
        ("%", []),
        ("m_", []),
        ("\\", []),
        ("' OR 1=1 --", []),
        ("\x00", []),
        ("9" * 400, []),
        ("²", []),
    ],
)
def test_contacts_are_found_by_the_beginning_of_a_name_or_an_address(
    cast: Cast, ava: Client, words: str, expected: list[str]
) -> None:
    given(cast, ("Maya Lindqvist", "maya@lindqvist.example"), ("müller", "info@mueller.example"))
    response = ava.get("/acme/contacts/", {"q": words})
    assert [link.get_text() for link in soup_of(response).select(".contact-row a")] == expected


def test_a_search_in_the_wall_is_answered_by_an_index(cast: Cast) -> None:
    given(cast, *((f"Name {n}", f"p{n}@x.example") for n in range(300)))
    with tenant_context(cast.acme.pk), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as asked:
            assert len(contact_listing.found("name 1", most=200)) == 111
            assert contact_listing.found("p299@", most=5)
        plans = ""
        for one in asked.captured_queries:
            cursor.execute(f"EXPLAIN {one['sql']}")
            plans += "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Cond: ((tenant_id = " in plans
    assert re.search(r"inbox_contact_by_name on [^\n]*\n\s+Index Cond: .*name_norm >= 'name 1'", plans)
    assert re.search(r"inbox_contactaddress_begins on [^\n]*\n\s+Index Cond: .*>= 'p299@'", plans)


def test_the_neighbours_contacts_are_in_no_list_and_no_search(cast: Cast) -> None:
    given(cast, ("Maya", "maya@x.example"))
    mallory = signed_in(cast.mallory)
    for query in ("", "?by=name", "?q=maya", "?q=1"):
        assert not soup_of(mallory.get(f"/nextdoor/contacts/{query}")).select(".contact-row")
    for part in ("", "merge/"):
        assert mallory.get(f"/nextdoor/contacts/1/{part}").status_code == 404
        assert mallory.get(f"/acme/contacts/1/{part}").status_code == 404
    for part in ("describe/", "address/", "block/", "pictures/", "merge/"):
        assert mallory.post(f"/nextdoor/contacts/1/{part}", {"blocked": "yes", "shown": "yes"}).status_code == 404


# --- The page -------------------------------------------------------------------------------------------------------
def test_a_contact_has_their_addresses_note_and_conversations(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        maya = factories.contact(name="Maya", email="maya@x.example")
        Contact.objects.update(note="Speaks Swedish")
        for n in range(45):
            factories.conversation(
                of=maya, subject=f"Subject {n}", texts=[], last_at=timezone.now() - timedelta(hours=n)
            )
    page = soup_of(ava.get(PAGE))
    assert page.select_one("textarea").get_text().strip() == "Speaks Swedish"
    first = [link.get_text() for link in page.select(".talks a")]
    older = soup_of(ava.get(page.select_one("a[rel=next]")["href"]))
    second = [link.get_text() for link in older.select(".talks a")]
    assert first + second == [f"Subject {n}" for n in range(45)]


def test_a_name_and_a_note_are_kept_and_the_record_does_not_repeat_them(cast: Cast, ava: Client) -> None:
    given(cast, ("Maya", "maya@x.example"))
    assert ava.post(f"{PAGE}describe/", {"name": " Maya \u202eL ", "note": "a\r\nb"}).status_code == 302
    with tenant_context(cast.acme.pk):
        row = Contact.objects.get()
        assert (row.name, row.note, row.name_norm) == ("Maya L", "a\nb", "maya l")
    assert recorded(cast) == [("contact.changed", {"changed": ["name", "note"]})]
    ava.post(f"{PAGE}describe/", {"name": "Maya L", "note": "a\nb"})
    assert len(recorded(cast)) == 1


@pytest.mark.parametrize("note", ["x" * 10_001, "a\x00b"])
def test_a_note_that_cannot_be_kept_is_refused_in_words(cast: Cast, ava: Client, note: str) -> None:
    given(cast, ("Maya", "maya@x.example"))
    answer = ava.post(f"{PAGE}describe/", {"name": "Maya", "note": note})
    assert answer.status_code == 422
    assert "too long" in text_of(answer)


def test_an_address_is_added_written_to_and_removed(cast: Cast, ava: Client) -> None:
    given(cast, ("Maya", "maya@x.example"))
    ava.post(f"{PAGE}address/", {"add": " Maya@Work.Example "})
    assert addresses(cast) == ["maya@x.example", "Maya@Work.Example"]
    ava.post(f"{PAGE}address/", {"write_to": "maya@work.example"})
    assert addresses(cast) == ["Maya@Work.Example", "maya@x.example"]
    with tenant_context(cast.acme.pk):
        factories.conversation(of=Contact.objects.get())
    assert soup_of(ava.get("/acme/inbox/1/")).select_one(".address .clip").get_text() == "Maya@Work.Example"
    ava.post(f"{PAGE}address/", {"remove": "maya@work.example"})
    assert addresses(cast) == ["maya@x.example"]
    assert [detail["changed"] for _, detail in recorded(cast)] == [
        ["address added"], ["address written to"], ["address removed"],
    ]  # fmt: skip
    assert "work" not in str(recorded(cast))


def test_an_address_from_which_mail_came_stays_and_so_does_the_last_one(cast: Cast, ava: Client) -> None:
    take(cast, mail("a"))
    assert "needs an address" in text_of(ava.post(f"{PAGE}address/", {"remove": "mia@example.com"}))
    ava.post(f"{PAGE}address/", {"add": "mia@work.example"})
    answer = ava.post(f"{PAGE}address/", {"remove": "mia@example.com"})
    assert (answer.status_code, len(addresses(cast))) == (422, 2)
    assert "Mail came from this address" in text_of(answer)
    buttons = [button["value"] for button in soup_of(ava.get(PAGE)).select("button[name=remove]")]
    assert buttons == ["mia@work.example"]


def test_somebody_elses_address_and_the_shops_are_refused(cast: Cast, ava: Client) -> None:
    given(cast, ("Maya", "maya@x.example"), ("Sam", "sam@x.example"))
    answer = ava.post(f"{PAGE}address/", {"add": "SAM@x.example"})
    assert answer.status_code == 422
    assert soup_of(answer).select_one("#contact-error a")["href"] == "/acme/contacts/2/"
    for bad in ("support@shop.example", "", "x", "a@b@c", "a b@x.example", "x" * 400 + "@x.example", "a@x.example\x00"):
        assert ava.post(f"{PAGE}address/", {"add": bad}).status_code == 422, bad
    assert addresses(cast) == ["maya@x.example"]


def test_a_mail_from_an_added_address_is_the_contacts(cast: Cast, ava: Client) -> None:
    take(cast, mail("a"))
    ava.post(f"{PAGE}address/", {"add": "mia@work.example"})
    take(cast, mail("b", from_="MIA@work.example", minutes=1))
    with tenant_context(cast.acme.pk):
        assert Contact.objects.get().conversations.count() == 2


def test_a_contact_is_blocked_and_unblocked(cast: Cast, ava: Client) -> None:
    given(cast, ("Maya", "maya@x.example"))
    for _ in range(2):
        ava.post(f"{PAGE}block/", {"blocked": "yes"})
    assert "Blocked" in text_of(ava.get("/acme/contacts/?by=name"))
    ava.post(f"{PAGE}block/", {"blocked": "no"})
    assert [action for action, _ in recorded(cast)] == ["contact.blocked", "contact.unblocked"]
    assert ava.post(f"{PAGE}block/", {"blocked": "perhaps"}).status_code == 400


def test_only_an_owner_is_led_to_erase_a_contact(cast: Cast, ava: Client) -> None:
    given(cast, ("Maya", "maya@x.example"))
    assert not soup_of(ava.get(PAGE)).select("button[name=address]")
    olivia = signed_in(cast.olivia)
    button = soup_of(olivia.get(PAGE)).select_one("button[name=address]")
    answer = olivia.post(button.find_parent("form")["action"], {"address": button["value"]})
    assert "Type maya@x.example to confirm" in text_of(answer)


def test_of_an_erased_contact_nothing_can_be_said(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        factories.conversation(of=factories.contact())
        Conversation.objects.update(erased_at=timezone.now())
    page = ava.get(PAGE)
    assert "This contact was erased" in text_of(page)
    assert not soup_of(page).select("#main form")
    for part, said in (("describe", {"note": "x"}), ("address", {"add": "a@x.example"}), ("block", {"blocked": "yes"})):
        assert ava.post(f"{PAGE}{part}/", said).status_code == 404
    assert ava.get(f"{PAGE}merge/").status_code == 404


# --- Two who are one --------------------------------------------------------------------------------------------------
def two(cast: Cast) -> tuple[Contact, Contact]:
    maya, other = given(cast, ("Maya", "maya@x.example"), ("", "maya@work.example"))
    with tenant_context(cast.acme.pk):
        for of in (maya, other, other):
            factories.conversation(of=of)
    return maya, other


def merge(client: Client, **decided: str) -> object:
    return client.post(f"{PAGE}merge/", {"other": "2", "sure": "1", **decided})


def test_everything_of_the_other_contact_moves(cast: Cast, ava: Client) -> None:
    _, other = two(cast)
    with tenant_context(cast.acme.pk):
        Contact.objects.filter(number=1).update(note="one")
        Contact.objects.filter(number=2).update(note="two")
        ContactAddress.objects.update(is_main=True)
        CustomerLink.objects.create(contact=other, store_number=1, customer_id="71", linked_by=cast.ava)
        OrderConfirmation.objects.create(
            contact=other, store_number=1, order_id="54", reason="said so", confirmed_by=cast.ava
        )
        RuledOut.objects.create(contact=other, store_number=2, kind="order", shopify_id="55", ruled_out_by=cast.ava)
    preview = ava.post(f"{PAGE}merge/", {"other": "2"})
    assert [cell.get_text() for cell in soup_of(preview).select(".moves dd")] == ["1", "2", "1", "1", "1"]
    assert merge(ava)["Location"] == PAGE  # type: ignore[index]
    with tenant_context(cast.acme.pk):
        row = Contact.objects.get()
        assert (row.name, row.note, row.conversations.count()) == ("Maya", "one\n\ntwo", 3)
        assert contacts.addresses_of(row) == ["maya@x.example", "maya@work.example"]
        for model in (CustomerLink, OrderConfirmation, RuledOut):
            assert model.objects.get().contact == row
        assert MovedContact.objects.get().number == 2
    assert ava.get("/acme/contacts/2/")["Location"] == PAGE
    ((action, detail),) = recorded(cast)
    assert action == "contact.merged"
    assert detail == {"merged": 2, "addresses": 1, "conversations": 2, "links": 1, "confirmations": 1, "ruled_out": 1}


def test_a_contact_that_took_in_another_is_merged_again_and_both_numbers_lead_on(cast: Cast, ava: Client) -> None:
    two(cast)
    given(cast, ("M. Lindqvist", "m@x.example"))
    merge(ava)
    ava.post("/acme/contacts/3/merge/", {"other": "1", "sure": "1"})
    for number in (1, 2):
        assert ava.get(f"/acme/contacts/{number}/")["Location"] == "/acme/contacts/3/"


CONFLICTS = {
    "other customers": ([("link", 1, "71")], [("link", 1, "72")], "link-1-71-72"),
    "a customer who is ruled out": ([("link", 1, "71")], [("customer", 1, "71")], "customer-1-71-ruled out"),
    "the other way round": ([("customer", 1, "71")], [("link", 1, "71")], "customer-1-ruled out-71"),
    "an order that is ruled out": ([("confirmed", 1, "54")], [("order", 1, "54")], "order-1-54-ruled out"),
}


def say(cast: Cast, contact: Contact, facts: list[tuple[str, int, str]]) -> None:
    for kind, store, number in facts:
        if kind == "link":
            CustomerLink.objects.create(contact=contact, store_number=store, customer_id=number, linked_by=cast.ava)
        elif kind == "confirmed":
            OrderConfirmation.objects.create(
                contact=contact, store_number=store, order_id=number, reason="x", confirmed_by=cast.ava
            )
        else:
            RuledOut.objects.create(
                contact=contact, store_number=store, kind=kind, shopify_id=number, ruled_out_by=cast.ava
            )


def said(cast: Cast) -> list[tuple[str, int, str]]:
    with tenant_context(cast.acme.pk):
        return [
            *(("link", row.store_number, row.customer_id) for row in CustomerLink.objects.all()),
            *(("confirmed", row.store_number, row.order_id) for row in OrderConfirmation.objects.all()),
            *((row.kind, row.store_number, row.shopify_id) for row in RuledOut.objects.all()),
        ]


@pytest.mark.parametrize("choice", ["ours", "theirs", "neither"])
@pytest.mark.parametrize("name", CONFLICTS)
def test_what_was_said_differently_is_decided_by_whoever_merges(
    cast: Cast, ava: Client, name: str, choice: str
) -> None:
    ours, theirs, key = CONFLICTS[name]
    maya, other = two(cast)
    with tenant_context(cast.acme.pk):
        say(cast, maya, ours)
        say(cast, other, theirs)
    for undecided in ({}, {key: ""}, {key: "both"}, {"link-9-1-2": "ours"}):
        answer = merge(ava, **undecided)
        assert answer.status_code == 422  # type: ignore[attr-defined]
    assert len(said(cast)) == 2
    assert merge(ava, **{key: choice}).status_code == 302  # type: ignore[attr-defined]
    assert said(cast) == {"ours": ours, "theirs": theirs, "neither": []}[choice]


def test_where_one_is_blocked_it_is_said_whether_the_whole_is(cast: Cast, ava: Client) -> None:
    two(cast)
    ava.post("/acme/contacts/2/block/", {"blocked": "yes"})
    question = soup_of(ava.post(f"{PAGE}merge/", {"other": "2"})).select_one("fieldset input")["name"]
    merge(ava, **{question: "theirs"})
    with tenant_context(cast.acme.pk):
        assert Contact.objects.get().blocked_at is not None


def test_what_both_say_is_no_conflict(cast: Cast, ava: Client) -> None:
    maya, other = two(cast)
    with tenant_context(cast.acme.pk):
        for one in (maya, other):
            say(cast, one, [("link", 1, "71"), ("confirmed", 1, "54"), ("customer", 2, "7")])
        assert contact_merging.preview(into=maya, other=other).conflicts == ()
    merge(ava)
    assert said(cast) == [("link", 1, "71"), ("confirmed", 1, "54"), ("customer", 2, "7")]


def test_the_other_contact_is_found_by_address_name_or_number(cast: Cast, ava: Client) -> None:
    two(cast)
    for words in ("maya@work.example", "maya@w", "2", "#2"):
        page = soup_of(ava.post(f"{PAGE}merge/", {"q": words}))
        assert [button["value"] for button in page.select("button[name=other]")] == ["2"], words
    for words in ("1", "nobody", "", "\x00"):
        assert ava.post(f"{PAGE}merge/", {"q": words}).status_code == 422, words


@pytest.mark.parametrize(
    ("other", "status"), [("1", 422), ("99", 404), ("x", 400), ("-1", 400), ("9" * 30, 400), ("", 400)]
)
def test_a_contact_is_not_merged_with_itself_or_with_nobody(cast: Cast, ava: Client, other: str, status: int) -> None:
    two(cast)
    assert ava.post(f"{PAGE}merge/", {"other": other, "sure": "1"}).status_code == status
    assert ava.post(f"{PAGE}merge/", {"other": other}).status_code == status


def test_a_mail_to_the_other_address_joins_after_the_merge(cast: Cast, ava: Client) -> None:
    take(cast, mail("a"), mail("x", from_="mia@work.example", minutes=1))
    merge(ava)
    take(cast, mail("b", from_="mia@work.example", parents=("a",), minutes=2))
    with tenant_context(cast.acme.pk):
        assert Conversation.objects.get(number=1).messages.count() == 2


def test_what_is_sent_to_a_contact_that_was_merged_reaches_the_one_that_it_is_now(cast: Cast, ava: Client) -> None:
    two(cast)
    merge(ava)
    ava.post("/acme/contacts/2/block/", {"blocked": "yes"})
    with tenant_context(cast.acme.pk):
        assert Contact.objects.get().blocked_at is not None
