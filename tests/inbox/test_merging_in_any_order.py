"""Mail that arrives, conversations that are merged and split, in any order: no message is lost, doubled or left behind."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from inbox import merging
from inbox.email.inbound import receive
from inbox.email.parsing import parse
from inbox.models import Conversation, Message, MovedConversation, Reference, Separation
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.email.test_inbound import MIA, NOW, SAM, SHOP, mail

pytestmark = pytest.mark.django_db
NAMES = "abcdefghijkl"
# Who writes which mail, and what it answers: two threads, a third one that ties them, and answers to what never comes.
ANSWERS = {
    "b": "a", "c": "ab", "d": "abc", "f": "e", "g": "ef", "h": "cf", "i": "z", "j": "z", "k": "dg", "l": "y",
}  # fmt: skip
WRITERS = {**dict.fromkeys(NAMES, MIA), "b": SHOP, "f": SHOP, "j": SAM}
MAILS = {
    name: parse(
        mail(
            name,
            from_=WRITERS[name],
            to=MIA if WRITERS[name] == SHOP else SHOP,
            parents=tuple(ANSWERS.get(name, "")),
            minutes=minute,
        )
    )
    for minute, name in enumerate(NAMES)
}


class Inbox(RuleBasedStateMachine):
    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.arrived: set[str] = set()
        self.numbers: set[int] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    # --- What happens -----------------------------------------------------------------------------------------------
    @rule(name=st.sampled_from(NAMES))
    def a_mail_arrives(self, name: str) -> None:
        before, apart = self.partition(), self.taken_apart()
        with tenant_context(self.cast.acme.pk):
            receive(mail=MAILS[name], now=NOW + timedelta(days=1))
        self.arrived.add(name)
        after = self.partition()
        for part in before:
            assert sum(1 for whole in after if part <= whole) == 1, "a conversation fell apart"
        for one, other in apart:
            assert not any(one <= whole and other <= whole for whole in after), "what was taken apart came together"
        assert sum(name in whole for whole in after) == 1

    @precondition(lambda self: len(self.partition()) > 1)
    @rule(data=st.data())
    def some_are_merged(self, data: Any) -> None:
        numbers = sorted(self.conversations())
        chosen = data.draw(st.lists(st.sampled_from(numbers), min_size=2, max_size=4, unique=True))
        parts = self.conversations()
        with tenant_context(self.cast.acme.pk):
            made = merging.merge(numbers=chosen, by=self.cast.ava, sure=True)
        assert made.number == min(chosen)
        assert self.conversations()[made.number] == set().union(*(parts[number] for number in chosen))

    @precondition(lambda self: any(len(part) > 1 for part in self.partition()))
    @rule(data=st.data())
    def one_is_split(self, data: Any) -> None:
        number = data.draw(st.sampled_from(sorted(n for n, part in self.conversations().items() if len(part) > 1)))
        whole = self.conversations()[number]
        places = st.sets(st.integers(1, len(whole)), min_size=1, max_size=len(whole) - 1)
        with tenant_context(self.cast.acme.pk):
            origin = Conversation.objects.get(number=number)
            seen = merging.fingerprint(merging.messages_of(origin))
            made = merging.split(conversation=origin, positions=data.draw(places), seen=seen, by=self.cast.ava)
        parts = self.conversations()
        assert parts[number] | parts[made.number] == whole
        assert not parts[number] & parts[made.number]

    # --- What is always so ------------------------------------------------------------------------------------------
    @invariant()
    def every_message_is_there_once(self) -> None:
        found = [name for part in self.partition() for name in part]
        assert sorted(found) == sorted(self.arrived)

    @invariant()
    def every_number_that_was_given_leads_to_one_conversation(self) -> None:
        with tenant_context(self.cast.acme.pk):
            moved = set(MovedConversation.objects.values_list("number", flat=True))
        there = set(self.conversations())
        self.numbers |= there
        assert not moved & there
        assert moved | there >= self.numbers

    @invariant()
    def each_conversation_tells_of_its_own_messages(self) -> None:
        with tenant_context(self.cast.acme.pk):
            for row in Conversation.objects.all():
                messages = list(Message.objects.filter(conversation=row).order_by("sent_at", "pk"))
                named = {each for message in messages for each in (message.in_reply_to, *message.references) if each}
                assert (row.created_at, row.last_message_at) == (messages[0].sent_at, messages[-1].sent_at)
                assert set(Reference.objects.filter(conversation=row).values_list("message_id", flat=True)) == named

    # --- What is looked at ------------------------------------------------------------------------------------------
    def conversations(self) -> dict[int, set[str]]:
        with tenant_context(self.cast.acme.pk):
            parts: dict[int, set[str]] = {
                number: set() for number in Conversation.objects.values_list("number", flat=True)
            }
            for number, own_id in Message.objects.values_list("conversation__number", "message_id"):
                parts[number].add(own_id.partition("@")[0])
        return parts

    def partition(self) -> list[set[str]]:
        return list(self.conversations().values())

    def taken_apart(self) -> list[tuple[set[str], set[str]]]:
        parts = self.conversations()
        with tenant_context(self.cast.acme.pk):
            pairs = list(Separation.objects.values_list("one__number", "other__number"))
        return [(parts[one], parts[other]) for one, other in pairs]


def walk(cast: Cast, *, examples: int, steps: int) -> None:
    machine = type("Walk", (Inbox,), {"cast": cast})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.team()


def test_no_message_is_lost_or_doubled_in_any_order(cast: Cast) -> None:
    walk(cast, examples=4, steps=14)


@pytest.mark.nightly
def test_no_message_is_lost_or_doubled_in_many_orders(cast: Cast) -> None:
    walk(cast, examples=150, steps=30)
