"""An answer is queued once, to the right people, after the newest message; and can be taken back until a worker has it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import conversations, drafts, notes, recipients, replies
from inbox.models import (
    Contact,
    Conversation,
    ConversationEvent,
    MailIdentity,
    Message,
    OutgoingMail,
    Reference,
)
from tenants.models import Membership
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PATH = "/acme/inbox/1/"
MAYA = ("Maya", "maya@lindqvist.example")


@pytest.fixture
def thread(cast: Cast) -> Conversation:
    with tenant_context(cast.acme.pk):
        MailIdentity.objects.create(from_name="Acme Goods", from_email="support@shop.example")
        return factories.conversation()


@pytest.fixture
def ava(cast: Cast, thread: Conversation) -> Iterator[Client]:
    return signed_in(cast.ava)  # type: ignore[return-value]


def send(thread: Conversation, by: Membership, text: str = "On its way.", **more: object) -> Message:
    given = {"to": [MAYA], "seen_message": 2**40, **more}
    with tenant_context(thread.tenant_id):
        return replies.reply(conversation=thread, text=text, by=by, **given)  # type: ignore[arg-type]


def now(thread: Conversation) -> Conversation:
    with tenant_context(thread.tenant_id):
        return Conversation.objects.get(pk=thread.pk)


def sent(thread: Conversation) -> list[Message]:
    with tenant_context(thread.tenant_id):
        return list(Message.objects.filter(conversation=thread, kind="sent").order_by("pk"))


def newest(thread: Conversation) -> int:
    with tenant_context(thread.tenant_id):
        return int(Message.objects.filter(conversation=thread).order_by("-pk").values_list("pk", flat=True)[0])


def form(ava: Client, **more: str) -> dict[str, str]:
    """The fields of the form as it stands on the page."""
    page = soup_of(ava.get(PATH))
    fields = page.select("#reply input[name]")
    return {**{str(each["name"]): str(each.get("value", "")) for each in fields}, "text": "On its way.", **more}


# --- Queued ---------------------------------------------------------------------------------------------------------
def test_a_reply_is_a_message_and_a_row_of_the_queue(cast: Cast, thread: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        drafts.save(conversation=thread, text="On its", base="", by=cast.ava)
        first = thread.messages.get()
        Message.objects.filter(pk=first.pk).update(references=["a@x", "b@x"], subject="Where is it?")
    before = timezone.now()
    message = send(thread, cast.ava, cc=[("", "jonas@weber.example")], bcc=[("", "boss@shop.example")])
    with tenant_context(cast.acme.pk):
        row = OutgoingMail.objects.get(message=message)
        assert (row.state, row.attempts) == ("queued", 0)
        assert timedelta(seconds=9) < row.next_run_at - before < timedelta(seconds=20)
        message.refresh_from_db()
        assert message.subject == "Re: Where is it?"
        assert (message.in_reply_to, message.references) == (first.message_id, ["a@x", "b@x", first.message_id])
        assert message.message_id.endswith("@shop.example")
        assert (message.from_name, message.from_email) == ("Acme Goods", "support@shop.example")
        assert (message.to, message.cc, message.bcc) == (
            [list(MAYA)],
            [["", "jonas@weber.example"]],
            [["", "boss@shop.example"]],
        )
        assert message.writer_id == cast.ava.pk
        assert Reference.objects.filter(conversation=thread, message_id=first.message_id).exists()
        assert drafts.of(thread, writer=cast.ava).text == ""
        event = Event.objects.get(kind="inbox.events.ReplyQueued")
        assert (event.payload, event.next_run_at) == ({"outgoing_id": row.pk}, row.next_run_at)
    row_now = now(thread)
    assert (row_now.needs_reply, row_now.snippet, row_now.answered_at) == (False, "On its way.", message.sent_at)


def test_the_first_answer_stays_the_first(cast: Cast, thread: Conversation) -> None:
    send(thread, cast.ava)
    first = now(thread).answered_at
    send(thread, cast.adam, "And another word.")
    assert now(thread).answered_at == first


def test_many_references_keep_the_first_and_the_newest(cast: Cast, thread: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        thread.messages.update(references=[f"{n}@x" for n in range(60)])
        last = thread.messages.get().message_id
    message = send(thread, cast.ava)
    assert len(message.references) == replies.REFERENCES
    assert (message.references[0], message.references[-2:]) == ("0@x", ["59@x", last])


@pytest.mark.parametrize("subject", ["Re: x", "RE:x", "re[2]: x"])
def test_a_subject_is_answered_once(cast: Cast, thread: Conversation, subject: str) -> None:
    with tenant_context(cast.acme.pk):
        thread.messages.update(subject=subject)
    assert send(thread, cast.ava).subject == subject


def test_a_subject_brings_no_header_along(cast: Cast, thread: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        thread.messages.update(subject="Hi\r\nBcc: everybody@x.example")
    assert send(thread, cast.ava).subject == "Re: Hi Bcc: everybody@x.example"


def test_a_form_that_is_sent_twice_is_sent_once(cast: Cast, thread: Conversation) -> None:
    key = uuid4()
    first = send(thread, cast.ava, key=key)
    assert send(thread, cast.ava, "changed meanwhile", key=key, seen_message=0).pk == first.pk
    assert len(sent(thread)) == 1
    assert send(thread, cast.adam, key=key).pk != first.pk  # the key of somebody else is another


def test_a_saving_that_comes_after_the_sending_brings_nothing_back(cast: Cast, thread: Conversation) -> None:
    key = uuid4()
    send(thread, cast.ava, "On its way.", key=key)
    with tenant_context(cast.acme.pk):
        assert drafts.save(conversation=thread, text="On its wa", base="", by=cast.ava, key=key).text == ""
        assert drafts.save(conversation=thread, text="another", base="", by=cast.ava, key=uuid4()).text == "another"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"text": " \n "}, "nothing to send"),
        ({"text": "\x00"}, "nothing to send"),
        ({"text": "x" * 100_001}, "100001 characters"),
        ({"to": []}, "no recipient"),
        ({"to": [("", "nobody")]}, "“nobody” is not an e-mail address"),
        ({"to": [("", "a@b.example\r\nBcc: c@d.example")]}, "not an e-mail address"),
        ({"to": [("", "a@b.example, c@d.example")]}, "not an e-mail address"),
        ({"cc": [("", "<script>@x.example")]}, "not an e-mail address"),
        ({"to": [("", f"a{n}@x.example") for n in range(5_000)]}, "at most 50"),
        ({"bcc": [("", "a" * 400 + "@x.example")]}, "not an e-mail address"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_a_reason(
    cast: Cast, thread: Conversation, more: dict[str, object], word: str
) -> None:
    with pytest.raises(replies.CannotReply) as refused:
        send(thread, cast.ava, **more)
    assert word in refused.value.reason
    assert sent(thread) == []


def test_names_bring_no_header_along_and_nobody_gets_it_twice(cast: Cast, thread: Conversation) -> None:
    message = send(
        thread,
        cast.ava,
        to=[("Maya\r\nBcc: x@y.example", MAYA[1])],
        cc=[("", "MAYA@LINDQVIST.example"), ("", "j@x.example")],
    )
    assert (message.to, message.cc) == ([["Maya Bcc: x@y.example", MAYA[1]]], [["", "j@x.example"]])


def test_without_an_identity_or_to_a_blocked_contact_nothing_is_sent(cast: Cast, thread: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        Contact.objects.update(blocked_at=timezone.now())
    with pytest.raises(replies.CannotReply) as refused:
        send(thread, cast.ava)
    assert "blocked" in refused.value.reason
    with tenant_context(cast.acme.pk):
        Contact.objects.update(blocked_at=None)
        MailIdentity.objects.all().delete()
    with pytest.raises(replies.CannotReply) as refused:
        send(thread, cast.ava)
    assert "not set with which address" in refused.value.reason
    assert "Settings, Mail" in text_of(signed_in(cast.ava).get(PATH))


def test_in_an_erased_conversation_nobody_replies(cast: Cast, thread: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        Conversation.objects.update(erased_at=timezone.now())
    with pytest.raises(conversations.Erased):
        send(thread, cast.ava)


# --- Others write meanwhile -------------------------------------------------------------------------------------------
def test_a_newer_message_is_shown_before_anything_is_sent(cast: Cast, thread: Conversation) -> None:
    seen = newest(thread)
    with tenant_context(cast.acme.pk):
        factories.message(thread, text="Never mind")
    with pytest.raises(replies.NewerMessages) as newer:
        send(thread, cast.ava, seen_message=seen)
    assert [each.text for each in newer.value.messages] == ["Never mind"]
    assert sent(thread) == []
    send(thread, cast.ava, seen_message=seen, anyway=True)
    assert len(sent(thread)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_reply_in_the_same_second_one_is_told_of_the_other(cast: Cast, thread: Conversation) -> None:
    seen, both = newest(thread), Barrier(2)

    def answer(by: Membership) -> str:
        both.wait(10)
        try:
            with tenant_context(cast.acme.pk):
                return replies.reply(
                    conversation=thread, text=f"from {by.pk}", by=by, to=[MAYA], seen_message=seen
                ).text
        except replies.NewerMessages as newer:
            return f"told of {newer.messages[0].text}"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(answer, (cast.ava, cast.adam)))
    (only,) = sent(thread)
    assert said == [only.text, f"told of {only.text}"]


@pytest.mark.django_db(transaction=True)
def test_of_a_double_click_one_is_sent(cast: Cast, thread: Conversation) -> None:
    key, both = uuid4(), Barrier(4)

    def click(_n: int) -> int:
        both.wait(10)
        try:
            return send(thread, cast.ava, key=key, seen_message=newest(thread)).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(click, range(4)))) == 1
    with tenant_context(cast.acme.pk):
        assert OutgoingMail.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_mail_and_an_answer_at_the_same_moment_both_count(cast: Cast, thread: Conversation) -> None:
    """What the list shows is written behind the row: neither takes the other's back."""
    from inbox.email.inbound import summarise  # noqa: PLC0415 - of this test alone

    reached, answered = Barrier(2), []

    def arrives() -> None:
        try:
            with tenant_context(cast.acme.pk), transaction.atomic():
                row = Conversation.objects.get(pk=thread.pk)
                factories.message(row, text="A word more", sent_at=timezone.now() - timedelta(seconds=30))
                reached.wait(10)
                summarise(row)
        finally:
            connections.close_all()

    def answers() -> None:
        try:
            with tenant_context(cast.acme.pk), transaction.atomic():
                answered.append(
                    replies.reply(conversation=thread, text="On its way.", by=cast.ava, to=[MAYA], anyway=True)
                )
                reached.wait(10)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(answers), pool.submit(arrives)]:
            done.result(20)
    assert now(thread).answered_at == answered[0].sent_at
    assert now(thread).snippet == "On its way."


# --- Taken back -------------------------------------------------------------------------------------------------------
def test_what_is_taken_back_is_a_draft_again_and_the_conversation_as_before(cast: Cast, thread: Conversation) -> None:
    before = now(thread)
    message = send(thread, cast.ava, cc=[("Jonas, W", "jonas@weber.example")], close=True)
    assert now(thread).state == "closed"
    with tenant_context(cast.acme.pk):
        replies.take_back(message=message, by=cast.ava)
        draft = drafts.of(thread, writer=cast.ava)
        assert draft.text == "On its way."
        assert draft.recipients["cc"] == '"Jonas, W" <jonas@weber.example>'
        assert not OutgoingMail.objects.exists()
        assert not ConversationEvent.objects.filter(conversation=thread).exists()
    after = now(thread)
    for field in ("state", "needs_reply", "snippet", "answered_at", "closed_at", "last_message_at", "snoozed_until"):
        assert getattr(after, field) == getattr(before, field), field
    assert sent(thread) == []


def test_a_snoozed_one_that_was_closed_by_a_reply_sleeps_again(cast: Cast, thread: Conversation) -> None:
    until = timezone.now() + timedelta(days=1)
    with tenant_context(cast.acme.pk):
        conversations.snooze(conversation=thread, until=until, by=cast.ava)
    message = send(thread, cast.ava, close=True)
    with tenant_context(cast.acme.pk):
        replies.take_back(message=message, by=cast.ava)
    assert (now(thread).state, now(thread).snoozed_until) == ("snoozed", until)


def test_what_somebody_did_since_stands(cast: Cast, thread: Conversation) -> None:
    message = send(thread, cast.ava, close=True)
    with tenant_context(cast.acme.pk):
        conversations.reopen(conversation=thread, by=cast.adam)
        conversations.mark_spam(conversation=thread, by=cast.adam)
        replies.take_back(message=message, by=cast.ava)
    assert now(thread).state == "spam"


def test_a_late_request_does_not_send_what_was_taken_back(cast: Cast, thread: Conversation) -> None:
    key = uuid4()
    message = send(thread, cast.ava, key=key)
    with tenant_context(cast.acme.pk):
        replies.take_back(message=message, by=cast.ava)
        kept = drafts.of(thread, writer=cast.ava)
        drafts.save(
            conversation=thread, text="On its way!", base=kept.base, by=cast.ava, recipients={"to": "x@y.example"}
        )
    with pytest.raises(replies.TakenBack):
        send(thread, cast.ava, key=key)
    assert send(thread, cast.ava, key=uuid4()).text == "On its way."


def test_a_draft_begun_since_stays_behind_what_was_taken_back(cast: Cast, thread: Conversation) -> None:
    message = send(thread, cast.ava)
    with tenant_context(cast.acme.pk):
        drafts.save(conversation=thread, text="P.S.", base="", by=cast.ava)
        replies.take_back(message=message, by=cast.ava)
        assert drafts.of(thread, writer=cast.ava).text == "On its way.\n\nP.S."


@pytest.mark.parametrize("state", ["sending", "sent", "failed", "unknown", "cancelled"])
def test_what_is_on_its_way_is_too_late_to_take_back(cast: Cast, thread: Conversation, state: str) -> None:
    message = send(thread, cast.ava)
    with tenant_context(cast.acme.pk):
        OutgoingMail.objects.update(state=state)
        with pytest.raises(replies.TooLate):
            replies.take_back(message=message, by=cast.ava)
        assert OutgoingMail.objects.get().state == state


def test_a_colleague_does_not_take_it_back(cast: Cast, thread: Conversation) -> None:
    message = send(thread, cast.ava)
    with tenant_context(cast.acme.pk), pytest.raises(replies.TooLate):
        replies.take_back(message=message, by=cast.olivia)
    assert len(sent(thread)) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(6))
def test_of_undo_and_the_sender_one_wins(cast: Cast, thread: Conversation, turn: int) -> None:
    """The claim is the sender's own statement: of a queued row that nobody has (inbox/sending.py)."""
    message, both = send(thread, cast.ava), Barrier(2)

    def undo() -> str:
        both.wait(10)
        try:
            with tenant_context(cast.acme.pk):
                replies.take_back(message=message, by=cast.ava)
            return "taken back"
        except replies.TooLate:
            return "too late"
        finally:
            connections.close_all()

    def claim() -> str:
        both.wait(10)
        try:
            with tenant_context(cast.acme.pk), transaction.atomic():
                rows = OutgoingMail.objects.select_for_update(skip_locked=True).filter(state="queued")
                row = rows.first()
                return "claimed" if row and OutgoingMail.objects.filter(pk=row.pk).update(state="sending") else "none"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(each) for each in ((undo, claim) if turn % 2 else (claim, undo))]
        assert {each.result(20) for each in ends} in ({"taken back", "none"}, {"too late", "claimed"})


# --- At the screen ----------------------------------------------------------------------------------------------------
def test_the_form_proposes_whoever_wrote_and_everybody_else_on_request(
    cast: Cast, thread: Conversation, ava: Client
) -> None:
    with tenant_context(cast.acme.pk):
        thread.messages.update(
            from_name="Maya Lindqvist",
            to=[["", "support@shop.example"], ["Ben", "ben@x.example"]],
            cc=[["", "SUPPORT@shop.example"], ["", "c@x.example"]],
        )
    page = soup_of(ava.get(PATH))
    assert page.select_one("#reply-to")["value"] == "Maya Lindqvist <maya@lindqvist.example>"  # type: ignore[index]
    assert page.select_one("#reply-cc")["value"] == ""  # type: ignore[index]
    whole = soup_of(ava.get(f"{PATH}?all=1"))
    assert whole.select_one("#reply-cc")["value"] == "Ben <ben@x.example>, c@x.example"  # type: ignore[index]
    with tenant_context(cast.acme.pk):
        thread.messages.update(reply_to=[["", "desk@maya.example"]])
    assert soup_of(ava.get(PATH)).select_one("#reply-to")["value"] == "desk@maya.example"  # type: ignore[index]


def test_a_contact_form_that_the_shop_sent_itself_is_answered_to_the_contact(
    cast: Cast, thread: Conversation, ava: Client
) -> None:
    with tenant_context(cast.acme.pk):
        thread.messages.update(from_email="support@shop.example")
    assert soup_of(ava.get(PATH)).select_one("#reply-to")["value"] == "maya@lindqvist.example"  # type: ignore[index]


def test_what_is_sent_stands_in_the_thread_and_can_be_undone(cast: Cast, thread: Conversation, ava: Client) -> None:
    answer = soup_of(ava.post(f"{PATH}send/", form(ava, close="1"), headers=HTMX))
    assert "On its way." in answer.select_one("#thread-entries .message.sent").text  # type: ignore[union-attr]
    assert answer.select_one("#thread-standing .badge").text == "Closed"  # type: ignore[union-attr]
    assert answer.select_one("#reply-text").text.strip() == ""  # type: ignore[union-attr]
    undo = answer.select_one("#undo-button")
    assert undo is not None
    back = soup_of(ava.post(f"{PATH}send/undo/", {"message": undo["value"]}, headers=HTMX))
    assert back.select_one("#reply-text").text.strip() == "On its way."  # type: ignore[union-attr]
    assert back.select_one("#thread-standing .badge").text == "Open"  # type: ignore[union-attr]
    again = soup_of(ava.post(f"{PATH}send/undo/", {"message": undo["value"]}, headers=HTMX))
    assert "taken back already" in again.text


def test_without_scripts_sending_and_undoing_are_forms(cast: Cast, thread: Conversation, ava: Client) -> None:
    assert ava.post(f"{PATH}send/", form(ava)).status_code == 302
    page = soup_of(ava.get(PATH))
    button = page.select_one("#undo-button")["value"]  # type: ignore[index]
    with tenant_context(cast.acme.pk):
        OutgoingMail.objects.update(state="sending")
    late = ava.post(f"{PATH}send/undo/", {"message": button})
    assert late.status_code == 409
    assert "Too late" in text_of(late)
    with tenant_context(cast.acme.pk):
        OutgoingMail.objects.update(state="queued")
    assert ava.post(f"{PATH}send/undo/", {"message": button}).status_code == 302
    assert sent(thread) == []


def test_a_newer_message_stands_below_the_text_and_send_anyway_is_one_press(
    cast: Cast, thread: Conversation, ava: Client
) -> None:
    given = form(ava)
    with tenant_context(cast.acme.pk):
        factories.message(thread, text="Never <b>mind</b>")
    told = ava.post(f"{PATH}send/", given, headers=HTMX)
    assert (told["HX-Retarget"], told["HX-Reswap"]) == ("#reply-state", "outerHTML")
    page = soup_of(told)
    assert "Never <b>mind</b>" in page.text
    button = page.select_one("button[name=newest]")
    whole = ava.post(f"{PATH}send/", given)
    assert whole.status_code == 409
    assert soup_of(whole).select_one("#reply-text").text.strip() == "On its way."  # type: ignore[union-attr]
    assert soup_of(whole).select_one("#reply input[name=key]")["value"] == given["key"]  # type: ignore[index]
    with tenant_context(cast.acme.pk):
        factories.message(thread, text="And one more")
    again = soup_of(ava.post(f"{PATH}send/", {**given, "newest": str(button["value"])}, headers=HTMX))  # type: ignore[index]
    assert "And one more" in again.text
    assert "Never" not in again.text
    last = again.select_one("button[name=newest]")["value"]  # type: ignore[index]
    ava.post(f"{PATH}send/", {**given, "newest": str(last)}, headers=HTMX)
    assert len(sent(thread)) == 1


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"text": "x" * 400_000}, "400000 characters"),
        ({"text": "a\x00b"}, "Null characters"),
        ({"to": ", ".join(f"a{n}@x.example" for n in range(5_000))}, "at most 50"),
        ({"to": "a@b.example\r\nBcc: c@d.example"}, "is not an e-mail address"),
        ({"to": "<<<>>>"}, "is not an e-mail address"),
        ({"to": '"' * 19_999}, "is not an e-mail address"),
        ({"to": ""}, "no recipient"),
        ({"key": "no key"}, "UUID"),
        ({"seen": "-1"}, "greater than"),
    ],
)
def test_hostile_forms_are_refused_with_the_text_as_it_was(
    cast: Cast, thread: Conversation, ava: Client, more: dict[str, str], word: str
) -> None:
    answer = ava.post(f"{PATH}send/", form(ava, **more), headers=HTMX)
    assert word in soup_of(answer).select_one("[role=alert]").text  # type: ignore[union-attr]
    assert answer["HX-Retarget"] == "#reply-state"
    assert ava.post(f"{PATH}send/", form(ava, **more)).status_code == 422
    assert sent(thread) == []


def test_a_text_of_a_megabyte_is_turned_away_at_the_door(cast: Cast, thread: Conversation, ava: Client) -> None:
    assert ava.post(f"{PATH}send/", form(ava, text="x" * 1_100_000)).status_code == 413
    assert sent(thread) == []


def test_who_is_next_door_sends_nothing(cast: Cast, thread: Conversation, ava: Client) -> None:
    mallory = signed_in(cast.mallory)
    for path in ("send/", "send/undo/", "notes/", "notes/delete/", "presence/", "saved-replies/use/"):
        assert mallory.post(f"{PATH}{path}", {"text": "x"}).status_code == 404
    assert ava.post(f"{PATH}send/", form(ava, writer=str(cast.adam.pk))).status_code == 403
    assert sent(thread) == []


def test_recipients_are_kept_with_the_draft(cast: Cast, thread: Conversation, ava: Client) -> None:
    given = form(ava, to="ines@x.example", cc="Maya <maya@lindqvist.example>")
    ava.post(f"{PATH}draft/", {**given, "base": ""}, headers=HTMX)
    page = soup_of(ava.get(PATH))
    assert page.select_one("#reply-to")["value"] == "ines@x.example"  # type: ignore[index]
    assert "Cc Maya" in page.select_one("[data-sentence]").text  # type: ignore[union-attr]


def test_a_note_is_a_draft_of_its_own(cast: Cast, thread: Conversation, ava: Client) -> None:
    ava.post(f"{PATH}draft/", form(ava, text="to Maya", base=""), headers=HTMX)
    ava.post(f"{PATH}draft/?write=note", {"text": "among us", "base": ""}, headers=HTMX)
    page = soup_of(ava.get(f"{PATH}?write=note"))
    assert page.select_one("#reply-text").text.strip() == "to Maya"  # type: ignore[union-attr]
    assert page.select_one("#note-text").text.strip() == "among us"  # type: ignore[union-attr]
    assert page.select_one("#reply").has_attr("hidden")  # type: ignore[union-attr]
    answer = soup_of(ava.post(f"{PATH}notes/", {"text": "among us"}, headers=HTMX))
    assert answer.select_one(".message.note .prose").text.strip() == "among us"  # type: ignore[union-attr]
    with tenant_context(cast.acme.pk):
        kept = drafts.both(thread, writer=cast.ava)
    assert (kept["reply"].text, kept["note"].text) == ("to Maya", "")
    assert sent(thread) == []


def test_the_composer_costs_one_statement_with_what_else_a_thread_asks(
    cast: Cast, thread: Conversation, ava: Client
) -> None:
    ava.get(PATH)
    with CaptureQueriesContext(connection) as asked:
        ava.get(PATH)
    ours = [each["sql"] for each in asked if "inbox_replydraft" in each["sql"] or "inbox_mailidentity" in each["sql"]]
    assert len(ours) == 1


# --- Typed recipients ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("a@x.example", [("", "a@x.example")]),
        ("A <a@x.example>; b@x.example", [("A", "a@x.example"), ("", "b@x.example")]),
        ('"Weber, Jonas" <j@x.example>,', [("Weber, Jonas", "j@x.example")]),
        (" \n ", []),
        ("a@x.example\nb@x.example", [("", "a@x.example"), ("", "b@x.example")]),
    ],
)
def test_a_line_of_recipients_is_read_as_people_write_it(line: str, people: list[tuple[str, str]]) -> None:
    assert list(recipients.split(line)) == people
    assert recipients.split(recipients.typed(people)) == tuple(people)


def test_a_key_is_no_one_elses(cast: Cast, thread: Conversation) -> None:
    key = UUID(int=1)
    assert drafts.mark_of(thread, writer=cast.ava, key=key) != drafts.mark_of(thread, writer=cast.adam, key=key)
    assert notes.MAX_LENGTH < drafts.MAX_LENGTH
