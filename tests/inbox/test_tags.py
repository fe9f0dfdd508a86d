"""Tags: what a name may be, one of each whatever the case, put on and taken off, told in the thread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import tags
from inbox.models import Conversation, ConversationEvent, ConversationTag, Tag
from tenants.models import AuditEvent
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.inbox.saying import writes
from tests.tenants.joining import together

pytestmark = pytest.mark.django_db


def put(cast: Cast, thread: Conversation, name: str) -> bool:
    with tenant_context(cast.acme.pk):
        return tags.add(conversation=thread, name=name, by=cast.ava)


def on(cast: Cast, thread: Conversation) -> list[str]:
    with tenant_context(cast.acme.pk):
        return list(
            ConversationTag.objects.filter(conversation=thread).order_by("pk").values_list("tag__name", flat=True)
        )


def test_a_tag_is_made_when_it_is_first_used_and_known_in_any_case(cast: Cast) -> None:
    one, other = writes(cast), writes(cast, email="other@x.example")
    assert put(cast, one, " VIP  gold ")
    assert not put(cast, one, "vip GOLD")
    assert put(cast, other, "Vip gold")
    assert on(cast, one) == on(cast, other) == ["VIP gold"]
    with tenant_context(cast.acme.pk):
        assert Tag.objects.count() == 1
        assert [(row.kind, row.detail) for row in ConversationEvent.objects.filter(conversation=one)] == [
            ("tagged", {"tag": "VIP gold"})
        ]


@pytest.mark.parametrize("name", ["", "   ", "#", "!!!", "a" * 41, "a\x00b", "a\u202eb", "ﷺ" * 10])
def test_what_is_no_name_is_refused_in_words(cast: Cast, name: str) -> None:
    thread = writes(cast)
    with pytest.raises(tags.BadTag) as refused:
        put(cast, thread, name)
    assert refused.value.reason.endswith(".")
    assert on(cast, thread) == []


@given(st.text(max_size=60))
def test_a_name_is_refused_or_fits_whatever_it_is(name: str) -> None:
    try:
        shown, compared = tags.normalised(name)
    except tags.BadTag:
        return
    assert 0 < len(shown) <= tags.LONGEST
    assert len(compared) <= tags.LONGEST
    assert tags.normalised(shown) == (shown, compared)


def test_a_tag_is_taken_off_once(cast: Cast) -> None:
    thread = writes(cast)
    put(cast, thread, "gift")
    with tenant_context(cast.acme.pk):
        tag = Tag.objects.get(name="gift")
        assert tags.remove(conversation=thread, tag=tag, by=cast.ava)
        assert not tags.remove(conversation=thread, tag=tag, by=cast.ava)
    assert on(cast, thread) == []


def test_a_conversation_has_no_more_tags_than_anybody_reads(cast: Cast) -> None:
    thread = writes(cast)
    for number in range(tags.MOST):
        put(cast, thread, f"tag {number}")
    with pytest.raises(tags.BadTag, match="at most 20"):
        put(cast, thread, "one more")


def test_a_deleted_tag_is_off_every_conversation_and_recorded(cast: Cast) -> None:
    threads = [writes(cast, email=f"{n}@x.example") for n in range(2)]
    for thread in threads:
        put(cast, thread, "gift")
    with tenant_context(cast.acme.pk):
        tags.delete(tag=Tag.objects.get(name="gift"), by=cast.olivia)
        row = AuditEvent.objects.get(action="tag.deleted")
    assert (row.target, row.detail) == ("gift", {"conversations": 2})
    assert [on(cast, thread) for thread in threads] == [[], []]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_invent_a_tag_at_once_both_get_the_same(cast: Cast) -> None:
    threads = [writes(cast, email=f"{n}@x.example") for n in range(2)]
    together(*(lambda thread=thread: put(cast, thread, "Gift") for thread in threads))
    with tenant_context(cast.acme.pk):
        assert Tag.objects.count() == 1
