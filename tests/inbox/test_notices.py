"""What members are told of, and when it counts as read."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

from inbox import notices
from inbox.email import joining
from inbox.models import Conversation, Notification
from tenants.models import Membership
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
ASSIGNED, MENTIONED, REPLIED = Notification.Kind.ASSIGNED, Notification.Kind.MENTIONED, Notification.Kind.REPLIED


def told(member: Membership) -> list[tuple[str, int, bool]]:
    """Kind, number of the conversation, and whether it is unread; the newest first."""
    rows = Notification.objects.filter(member=member).order_by("-at", "-pk").select_related("conversation")
    return [(row.kind, row.conversation.number, row.read_at is None) for row in rows]


def test_a_member_is_told_of_what_a_colleague_did(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        row = factories.conversation()
        assert notices.tell(member=cast.ava, kind=ASSIGNED, conversation=row, by=cast.olivia)
        assert told(cast.ava) == [(ASSIGNED, 1, True)]
        assert told(cast.olivia) == []
        assert Notification.objects.get().by_id == cast.olivia.pk


def test_nobody_is_told_of_their_own_doing(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        assert not notices.tell(member=cast.ava, kind=ASSIGNED, conversation=factories.conversation(), by=cast.ava)
        assert told(cast.ava) == []


def test_a_removed_member_is_told_nothing(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        cast.ava.removed_at = timezone.now()
        assert not notices.tell(member=cast.ava, kind=ASSIGNED, conversation=factories.conversation(), by=cast.olivia)
        assert told(cast.ava) == []


def test_what_happens_again_before_it_was_read_is_one_notice_at_the_top(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        first, second = factories.conversation(), factories.conversation(email="other@example.com")
        for row in (first, second, first):
            notices.tell(member=cast.ava, kind=REPLIED, conversation=row)
        assert told(cast.ava) == [(REPLIED, 1, True), (REPLIED, 2, True)]
        notices.read(conversation=first, by=cast.ava)
        notices.tell(member=cast.ava, kind=REPLIED, conversation=first)
        assert told(cast.ava) == [(REPLIED, 1, True), (REPLIED, 1, False), (REPLIED, 2, True)]


def test_reading_a_conversation_reads_its_notices_of_this_member_alone(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        first, second = factories.conversation(), factories.conversation(email="other@example.com")
        for member in (cast.ava, cast.adam):
            for row in (first, second):
                notices.tell(member=member, kind=MENTIONED, conversation=row, by=cast.olivia)
        assert notices.read(conversation=first, by=cast.ava) == 1
        assert (notices.unread(member=cast.ava), notices.unread(member=cast.adam)) == (1, 2)
        assert notices.read_all(by=cast.ava) == 1
        assert (notices.unread(member=cast.ava), notices.unread(member=cast.adam)) == (0, 2)


def test_conversations_that_become_one_take_their_notices_along_each_kind_unread_once(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        into, other = factories.conversation(), factories.conversation(email="other@example.com")
        for row in (into, other):
            notices.tell(member=cast.ava, kind=REPLIED, conversation=row)
        notices.tell(member=cast.ava, kind=ASSIGNED, conversation=other, by=cast.olivia)
        joining.join(into=into, others=[other])
        assert sorted(told(cast.ava)) == [(ASSIGNED, 1, True), (REPLIED, 1, False), (REPLIED, 1, True)]


@pytest.mark.django_db(transaction=True)
def test_two_who_tell_the_same_at_once_leave_one_notice(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        factories.conversation()

    def tell(by: Membership) -> None:
        with tenant_context(cast.acme.pk):
            notices.tell(member=cast.ava, kind=MENTIONED, conversation=Conversation.objects.get(), by=by)
        connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tell, [cast.olivia, cast.adam] * 4))
    with tenant_context(cast.acme.pk):
        assert told(cast.ava) == [(MENTIONED, 1, True)]
