"""That a contact is none of the customers found, and an order not theirs, by a member's word."""

import pytest
from django.db import connection
from django.test import Client

from inbox import links, ruling_out
from inbox.models import ContactAddress, Conversation, RuledOut
from integrations.shopify.sandbox import RunningSandbox
from tenants.models import Membership
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA
from tests.inbox.saying import (
    ANOTHER,
    MAYA_THERE,
    ORDER,
    STORE,
    confirm,
    confirmed,
    link,
    linked,
    names,
    recorded,
    unlink,
    writes,
)
from tests.integrations.shopify.persons import customer, put
from tests.tenants.joining import together
from tests.walking import signed_in, soup_of, text_of, work

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PATH = "/acme/inbox/1/stores/1/"
OTTO, OTTOS = "otto@example.com", "7100000000098"
VERBS = ("none", "reconsider", "orders/1/not-theirs", "orders/1/reconsider")


def none_of(cast: Cast, thread: Conversation, *customers: str, by: Membership) -> None:
    with tenant_context(cast.acme.pk):
        ruling_out.none_of(conversation=thread, store_number=STORE, customers=customers, by=by)


def not_theirs(cast: Cast, thread: Conversation, order: str = ORDER, *, by: Membership) -> None:
    with tenant_context(cast.acme.pk):
        ruling_out.not_theirs(conversation=thread, store_number=STORE, order_id=order, by=by)


def ruled_out(cast: Cast) -> list[tuple[str, str, str]]:
    with tenant_context(cast.acme.pk):
        rows = RuledOut.objects.select_related("ruled_out_by__user").order_by("kind", "shopify_id")
        return [(row.kind, row.shopify_id, row.ruled_out_by.user.name) for row in rows]


def actions(cast: Cast) -> list[str]:
    return [row.action.removeprefix("contact.") for row in recorded(cast)]


# --- What is kept ---------------------------------------------------------------------------------------------------
def test_whom_a_contact_is_not_is_kept_with_who_said_so_and_recorded(cast: Cast) -> None:
    none_of(cast, writes(cast), MAYA_THERE, ANOTHER, by=cast.ava)
    assert ruled_out(cast) == [("customer", MAYA_THERE, "Ava"), ("customer", ANOTHER, "Ava")]
    (row,) = recorded(cast)
    assert (row.action, row.target) == ("contact.customers_ruled_out", "contact 1")
    assert row.after == {"customers": f"{MAYA_THERE}, {ANOTHER}"}


def test_the_first_who_said_so_is_who_said_so_and_only_news_is_recorded(cast: Cast) -> None:
    thread = writes(cast)
    none_of(cast, thread, MAYA_THERE, by=cast.ava)
    none_of(cast, thread, MAYA_THERE, ANOTHER, ANOTHER, by=cast.adam)
    none_of(cast, thread, MAYA_THERE, by=cast.adam)
    assert ruled_out(cast) == [("customer", MAYA_THERE, "Ava"), ("customer", ANOTHER, "Adam")]
    assert [row.after for row in recorded(cast)] == [{"customers": MAYA_THERE}, {"customers": ANOTHER}]


def test_it_is_taken_back_once_for_the_store_and_the_contact(cast: Cast) -> None:
    thread, other = writes(cast), writes(cast, email="other@x.example")
    none_of(cast, thread, MAYA_THERE, by=cast.ava)
    none_of(cast, other, MAYA_THERE, by=cast.ava)
    not_theirs(cast, thread, by=cast.ava)
    with tenant_context(cast.acme.pk):
        for _ in range(2):
            ruling_out.reconsider_customers(conversation=thread, store_number=STORE, by=cast.adam)
        ruling_out.reconsider_customers(conversation=other, store_number=STORE + 1, by=cast.adam)
    assert ruled_out(cast) == [("customer", MAYA_THERE, "Ava"), ("order", ORDER, "Ava")]
    assert actions(cast).count("customers_reconsidered") == 1


def test_an_order_is_ruled_out_and_taken_back_alone(cast: Cast) -> None:
    thread = writes(cast)
    not_theirs(cast, thread, by=cast.ava)
    not_theirs(cast, thread, "5400000000002", by=cast.ava)
    with tenant_context(cast.acme.pk):
        for _ in range(2):
            ruling_out.reconsider_order(conversation=thread, store_number=STORE, order_id=ORDER, by=cast.adam)
    assert ruled_out(cast) == [("order", "5400000000002", "Ava")]
    assert actions(cast) == ["order_ruled_out", "order_ruled_out", "order_reconsidered"]


@pytest.mark.parametrize("sent", [[], ["0"], ["abc"], ["\u0664"], ["1" * 21], [MAYA_THERE, ""], ["7"] * 51])
def test_what_names_no_customers_is_refused(cast: Cast, sent: list[str]) -> None:
    with pytest.raises(ruling_out.NobodyNamed):
        none_of(cast, writes(cast), *sent, by=cast.ava)
    assert ruled_out(cast) == []


# --- And what others said -------------------------------------------------------------------------------------------
def test_of_whom_was_linked_meanwhile_it_is_not_said(cast: Cast) -> None:
    thread = writes(cast)
    link(cast, thread, by=cast.adam)
    with pytest.raises(links.LinkedMeanwhile) as meanwhile:
        none_of(cast, thread, MAYA_THERE, ANOTHER, by=cast.ava)
    assert (meanwhile.value.by, ruled_out(cast)) == ("Adam", [])


def test_whoever_is_linked_is_ruled_out_no_more(cast: Cast) -> None:
    thread = writes(cast)
    none_of(cast, thread, MAYA_THERE, ANOTHER, by=cast.ava)
    link(cast, thread, by=cast.adam)
    assert ruled_out(cast) == [("customer", ANOTHER, "Ava")]
    unlink(cast, thread, MAYA_THERE, by=cast.adam)
    assert ruled_out(cast) == [("customer", ANOTHER, "Ava")]


def test_an_order_that_was_confirmed_meanwhile_is_not_ruled_out(cast: Cast) -> None:
    thread = writes(cast)
    confirm(cast, thread, "Named the street", by=cast.adam)
    with pytest.raises(ruling_out.ConfirmedMeanwhile) as meanwhile:
        not_theirs(cast, thread, by=cast.ava)
    assert (meanwhile.value.by, ruled_out(cast)) == ("Adam", [])


def test_an_order_that_is_confirmed_is_ruled_out_no_more(cast: Cast) -> None:
    thread = writes(cast)
    not_theirs(cast, thread, by=cast.ava)
    confirm(cast, thread, "Named the street", by=cast.adam)
    assert ruled_out(cast) == []
    assert confirmed(cast) == [(ORDER, "Named the street", "Adam")]


@pytest.mark.django_db(transaction=True)
def test_linked_and_ruled_out_at_once_is_one_of_them(transactional_db: None, cast: Cast) -> None:
    thread = writes(cast)

    def rule_out() -> str:
        try:
            none_of(cast, thread, MAYA_THERE, by=cast.ava)
        except links.LinkedMeanwhile:
            return "second"
        finally:
            connection.close()
        return "first"

    def say() -> str:
        link(cast, thread, by=cast.adam)
        connection.close()
        return "linked"

    assert "linked" in together(rule_out, say)
    assert (linked(cast), ruled_out(cast)) == ([(MAYA_THERE, "Adam")], [])


# --- Where it is said -----------------------------------------------------------------------------------------------
@pytest.fixture
def ava(cast: Cast, shopify: RunningSandbox) -> Client:
    """Ava, and somebody with an address of Maya's and one of Otto's, who names an order of Bob's."""
    put(
        shopify,
        customer(int(OTTOS), OTTO, "Otto Oel"),
        orders=(factories.order("#3001", days=5, customer=None, email="bob@x.example"),),
    )
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
        thread = factories.conversation(email=MAYA, texts=["Where is #3001?"])
        ContactAddress.objects.create(contact=thread.contact, email=OTTO, email_norm=OTTO)
    names(cast, thread, "3001")
    work()
    client = signed_in(cast.ava)
    look(client)
    return client


def look(client: Client) -> str:
    for _ in range(3):
        client.get(PATH, headers=HTMX)
        work()
    return text_of(client.get(PATH, headers=HTMX))


def press(client: Client, words: str) -> str:
    """The button of this name, with all that its form sends."""
    page = soup_of(client.get(PATH, headers=HTMX))
    (button,) = [each for each in page.find_all("button") if each.get_text(strip=True) == words]
    form = button.find_parent("form")
    shown = [str(each["value"]) for each in form.select("input[name=shown]")]
    return text_of(client.post(str(button.get("formaction") or form["action"]), {"shown": shown}, headers=HTMX))


def test_none_of_the_candidates_is_offered_again_until_it_is_taken_back(ava: Client, cast: Cast) -> None:
    assert "Several customers have an address of this contact." in look(ava)
    shown = press(ava, "None of these")
    assert "Noted." in shown
    assert "This contact is none of the 2 customers found here: Ava, " in shown
    for gone in ("Several customers", "Otto Oel", "Maya Lindqvist", "#1042", "No customer with"):
        assert gone not in shown
    assert len(ruled_out(cast)) == 2
    assert "Several customers have an address of this contact." in press(ava, "Take back")
    assert ruled_out(cast) == []


def test_an_order_that_is_not_the_same_persons_is_one_line_until_it_is_taken_back(ava: Client, cast: Cast) -> None:
    assert "Order found, identity not confirmed." in look(ava)
    shown = press(ava, "Not the same")
    assert "#3001 is not this contact’s: Ava, " in shown
    assert "identity not confirmed" not in shown
    assert "Wool throw" not in shown
    assert "Order found, identity not confirmed." in press(ava, "Take back")
    assert actions(cast) == ["order_ruled_out", "order_reconsidered"]


def test_an_order_of_the_contacts_own_cannot_be_ruled_out(ava: Client, cast: Cast) -> None:
    press(ava, "None of these")
    press(ava, "Take back")
    with tenant_context(cast.acme.pk):
        Conversation.objects.get().contact.addresses.filter(email_norm=OTTO).delete()
        thread = Conversation.objects.get()
    names(cast, thread, "1042")
    look(ava)
    (card,) = soup_of(ava.get(PATH, headers=HTMX)).select(".named article")
    digits = str(card.select_one("details")["id"]).rpartition("-")[2]
    answer = ava.post(f"{PATH}orders/{digits}/not-theirs/")
    assert (answer.status_code, ruled_out(cast)) == (409, [])
    assert "This order is this contact’s" in text_of(answer)


def test_without_htmx_the_browser_is_led_back_to_the_conversation(ava: Client, cast: Cast) -> None:
    answer = ava.post(f"{PATH}none/", {"shown": [MAYA_THERE]})
    assert (answer.status_code, answer["Location"]) == (302, "/acme/inbox/1/#store-1")
    assert ruled_out(cast) == [("customer", MAYA_THERE, "Ava")]


def test_customers_whom_the_store_never_named_are_refused(ava: Client, cast: Cast) -> None:
    for sent in ([], ["7999999999999"], [MAYA_THERE, "7999999999999"], [""], ["\x00"], [MAYA_THERE] * 51):
        answer = ava.post(f"{PATH}none/", {"shown": sent})
        assert answer.status_code == 422, sent
        assert "no longer found here" in text_of(answer)
    assert ruled_out(cast) == []


def test_who_comes_second_is_told_who_linked(ava: Client, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        thread = Conversation.objects.get()
    link(cast, thread, by=cast.adam)
    answer = ava.post(f"{PATH}none/", {"shown": [MAYA_THERE]})
    assert answer.status_code == 409
    assert "Adam linked this contact" in text_of(answer)


def test_who_comes_second_is_told_who_confirmed(ava: Client, cast: Cast) -> None:
    url = str(soup_of(ava.get(PATH, headers=HTMX)).select_one("form.confirm")["action"])
    signed_in(cast.adam).post(url, {"reason": "Named the street"})
    answer = ava.post(url.replace("/confirm/", "/not-theirs/"))
    assert answer.status_code == 409
    assert "Adam confirmed this order meanwhile." in text_of(answer)


def test_the_neighbours_find_nothing_and_nothing_is_done_by_a_link(ava: Client, cast: Cast) -> None:
    mallory = signed_in(cast.mallory)
    for verb in VERBS:
        assert mallory.post(f"{PATH}{verb}/", {"shown": [MAYA_THERE]}).status_code == 404, verb
        assert mallory.post(f"/nextdoor/inbox/1/stores/1/{verb}/", {"shown": [MAYA_THERE]}).status_code == 404, verb
        assert ava.post(f"/acme/inbox/1/stores/99/{verb}/").status_code == 404, verb
        assert ava.get(f"{PATH}{verb}/").status_code == 405, verb
    assert (recorded(cast), ruled_out(cast)) == ([], [])
