"""Mail that is not simply new: duplicates, forged ids, answers that nobody wrote, bounces, spam, strangers in disguise."""

from datetime import timedelta

import pytest

from inbox import conversations
from inbox.email.inbound import Receipt, Verdict, receive
from inbox.email.parsing import parse
from inbox.models import Contact, Conversation, ConversationEvent, Delivery, Message, OutgoingMail
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.inbox.email.test_inbound import MIA, NOW, SAM, SHOP, START, mail

pytestmark = pytest.mark.django_db
FAIL, PASS = Verdict("fail"), Verdict("pass")


def arrive(cast: Cast, raw: bytes, verdict: Verdict | None = None) -> Receipt:
    with tenant_context(cast.acme.pk):
        return receive(mail=parse(raw), now=NOW, verdict=verdict or Verdict())


def only(cast: Cast) -> Conversation:
    with tenant_context(cast.acme.pk):
        return Conversation.objects.get()


def with_fields(raw: bytes, *fields: bytes) -> bytes:
    return b"\n".join(fields) + b"\n" + raw


# --- Duplicates -----------------------------------------------------------------------------------------------------
def test_the_id_of_anothers_mail_keeps_nobodys_mail_out(cast: Cast) -> None:
    arrive(cast, mail("a"))
    forged = mail("a", from_=SAM, text="I wrote this, under an id that is not mine")
    assert arrive(cast, forged).is_new
    assert not arrive(cast, forged).is_new
    with tenant_context(cast.acme.pk):
        assert Message.objects.count() == Conversation.objects.count() == 2


def test_a_program_that_gives_all_its_mails_one_id_loses_none(cast: Cast) -> None:
    receipts = [arrive(cast, mail("same", minutes=n, text=f"order {n}")) for n in range(5)]
    assert all(receipt.is_new for receipt in receipts)
    assert len({receipt.message.message_id for receipt in receipts}) == 5


def test_an_answer_of_ours_that_comes_back_is_not_filed_twice(cast: Cast) -> None:
    arrive(cast, mail("a"))
    answer = mail("b", from_=SHOP, to=MIA, parents=("a",), minutes=1)
    arrive(cast, answer)
    back = with_fields(answer, b"Received: from list.example", b"X-Loop: yes").replace(
        b"hello", b"hello\n-- \nthe list"
    )
    assert not arrive(cast, back).is_new


def test_a_mail_that_a_forwarder_gave_another_id_is_the_same_mail(cast: Cast) -> None:
    first = arrive(cast, mail("a", text="My parcel is torn"))
    twin = arrive(cast, mail("rewritten", text="My parcel is torn"))
    assert (twin.is_new, twin.message) == (False, first.message)
    answer = arrive(cast, mail("b", from_=SHOP, to=MIA, parents=("rewritten",), minutes=5))
    assert answer.message.conversation_id == first.message.conversation_id


@pytest.mark.parametrize(
    "other",
    [
        mail("b", text="My parcel is torn too"),
        mail("b", text="My parcel is torn", minutes=1),
        mail("b", text="My parcel is torn", subject="Another"),
        mail("b", text="My parcel is torn", from_=SAM),
        mail("b", text="My parcel is torn", parents=("z",)),
    ],
    ids=["other words", "another minute", "another subject", "another sender", "an answer to something"],
)
def test_what_differs_in_anything_is_another_mail(cast: Cast, other: bytes) -> None:
    arrive(cast, mail("a", text="My parcel is torn"))
    assert arrive(cast, other).is_new


# --- Answers that nobody wrote --------------------------------------------------------------------------------------
ABSENCE = b"Auto-Submitted: auto-replied"


def closed_after_an_answer(cast: Cast) -> None:
    arrive(cast, mail("a"))
    arrive(cast, mail("b", from_=SHOP, to=MIA, parents=("a",), minutes=5))
    with tenant_context(cast.acme.pk):
        conversations.close(conversation=Conversation.objects.get(), by=cast.ava)


def test_a_note_of_absence_is_filed_and_neither_opens_nor_waits(cast: Cast) -> None:
    closed_after_an_answer(cast)
    late = int((NOW - START) / timedelta(minutes=1)) - 5
    assert arrive(cast, with_fields(mail("c", parents=("b",), minutes=late), ABSENCE)).is_new
    row = only(cast)
    assert (row.state, row.needs_reply) == ("closed", False)
    with tenant_context(cast.acme.pk):
        assert row.messages.count() == 3


def test_an_absence_leaves_a_question_waiting(cast: Cast) -> None:
    arrive(cast, mail("a"))
    arrive(cast, with_fields(mail("b", parents=("a",), minutes=1), ABSENCE))
    assert only(cast).needs_reply


def test_mail_through_a_list_is_written_by_somebody_and_opens_again(cast: Cast) -> None:
    """A support address that is a group of Google's marks every customer's mail as a list's."""
    closed_after_an_answer(cast)
    late = int((NOW - START) / timedelta(minutes=1)) - 5
    listed = mail("c", parents=("b",), minutes=late)
    arrive(cast, with_fields(listed, b"List-Id: <support.shop.example>", b"Precedence: list"))
    row = only(cast)
    assert (row.state, row.needs_reply) == ("open", True)


# --- Bounces --------------------------------------------------------------------------------------------------------
def report(of: str, *, recipient: str = "mia@example.com", action: str = "failed") -> bytes:
    return (
        b"From: MAILER-DAEMON@mx.example\nTo: support@shop.example\nSubject: Undelivered\n"
        b"Message-ID: <report@mx.example>\nDate: Mon, 02 Nov 2026 09:10:00 +0000\nAuto-Submitted: auto-replied\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        b"--b\nContent-Type: text/plain\n\nIt did not arrive.\n"
        b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        b"Final-Recipient: rfc822; %b\nAction: %b\nStatus: 5.1.1\n\n"
        b"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <%b@mail.example>\nSubject: Re: Where is it?\n--b--\n"
    ) % (recipient.encode(), action.encode(), of.encode())


def sent(cast: Cast) -> OutgoingMail:
    arrive(cast, mail("a"))
    answer = arrive(cast, mail("b", from_=SHOP, to=MIA, parents=("a",), minutes=5)).message
    with tenant_context(cast.acme.pk):
        return OutgoingMail.objects.create(message=answer, state=OutgoingMail.State.SENT)


def test_a_bounce_is_noted_with_the_mail_and_filed_beside_it(cast: Cast) -> None:
    sent(cast)
    assert arrive(cast, report("b")).is_new
    with tenant_context(cast.acme.pk):
        row = Delivery.objects.get()
        assert (row.recipient, row.state, row.at) == ("mia@example.com", "bounced", START + timedelta(minutes=10))
        assert Conversation.objects.get().messages.count() == 3
        assert not Conversation.objects.get().needs_reply
        assert Contact.objects.count() == 1


@pytest.mark.parametrize(("action", "state"), [("delayed", "deferred"), ("delivered", "delivered")])
def test_a_report_says_how_far_a_mail_got(cast: Cast, action: str, state: str) -> None:
    sent(cast)
    arrive(cast, report("b", action=action))
    with tenant_context(cast.acme.pk):
        assert Delivery.objects.get().state == state


@pytest.mark.parametrize(
    "forged", [report("unknown"), report("b", recipient="stranger@example.com"), report("a")],
    ids=["about no mail of ours", "about somebody it was not sent to", "about a mail that we did not send"],
)  # fmt: skip
def test_a_forged_report_notes_nothing_and_stands_alone(cast: Cast, forged: bytes) -> None:
    sent(cast)
    arrive(cast, forged)
    with tenant_context(cast.acme.pk):
        assert not Delivery.objects.exists()
        assert Conversation.objects.count() == 2
        assert not Conversation.objects.order_by("number").last().needs_reply


# --- Spam and disguise ----------------------------------------------------------------------------------------------
def told(cast: Cast) -> int:
    return Event.objects.filter(tenant_id=cast.acme.pk, kind="inbox.events.MessageArrived").count()


def fresh(name: str, **fields: object) -> bytes:
    """Less than a day old: what is prefetched and told."""
    late = int((NOW - START) / timedelta(minutes=1)) - 5
    return mail(name, minutes=late, **fields)  # type: ignore[arg-type]


def test_what_the_provider_calls_spam_begins_in_the_spam_folder_and_is_not_told(cast: Cast) -> None:
    arrive(cast, fresh("a"), Verdict("none", spam=True))
    assert (only(cast).state, told(cast)) == ("spam", 0)
    arrive(cast, fresh("b", parents=("a",)))
    assert (only(cast).state, told(cast)) == ("spam", 0)


def test_spam_is_no_word_about_people_who_know_each_other(cast: Cast) -> None:
    arrive(cast, fresh("a"))
    arrive(cast, fresh("b", parents=("a",)), Verdict("none", spam=True))
    assert (only(cast).state, told(cast)) == ("open", 2)


def test_a_blocked_contact_writes_into_the_spam_folder(cast: Cast) -> None:
    arrive(cast, mail("a"))
    with tenant_context(cast.acme.pk):
        Contact.objects.update(blocked_at=NOW)
    arrive(cast, fresh("new", subject="Again"))
    arrive(cast, fresh("b", parents=("a",)))
    with tenant_context(cast.acme.pk):
        assert list(Conversation.objects.values_list("state", flat=True)) == ["spam", "spam"]
        assert ConversationEvent.objects.filter(kind=ConversationEvent.Kind.SPAM).count() == 1
    assert told(cast) == 0


def test_what_was_found_of_a_sender_is_kept(cast: Cast) -> None:
    assert arrive(cast, mail("a"), PASS).message.authentication == "pass"
    assert arrive(cast, mail("b", minutes=1), FAIL).message.authentication == "fail"
    assert arrive(cast, mail("c", minutes=2)).message.authentication == ""


def test_a_stranger_in_the_shops_name_is_no_answer_of_the_shop(cast: Cast) -> None:
    arrive(cast, mail("a"))
    forged = mail("b", from_=SHOP, to=MIA, parents=("a",), minutes=5, text="Pay here instead")
    row = arrive(cast, forged, FAIL).message
    with tenant_context(cast.acme.pk):
        assert row.kind == "received"
        assert row.conversation.state == "spam"
        assert Conversation.objects.get(number=1).messages.count() == 1


def test_the_workspaces_own_inward_address_is_nobody_else(cast: Cast, settings: object) -> None:
    """Else all who write to it would share a person, and a forwarded id would open a stranger's conversation."""
    settings.INBOUND_DOMAIN = "in.example.com"  # type: ignore[attr-defined]
    inward = "acme+web@in.example.com"
    arrive(cast, mail("a", to=inward))
    arrive(cast, mail("b", from_=SAM, to=inward, parents=("a",), minutes=1))
    with tenant_context(cast.acme.pk):
        assert Conversation.objects.count() == 2


def test_whom_an_answer_is_for_is_kept(cast: Cast) -> None:
    row = arrive(cast, mail("a", reply_to=f"{SAM}, desk@example.com")).message
    assert row.reply_to == [["Sam Reed", "sam@example.com"], ["", "desk@example.com"]]
