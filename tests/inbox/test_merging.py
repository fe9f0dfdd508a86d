"""Conversations merged and split by hand: everything moves, nothing is lost, and later mail finds its way."""

import itertools
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from inbox import drafts, labels, merging
from inbox.email.inbound import receive
from inbox.email.parsing import parse
from inbox.models import (
    Conversation,
    ConversationEvent,
    ConversationTag,
    ConversationTopic,
    MovedConversation,
    Note,
    Notification,
    OutgoingMail,
    Presence,
    Reference,
    ReplyDraft,
    Separation,
    Tag,
)
from tenants.numbering import next_number
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.email.test_inbound import MIA, NOW, SAM, SHOP, mail, take, threads

pytestmark = pytest.mark.django_db


def merge(cast: Cast, *numbers: int, sure: bool = False) -> Conversation:
    with tenant_context(cast.acme.pk):
        return merging.merge(numbers=numbers, by=cast.ava, sure=sure)


def split(cast: Cast, number: int, *positions: int, seen: str | None = None) -> Conversation:
    with tenant_context(cast.acme.pk):
        origin = Conversation.objects.get(number=number)
        mark = merging.fingerprint(merging.messages_of(origin)) if seen is None else seen
        return merging.split(conversation=origin, positions=positions, seen=mark, by=cast.ava)


def one_with_everything(cast: Cast) -> Conversation:
    row = factories.conversation(texts=["hello"])
    sent = factories.message(row, kind="sent", from_email="support@shop.example")
    OutgoingMail.objects.create(message=sent)
    Note.objects.create(conversation=row, writer=cast.adam, text="ask the warehouse")
    ConversationEvent.objects.create(conversation=row, kind="closed", by=cast.adam)
    number = next_number("tag")
    tag = Tag.objects.create(number=number, name=f"word {number}", name_norm=f"word {number}")
    ConversationTag.objects.create(conversation=row, tag=tag)
    labels.correct(conversation=row, topic="refund", holds=True, by=cast.ava)
    Reference.objects.create(conversation=row, message_id="named@mail.example")
    drafts.save(conversation=row, text="I began", base="", by=cast.ava)
    Presence.objects.create(conversation=row, member=cast.ava, typed_at=timezone.now())
    Notification.objects.create(member=cast.ava, kind="assigned", conversation=row)
    return row


def test_everything_that_belongs_to_the_one_moves_into_the_other(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        into = factories.conversation(email="sam@example.com", texts=["first"])
        other = one_with_everything(cast)
    merge(cast, into.number, other.number, sure=True)
    with tenant_context(cast.acme.pk):
        assert list(Conversation.objects.values_list("number", flat=True)) == [into.number]
        assert into.messages.count() == 3
        assert OutgoingMail.objects.get().message.conversation == into
        for model in (Note, Presence, Notification, ReplyDraft, ConversationTag):
            assert model.objects.get().conversation == into, model
        assert ConversationTopic.objects.get(topic="refund").conversation == into
        assert [row.conversation for row in Reference.objects.all()] == [into]
        assert {event.kind for event in into.events.all()} == {"closed", "merged"}
        told = into.events.get(kind="merged")
        assert (told.by, told.detail) == (cast.ava, {"number": other.number})
        assert MovedConversation.objects.get(number=other.number).into == into


def test_nothing_that_belongs_to_a_conversation_is_forgotten_by_a_merge(cast: Cast) -> None:
    """A model of tomorrow that refers to conversations is met here."""
    known = {
        "Message", "Note", "ConversationEvent", "Notification", "ConversationTag", "Presence", "ReplyDraft", "Reference",
        "Separation", "MovedConversation", "ConversationTopic", "Mention", "SearchEntry",
    }  # fmt: skip
    referring = {
        model.__name__
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is Conversation
    }
    assert referring == known


def test_the_oldest_number_stays_and_the_others_lead_to_it_also_after_another_merge(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        maya = factories.contact(email="maya@x.example")
        for _ in range(3):
            factories.conversation(of=maya)
    assert merge(cast, 3, 2).number == 2
    assert merge(cast, 1, 2).number == 1
    with tenant_context(cast.acme.pk):
        assert dict(MovedConversation.objects.values_list("number", "into__number")) == {2: 1, 3: 1}
        assert Conversation.objects.get().messages.count() == 3


def test_conversations_of_two_contacts_are_merged_only_by_somebody_who_is_sure(cast: Cast) -> None:
    take(cast, mail("a"), mail("x", from_=SAM, minutes=5))
    with pytest.raises(merging.SeveralContacts):
        merge(cast, 1, 2)
    assert threads(cast) == [{"a"}, {"x"}]
    merge(cast, 1, 2, sure=True)
    assert threads(cast) == [{"a", "x"}]
    with tenant_context(cast.acme.pk):
        assert Conversation.objects.get().contact.name == "Mia Chen"


@pytest.mark.parametrize("numbers", [(1,), (1, 1), (1, 99), (), (1, 0), (1, 2**62)])
def test_too_few_or_missing_conversations_are_not_merged(cast: Cast, numbers: tuple[int, ...]) -> None:
    take(cast, mail("a"))
    with pytest.raises(merging.NotDone):
        merge(cast, *numbers)
    assert threads(cast) == [{"a"}]


def test_an_erased_conversation_is_neither_merged_nor_split(cast: Cast) -> None:
    take(cast, mail("a"), mail("x", minutes=5))
    with tenant_context(cast.acme.pk):
        Conversation.objects.filter(number=2).update(erased_at=NOW)
    with pytest.raises(merging.NotDone):
        merge(cast, 1, 2)
    with pytest.raises(merging.NotDone):
        split(cast, 2, 1)


def test_what_waits_for_somebody_in_one_of_them_waits_in_the_whole(cast: Cast) -> None:
    take(cast, mail("a"), mail("x", minutes=5))
    with tenant_context(cast.acme.pk):
        Conversation.objects.filter(number=1).update(state="closed", closed_at=NOW, priority=0)
        soon = NOW + timedelta(days=1)
        Conversation.objects.filter(number=2).update(state="snoozed", snoozed_until=soon, priority=3, assignee=cast.ava)
    merge(cast, 1, 2)
    with tenant_context(cast.acme.pk):
        row = Conversation.objects.get()
        assert (row.state, row.snoozed_until, row.closed_at) == ("snoozed", soon, None)
        assert (row.priority, row.assignee) == (3, cast.ava)


def test_who_wrote_in_both_goes_on_with_both_answers_and_both_notes(cast: Cast) -> None:
    take(cast, mail("a"), mail("x", minutes=5))
    with tenant_context(cast.acme.pk):
        for number, kind in itertools.product((1, 2), ("reply", "note")):
            row = Conversation.objects.get(number=number)
            ReplyDraft.objects.create(conversation=row, writer=cast.ava, kind=kind, text=f"{kind} {number}")
    merge(cast, 1, 2)
    with tenant_context(cast.acme.pk):
        assert dict(ReplyDraft.objects.values_list("kind", "text")) == {
            "reply": "reply 1\n\nreply 2", "note": "note 1\n\nnote 2",
        }  # fmt: skip


def test_an_answer_to_a_message_that_moved_finds_the_whole(cast: Cast) -> None:
    take(cast, mail("a"), mail("x", minutes=5))
    merge(cast, 1, 2)
    take(cast, mail("y", parents=("x",), minutes=6))
    assert threads(cast) == [{"a", "x", "y"}]


# --- Split -----------------------------------------------------------------------------------------------------------
LONG = [
    mail("a"),
    mail("b", from_=SHOP, to=MIA, parents=("a",), minutes=1),
    mail("c", parents=("a", "b"), minutes=2, subject="Something else"),
    mail("d", from_=SHOP, to=MIA, parents=("a", "b", "c"), minutes=3),
]


def test_a_split_takes_messages_into_a_new_conversation_of_the_same_contact(cast: Cast) -> None:
    take(cast, *LONG)
    with tenant_context(cast.acme.pk):
        Conversation.objects.update(assignee=cast.ava, priority=2)
    made = split(cast, 1, 3, 4)
    assert threads(cast) == [{"a", "b"}, {"c", "d"}]
    with tenant_context(cast.acme.pk):
        first, second = Conversation.objects.order_by("number")
        assert (second, second.contact, second.assignee, second.priority) == (made, first.contact, cast.ava, 2)
        assert (first.subject, second.subject) == ("Where is it?", "Something else")
        assert (first.last_message_at, second.created_at) == (NOW.replace(day=2, hour=9, minute=1), second.created_at)
        assert first.events.get().detail == {"number": 2, "messages": 2}
        assert second.events.get().detail == {"number": 1, "messages": 2}
        known = Reference.objects.values_list("conversation__number", "message_id")
        assert set(known) == {(1, "a@mail.example")} | {(2, f"{name}@mail.example") for name in "abc"}


@pytest.mark.parametrize(
    ("parents", "home"),
    [
        (("a", "b", "c", "d"), 1),
        (("a", "b"), 0),
        (("a",), 0),
        (("b", "d"), 1),
        (("a", "b", "c", "d", "lost"), 1),
        (("d", "a"), 0),
    ],
)
def test_a_later_answer_lands_where_the_message_is_that_it_answers(
    cast: Cast, parents: tuple[str, ...], home: int
) -> None:
    take(cast, *LONG)
    split(cast, 1, 3, 4)
    take(cast, mail("e", parents=parents, minutes=9))
    expected = [{"a", "b"}, {"c", "d"}]
    expected[home].add("e")
    assert threads(cast) == expected


def test_a_mail_that_belongs_to_both_ties_others_but_not_what_was_taken_apart(cast: Cast) -> None:
    take(cast, *LONG, mail("x", parents=("far",), minutes=7))
    split(cast, 1, 3, 4)
    take(cast, mail("far", parents=("c",), minutes=6))
    assert threads(cast) == [{"a", "b"}, {"c", "d", "x", "far"}]
    take(cast, mail("e", parents=("a", "far"), minutes=9))
    assert threads(cast) == [{"a", "b"}, {"c", "d", "x", "far", "e"}]


def test_merged_again_they_are_together_for_good(cast: Cast) -> None:
    take(cast, *LONG)
    split(cast, 1, 3, 4)
    merge(cast, 1, 2)
    take(cast, mail("e", parents=("a", "b", "c", "d"), minutes=9))
    assert threads(cast) == [{"a", "b", "c", "d", "e"}]
    with tenant_context(cast.acme.pk):
        assert not Separation.objects.exists()


def test_from_whom_a_part_was_taken_apart_the_whole_stays_apart(cast: Cast) -> None:
    take(cast, *LONG, mail("x", minutes=7))
    split(cast, 1, 3, 4)
    merge(cast, 2, 3)
    take(cast, mail("e", parents=("a", "b", "c"), minutes=9))
    assert threads(cast) == [{"a", "b"}, {"c", "d", "x", "e"}]


def test_messages_of_another_contact_go_back_to_them(cast: Cast) -> None:
    take(cast, mail("a"), mail("x", from_=SAM, minutes=5))
    merge(cast, 1, 2, sure=True)
    split(cast, 1, 2)
    with tenant_context(cast.acme.pk):
        assert [row.contact.name for row in Conversation.objects.order_by("number")] == ["Mia Chen", "Sam Reed"]


def test_who_was_copied_stays_with_the_contact_whose_conversation_it_is(cast: Cast) -> None:
    take(cast, mail("a", cc=SAM), mail("b", from_=SAM, to=f"{SHOP}, {MIA}", parents=("a",), minutes=1))
    split(cast, 1, 2)
    with tenant_context(cast.acme.pk):
        assert {row.contact.name for row in Conversation.objects.all()} == {"Mia Chen"}


@pytest.mark.parametrize("positions", [(), (1, 2, 3, 4), (5,), (0,), (-1,), (2**63,)])
def test_none_or_all_of_the_messages_are_no_split(cast: Cast, positions: tuple[int, ...]) -> None:
    take(cast, *LONG)
    with pytest.raises(merging.NotDone):
        split(cast, 1, *positions)
    assert threads(cast) == [{"a", "b", "c", "d"}]


def test_a_mail_that_arrives_before_the_choice_is_sent_is_told_of(cast: Cast) -> None:
    take(cast, *LONG[:3])
    with tenant_context(cast.acme.pk):
        seen = merging.fingerprint(merging.messages_of(Conversation.objects.get()))
    take(cast, mail("early", parents=("a",), minutes=-1))
    with pytest.raises(merging.ChangedMeanwhile):
        split(cast, 1, 3, seen=seen)


def test_the_first_answer_is_told_of_each_part(cast: Cast) -> None:
    take(cast, *LONG)
    split(cast, 1, 3)
    with tenant_context(cast.acme.pk):
        minutes = [row.answered_at and row.answered_at.minute for row in Conversation.objects.order_by("number")]
        assert minutes == [1, None]


def test_a_conversation_of_the_neighbours_is_not_merged(cast: Cast) -> None:
    take(cast, mail("a"))
    with tenant_context(cast.next_door.pk):
        receive(mail=parse(mail("n")), now=NOW)
        receive(mail=parse(mail("m", minutes=5)), now=NOW)
    with pytest.raises(merging.NotDone):
        merge(cast, 1, 2)
    with tenant_context(cast.next_door.pk):
        assert Conversation.objects.count() == 2
