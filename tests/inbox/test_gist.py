"""What messages name and are about, kept when they arrive; what agents said of it stays."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import gist, labels, personal
from inbox.email.inbound import receive
from inbox.email.parsing import parse
from inbox.models import Conversation, ConversationTopic, Mention
from tenants.personal import Subject
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.email.test_inbound import SHOP, mail

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ORDER, PHONE = Mention.Kind.ORDER, Mention.Kind.PHONE


def take(cast: Cast, *raws: bytes) -> None:
    with tenant_context(cast.acme.pk):
        for raw in raws:
            receive(mail=parse(raw), now=NOW)


def mentions(kind: str = ORDER) -> list[str]:
    """The newest first."""
    return list(Mention.objects.filter(kind=kind).order_by("-pk").values_list("value", flat=True))


def topics() -> dict[str, tuple[float | None, bool | None]]:
    return {row.topic: (row.confidence, row.confirmed) for row in ConversationTopic.objects.all()}


def test_an_arriving_message_is_read(cast: Cast) -> None:
    take(cast, mail("a", subject="Hello", text="Please cancel order 1042. Call me: +46 70 123 45 67"))
    with tenant_context(cast.acme.pk):
        assert mentions() == ["1042"]
        assert mentions(PHONE) == ["+46701234567"]
        assert topics() == {"cancel": (0.9, None)}


def test_a_known_number_of_a_customer_is_in_an_answers_subject_and_its_topic_is_not(cast: Cast) -> None:
    take(cast, mail("a", subject="Re: Refund of order #1042", text="Do you ship to Iceland?"))
    with tenant_context(cast.acme.pk):
        assert mentions() == ["1042"]
        assert topics() == {"product_question": (0.9, None)}


def test_what_the_shop_writes_is_not_read(cast: Cast) -> None:
    text = "Your refund for order 1042 is on its way. Call +46 70 123 45 67."
    take(cast, mail("a", subject="hi", text="thank you for everything"), mail("b", from_=SHOP, to="mia@example.com", parents=("a",), text=text, subject="Re: hi"))  # fmt: skip
    with tenant_context(cast.acme.pk):
        assert mentions() == mentions(PHONE) == []
        assert topics() == {"other": (0.5, None)}


def test_below_a_word_or_two_the_history_is_read_but_no_telephone_of_it(cast: Cast) -> None:
    text = "Yes please\n\nOn Mon, 2 Nov 2026 at 9:00, Shop <support@shop.example> wrote:\n> Shall we cancel order 1042?\n> +46 70 123 45 67"  # fmt: skip
    take(cast, mail("a", subject="Re: hi", text=text))
    with tenant_context(cast.acme.pk):
        assert mentions() == ["1042"]
        assert mentions(PHONE) == []


def test_the_shops_own_telephone_is_not_the_contacts_where_a_mail_repeats_it_unmarked(cast: Cast) -> None:
    ours = mail("a", from_=SHOP, to="mia@example.com", text="Call us: +46 70 123 45 67", subject="hi")
    theirs = mail(
        "b", parents=("a",), minutes=5, subject="Re: hi", text="Me: +44 20 7946 0018. You said: +46 70 123 45 67"
    )
    take(cast, ours, theirs)
    with tenant_context(cast.acme.pk):
        assert mentions(PHONE) == ["+442079460018"]


def test_it_comes_out_the_same_from_any_order_of_arrival(cast: Cast) -> None:
    first = mail("a", subject="hi", text="order 1001, and a refund please")
    second = mail("b", subject="Re: hi", text="order 1002 as well", parents=("a",), minutes=5)
    third = mail("c", subject="Re: hi", text="and order 1003", parents=("b",), minutes=9)
    seen = []
    for raws in ((first, second, third), (third, first, second)):
        take(cast, *raws)
        with tenant_context(cast.acme.pk):
            seen.append((mentions(), topics()))
            Conversation.objects.all().delete()
    assert seen[0] == seen[1]
    assert seen[0][0] == ["1003", "1002", "1001"]


def test_a_verdict_stands_whatever_arrives_later(cast: Cast) -> None:
    take(cast, mail("a", subject="hi", text="I want a refund"))
    with tenant_context(cast.acme.pk):
        labels.correct(conversation=Conversation.objects.get(), topic="refund", holds=False, by=cast.ava)
        labels.correct(conversation=Conversation.objects.get(), topic="cancel", holds=True, by=cast.ava)
    take(
        cast, mail("b", subject="Re: hi", text="I really want a refund. Where is my order?", parents=("a",), minutes=5)
    )
    with tenant_context(cast.acme.pk):
        assert topics() == {"refund": (0.9, False), "cancel": (None, True), "order_status": (0.9, None)}
        assert [row.topic for row in labels.shown(ConversationTopic.objects.all())] == ["cancel", "order_status"]


def test_the_last_word_counts_and_says_whose_it_is(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        conversation = factories.conversation()
        labels.correct(conversation=conversation, topic="refund", holds=False, by=cast.ava)
        labels.correct(conversation=conversation, topic="refund", holds=True, by=cast.olivia)
        row = ConversationTopic.objects.get()
        assert (row.confirmed, row.confirmed_by_id) == (True, cast.olivia.pk)


def test_verdicts_survive_a_merge_and_the_last_one_counts(cast: Cast) -> None:
    take(cast, mail("a", subject="hi", text="hello there you"), mail("c", subject="hi", text="hello again you", parents=("b",), minutes=9))  # fmt: skip
    with tenant_context(cast.acme.pk):
        one, other = Conversation.objects.order_by("number")
        labels.correct(conversation=one, topic="refund", holds=True, by=cast.ava)
        labels.correct(conversation=other, topic="cancel", holds=True, by=cast.ava)
        labels.correct(conversation=other, topic="refund", holds=False, by=cast.olivia)
        now = datetime.now(UTC)
        ConversationTopic.objects.filter(conversation=one).update(confirmed_at=now - timedelta(hours=1))
        ConversationTopic.objects.filter(conversation=other).update(confirmed_at=now)
    take(cast, mail("b", subject="hi", text="order 1042", parents=("a",), minutes=5))
    with tenant_context(cast.acme.pk):
        assert Conversation.objects.count() == 1
        assert mentions() == ["1042"]
        assert {topic: said for topic, (_, said) in topics().items()} == {
            "refund": False,
            "cancel": True,
            "other": None,
        }


def test_reading_the_same_again_writes_nothing(cast: Cast) -> None:
    take(cast, mail("a", text="Please cancel order 1042"))
    with tenant_context(cast.acme.pk):
        conversation = Conversation.objects.get()
        with CaptureQueriesContext(
            connection,
        ) as seen:
            gist.refresh(conversation=conversation)
    assert [q["sql"] for q in seen if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))] == []


def about_orders() -> set[int]:
    return set(Conversation.objects.filter(gist.about_orders()).values_list("pk", flat=True))


def test_a_conversation_is_about_orders_by_a_number_or_a_topic_that_nobody_denied(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        plain = factories.conversation(email="a@x.example", subject="hi", texts=["Is it waterproof?"])
        named = factories.conversation(email="b@x.example", subject="hi", texts=["#1042, is it waterproof?"])
        topic = factories.conversation(email="c@x.example", subject="hi", texts=["Where is my parcel?"])
        for each in (plain, named, topic):
            gist.refresh(conversation=each)
        assert about_orders() == {named.pk, topic.pk}
        labels.correct(conversation=topic, topic="order_status", holds=False, by=cast.ava)
        assert about_orders() == {named.pk}
        labels.correct(conversation=plain, topic="refund", holds=True, by=cast.ava)
        assert about_orders() == {plain.pk, named.pk}


# --- What was stored before ------------------------------------------------------------------------------------------
def test_what_is_stored_already_is_read_by_a_command_and_again_without_harm(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        for number in range(3):
            factories.conversation(email=f"{number}@x.example", texts=[f"order 104{number}, please cancel it"])
    said = [_read(), _read()]
    with tenant_context(cast.acme.pk):
        assert sorted(mentions()) == ["1040", "1041", "1042"]
    assert said == ["3 conversations read, up to number 3\n3 read\n"] * 2


def test_the_command_goes_on_behind_a_number(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        for number in range(3):
            factories.conversation(email=f"{number}@x.example", texts=[f"order 104{number}"])
    assert _read("--after", "2") == "1 conversations read, up to number 3\n1 read\n"
    with tenant_context(cast.acme.pk):
        assert mentions() == ["1042"]


def test_an_unknown_workspace_is_refused(cast: Cast) -> None:
    with pytest.raises(CommandError, match="no workspace"):
        _read(workspace="nobody")


def _read(*more: str, workspace: str = "acme") -> str:
    out = StringIO()
    call_command("read_conversations", "--workspace", workspace, *more, stdout=out)
    return out.getvalue()


def test_what_is_struck_from_somebody_elses_mail_is_no_mention_of_it_any_more(cast: Cast) -> None:
    take(cast, mail("a", subject="hi", text="My sister is at +46 70 123 45 67, about order 1042"))
    with tenant_context(cast.acme.pk):
        assert mentions(PHONE) == ["+46701234567"]
        personal.sweep_mentions(Subject(phones=frozenset({"+46 70 1234567"})), 0)
        assert mentions(PHONE) == []
        assert mentions() == ["1042"]
