"""The forms beside a conversation, as a browser sends them: link, unlink, confirm, withdraw, search."""

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox.models import Mention
from integrations.shopify.models import OrderContext
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import GUEST, MAYA
from tests.inbox.saying import MAYA_THERE, confirmed, linked, names, recorded
from tests.walking import signed_in, soup_of, text_of, work

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
STORE = "/acme/inbox/1/stores/1/"
VERBS = ("link", "unlink", "search", "orders/1/confirm", "orders/1/withdraw")
REASON = "Named the street and the postcode"


@pytest.fixture
def ava(cast: Cast, shopify: RunningSandbox) -> Client:
    """Ava, and somebody whom the one connected store does not know, who names an order of Maya's."""
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
        thread = factories.conversation(email="somebody@example.com", texts=["Where is #1042?"])
        Mention.objects.create(conversation=thread, kind="order", value="1042", typed="#1042")
    work()
    client = signed_in(cast.ava)
    look(client)
    return client


def look(client: Client) -> str:
    """The section once Shopify has answered, as text."""
    for _ in range(3):
        client.get(STORE, headers=HTMX)
        work()
    return text_of(client.get(STORE, headers=HTMX))


def found(client: Client, words: str, path: str = f"{STORE}search/") -> str:
    client.post(path, {"words": words}, headers=HTMX)
    work()
    return client.post(path, {"words": words, "try": "1"}, headers=HTMX).content.decode()


def form(client: Client, ending: str) -> str:
    """Where a form of the section leads."""
    (action,) = {
        str(each["action"])
        for each in soup_of(client.get(STORE, headers=HTMX)).select("form[action]")
        if str(each["action"]).partition("?")[0].endswith(ending)
    }
    return action


def test_a_customer_who_was_searched_for_is_linked_and_shown(ava: Client, cast: Cast) -> None:
    assert MAYA_THERE in found(ava, MAYA)
    said = text_of(ava.post(f"{STORE}link/", {"customer": MAYA_THERE}, headers=HTMX))
    assert "Linked." in said
    assert linked(cast) == [(MAYA_THERE, "Ava")]
    shown = look(ava)
    assert "Linked by Ava" in shown
    assert "Maya Lindqvist" in shown


def test_a_link_is_taken_away_where_it_is_shown(ava: Client, cast: Cast) -> None:
    found(ava, MAYA)
    ava.post(f"{STORE}link/", {"customer": MAYA_THERE}, headers=HTMX)
    look(ava)
    assert "The link is gone." in text_of(ava.post(form(ava, "/unlink/"), headers=HTMX))
    assert linked(cast) == []
    assert "Maya Lindqvist" not in look(ava)


def test_without_htmx_the_browser_is_led_back_to_the_conversation(ava: Client) -> None:
    found(ava, MAYA)
    answer = ava.post(f"{STORE}link/", {"customer": MAYA_THERE})
    assert (answer.status_code, answer["Location"]) == (302, "/acme/inbox/1/#store-1")


def test_whoever_comes_second_is_told_who_was_first(ava: Client, cast: Cast) -> None:
    found(ava, MAYA)
    ava.post(f"{STORE}link/", {"customer": MAYA_THERE}, headers=HTMX)
    adam = signed_in(cast.adam)
    answer = adam.post(f"{STORE}link/?seen=", {"customer": "7100000000099"})
    assert answer.status_code in (409, 422)
    assert linked(cast) == [(MAYA_THERE, "Ava")]


def test_a_customer_whom_the_store_never_named_is_refused(ava: Client, cast: Cast) -> None:
    for customer in ("", "abc", "²", "1" * 30, "7999999999999"):
        answer = ava.post(f"{STORE}link/", {"customer": customer})
        assert answer.status_code == 422
        assert "Choose one of the customers first." in text_of(answer)
    assert linked(cast) == []


def test_there_is_no_such_store(ava: Client) -> None:
    for verb in VERBS:
        answer = ava.post(f"/acme/inbox/1/stores/99/{verb}/", {"customer": MAYA_THERE, "words": "x"})
        assert answer.status_code == 404, verb


def test_the_neighbours_find_no_such_conversation_and_nothing_is_done_by_a_link(ava: Client, cast: Cast) -> None:
    mallory = signed_in(cast.mallory)
    for verb in VERBS:
        sent = {"customer": MAYA_THERE, "words": "x", "reason": REASON}
        assert mallory.post(f"{STORE}{verb}/", sent).status_code == 404, verb
        assert mallory.post(f"/nextdoor/inbox/1/stores/1/{verb}/", sent).status_code == 404, verb
        assert ava.get(f"{STORE}{verb}/").status_code == 405, verb
    assert recorded(cast) == []


def test_an_order_under_another_address_is_covered_until_somebody_confirms_it(ava: Client, cast: Cast) -> None:
    covered = look(ava)
    assert "Order found, identity not confirmed." in covered
    assert "Wool throw" not in covered
    assert MAYA not in covered
    shown = text_of(ava.post(form(ava, "/confirm/"), {"reason": REASON}, headers=HTMX))
    assert "confirmed by Ava" in shown
    assert REASON in shown
    assert "Wool throw" in shown
    assert [row.action for row in recorded(cast)] == ["contact.order_confirmed"]


def test_each_covered_order_has_a_form_of_its_own_name_so_that_no_reason_ends_beside_another_order(
    ava: Client, cast: Cast
) -> None:
    """What is typed into a form outlives a refresh by the form's name, and a newer mention comes before it."""
    before = {str(each["id"]): each["action"] for each in soup_of(ava.get(STORE, headers=HTMX)).select("form.confirm")}
    with tenant_context(cast.acme.pk):
        thread = Mention.objects.get().conversation
        Mention.objects.create(conversation=thread, kind="order", value="1041", typed="#1041")
    look(ava)
    after = {str(each["id"]): each["action"] for each in soup_of(ava.get(STORE, headers=HTMX)).select("form.confirm")}
    assert len(before) == 1
    assert len(after) == 2
    assert before.items() < after.items()


def test_nothing_is_inserted_from_a_confirmed_order_while_its_store_does_not_answer(ava: Client, cast: Cast) -> None:
    ava.post(form(ava, "/confirm/"), {"reason": REASON}, headers=HTMX)
    assert "Insert is off" not in look(ava)
    with tenant_context(cast.acme.pk):
        OrderContext.objects.update(failing_since=Now(), failed_at=Now(), failure="unreachable")
    shown = text_of(ava.get(STORE, headers=HTMX))
    assert "Wool throw" in shown
    assert "Insert is off until Shopify answers" in shown


def test_a_confirmation_is_withdrawn_where_it_is_shown(ava: Client, cast: Cast) -> None:
    ava.post(form(ava, "/confirm/"), {"reason": REASON}, headers=HTMX)
    shown = text_of(ava.post(form(ava, "/withdraw/"), headers=HTMX))
    assert "Order found, identity not confirmed." in shown
    assert "Wool throw" not in shown
    assert confirmed(cast) == []


def test_a_reason_that_is_none_is_said_in_the_section(ava: Client, cast: Cast) -> None:
    answer = ava.post(form(ava, "/confirm/"), {"reason": "\u200b\u200b\u200b"})
    assert answer.status_code == 422
    assert "characters that nobody can see" in text_of(answer)
    assert "Wool throw" not in text_of(answer)
    assert confirmed(cast) == []


def test_an_order_that_no_message_names_cannot_be_confirmed(ava: Client, cast: Cast) -> None:
    answer = ava.post(f"{STORE}orders/5400000009999/confirm/", {"reason": REASON})
    assert answer.status_code == 409
    assert confirmed(cast) == []


def test_what_is_searched_for_stands_in_no_address(ava: Client) -> None:
    page = soup_of(ava.post(f"{STORE}search/", {"words": GUEST}, headers=HTMX))
    addresses = [
        str(tag.get(name, "")) for tag in page.find_all(True) for name in ("action", "href", "hx-get", "hx-post")
    ]
    assert all(GUEST not in one and "guest" not in one for one in addresses)


def test_a_search_finds_nobody_and_says_so_without_a_script_too(ava: Client) -> None:
    found(ava, "nobody.at.all@example.org")
    page = ava.post(f"{STORE}search/", {"words": "nobody.at.all@example.org"})
    assert "knows nobody by that" in text_of(page)


def test_no_words_harm_the_search(ava: Client) -> None:
    for words in ("", " \n ", "x" * 5000, "* OR email:*", "<script>", "\x00", "'; DROP", '"'):
        answer = found(ava, words)
        assert "<script>" not in answer
        assert MAYA not in answer


def test_the_search_opens_from_a_quiet_line_and_stays_open(ava: Client, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Mention.objects.all().delete()
    quiet = soup_of(ava.get(STORE, headers=HTMX)).select_one("section.quiet")
    way = quiet.select_one("a[href$='find=1']")["href"]
    opened = soup_of(ava.get(way, headers=HTMX)).select_one("section")
    assert opened.select_one("details.search[open]")
    assert "find=1" in opened.select_one("a.refresh")["href"]


def test_a_polled_section_takes_at_most_six_statements(ava: Client, cast: Cast) -> None:
    """Of its own: what every request takes, to know who asks, is measured beside it."""
    with tenant_context(cast.acme.pk):
        thread = factories.conversation(email=MAYA)
    names(cast, thread, "1041")
    for _ in range(3):
        ava.get("/acme/inbox/2/stores/1/", headers=HTMX)
        work()
    with CaptureQueriesContext(connection) as frame:
        ava.get("/acme/inbox/2/messages/99/html/")
    with CaptureQueriesContext(connection) as section:
        ava.get("/acme/inbox/2/stores/1/?try=3", headers=HTMX)
    of_the_frame = len(frame) - 2  # the conversation, and its messages
    assert len(section) - of_the_frame <= 6, [query["sql"][:90] for query in section]


def test_what_outlives_a_refresh_belongs_to_one_conversation_and_one_order(ava: Client, cast: Cast) -> None:
    """By the same id beside the next contact, a search would link its find to the one before, and a reason confirm their order."""
    with tenant_context(cast.acme.pk):
        other = factories.conversation(email="other@example.com")
    names(cast, other, "1041")

    def kept(number: int) -> set[str]:
        path = f"/acme/inbox/{number}/stores/1/"
        for _ in range(3):
            ava.get(path, headers=HTMX)
            work()
        found = soup_of(ava.get(path, headers=HTMX)).select("[hx-preserve]")
        assert [each.name for each in found] == ["form", "details"]
        return {str(each["id"]) for each in found}

    first, second = kept(1), kept(2)
    assert first.isdisjoint(second)
    with tenant_context(cast.acme.pk):
        Mention.objects.filter(conversation=other).update(value="1042")
    assert second & kept(2) == {each for each in second if each.startswith("search-")}
