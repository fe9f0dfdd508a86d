"""Notices by mail: gathered, kept back in quiet hours, never twice, and not at all for what was read."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inbox import notice_mails, notice_rules, notices, tasks
from inbox.models import Conversation, Notification
from inbox.notice_rules import Rule
from tenants.models import Membership, Tenant
from tenants.outbox import delivery
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
ASSIGNED, MENTIONED, REPLIED = Notification.Kind.ASSIGNED, Notification.Kind.MENTIONED, Notification.Kind.REPLIED
BERLIN = ZoneInfo("Europe/Berlin")


def mails() -> list[tuple[list[str], str, str]]:
    """Receivers, subject and text of what was handed to Django's mail."""
    return [(one.to, one.subject, one.body) for one in mail.outbox]


def told(member: Membership, *, at: datetime, kind: str = ASSIGNED, by: Membership | None = None, **of: str) -> None:
    """A notice as if it had been written then."""
    notices.tell(member=member, kind=kind, conversation=factories.conversation(of=factories.contact(), **of), by=by)
    row = Notification.objects.order_by("-pk")[0]
    later = at + notices.GATHER if row.mail_at else None
    Notification.objects.filter(pk=row.pk).update(at=at, mail_at=later)


def swept(now: datetime) -> int:
    """What the periodic task and the worker do at this moment: how many mails that makes."""
    return sum(bool(notice_mails.send(member_id=pk, now=now)) for pk in notice_mails.due(now=now))


def in_berlin(cast: Cast, rule: Rule) -> None:
    Tenant.objects.filter(pk=cast.acme.pk).update(time_zone="Europe/Berlin")
    notice_rules.change(rule=rule, by=cast.ava)


def test_a_mail_says_who_and_where_and_nothing_that_was_written(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        row = factories.conversation(subject="Rug\r\nBcc: <b>x</b>", texts=("The secret words",))
        notices.tell(member=cast.ava, kind=ASSIGNED, conversation=row, by=cast.olivia)
    tasks.mail_notices_everywhere()
    assert mails() == []
    with tenant_context(cast.acme.pk):
        Notification.objects.update(mail_at=timezone.now())
    tasks.mail_notices_everywhere()
    work_on_notices()
    ((to, subject, text),) = mails()
    assert to == ["ava@acme.example"]
    assert subject == "Olivia gave you a conversation (Acme Goods)"
    assert "Olivia gave you a conversation: Rug Bcc: <b>x</b>\n" in text
    assert "/acme/inbox/1/" in text
    assert "/acme/notices/settings/" in text
    assert "secret" not in text
    assert "maya" not in text.lower()


def work_on_notices() -> None:
    """Deliver what the periodic task asked for, and leave the mails themselves in the outbox."""
    for pk in Event.objects.filter(kind="inbox.events.NoticesDue", done_at=None).values_list("pk", flat=True):
        delivery.deliver(pk)


def test_what_comes_within_a_few_minutes_is_one_mail(cast: Cast) -> None:
    now = timezone.now()
    with tenant_context(cast.acme.pk):
        told(cast.ava, at=now - timedelta(minutes=4), by=cast.olivia, subject="First")
        told(cast.ava, at=now - timedelta(minutes=1), by=cast.adam, kind=MENTIONED, subject="Second")
        assert swept(now) == 1
        assert swept(now + timedelta(minutes=10)) == 0
    ((_, subject, text),) = mails()
    assert subject == "2 notices in Acme Goods"
    assert text.index("Adam mentioned you in a note: Second") < text.index("Olivia gave you a conversation: First")


def test_of_very_many_a_mail_names_some_and_says_how_many_more(cast: Cast) -> None:
    now = timezone.now()
    with tenant_context(cast.acme.pk):
        for n in range(notice_mails.MOST + 3):
            told(cast.ava, at=now - timedelta(minutes=5), by=cast.olivia, subject=f"Subject {n}")
        assert swept(now) == 1
    ((_, _, text),) = mails()
    assert text.count("gave you a conversation") == notice_mails.MOST
    assert "And 3 more." in text


def test_what_was_read_meanwhile_is_not_mailed(cast: Cast) -> None:
    now = timezone.now()
    with tenant_context(cast.acme.pk):
        told(cast.ava, at=now, by=cast.olivia)
        notices.read(conversation=Conversation.objects.get(), by=cast.ava)
        assert swept(now + timedelta(hours=1)) == 0
    assert mails() == []


def test_a_member_is_mailed_only_what_they_want(cast: Cast) -> None:
    now = timezone.now()
    with tenant_context(cast.acme.pk):
        notice_rules.change(rule=Rule(assigned=False, mentioned=False, replied=True), by=cast.ava)
        told(cast.ava, at=now, by=cast.olivia, subject="Given")
        told(cast.ava, at=now, kind=REPLIED, subject="Answered")
        told(cast.adam, at=now, kind=REPLIED, subject="Not wanted by who never said")
        swept(now + timedelta(hours=1))
    assert [(to, subject) for to, subject, _ in mails()] == [
        (["ava@acme.example"], "There is a new message in a conversation of yours (Acme Goods)")
    ]


def test_a_rule_that_is_changed_mails_nothing_old(cast: Cast) -> None:
    now = timezone.now()
    with tenant_context(cast.acme.pk):
        notice_rules.change(rule=Rule(assigned=False), by=cast.ava)
        told(cast.ava, at=now, by=cast.olivia)
        notice_rules.change(rule=Rule(), by=cast.ava)
        told(cast.ava, at=now, kind=MENTIONED, by=cast.olivia)
        notice_rules.change(rule=Rule(mentioned=False), by=cast.ava)
        assert swept(now + timedelta(hours=1)) == 0


def test_what_falls_into_quiet_hours_is_mailed_once_after_them(cast: Cast) -> None:
    evening = datetime(2026, 3, 10, 22, 30, tzinfo=BERLIN)
    with tenant_context(cast.acme.pk):
        in_berlin(cast, Rule(quiet_from=22, quiet_until=7))
        told(cast.ava, at=evening, by=cast.olivia, subject="First")
        told(cast.ava, at=evening + timedelta(hours=3), by=cast.adam, subject="Second")
        minutes = [evening + timedelta(minutes=n) for n in range(0, 16 * 60, 10)]
        sent = [now for now in minutes if swept(now)]
    assert sent == [datetime(2026, 3, 11, 7, 0, tzinfo=BERLIN)]
    assert len(mails()) == 1


def test_what_was_read_in_quiet_hours_is_not_mailed_after_them(cast: Cast) -> None:
    night = datetime(2026, 3, 10, 23, 0, tzinfo=BERLIN)
    with tenant_context(cast.acme.pk):
        in_berlin(cast, Rule(quiet_from=22, quiet_until=7))
        told(cast.ava, at=night, by=cast.olivia)
        assert swept(night + timedelta(hours=1)) == 0
        notices.read_all(by=cast.ava)
        assert swept(night + timedelta(hours=12)) == 0


@pytest.mark.parametrize(
    ("night", "quiet"),
    [
        # In spring the hour from 2 to 3 is not there; in autumn it comes twice.
        (datetime(2026, 3, 28, 23, 0, tzinfo=BERLIN), (22, 2)),
        (datetime(2026, 3, 28, 23, 0, tzinfo=BERLIN), (22, 7)),
        (datetime(2026, 10, 24, 23, 0, tzinfo=BERLIN), (22, 2)),
        (datetime(2026, 10, 24, 23, 0, tzinfo=BERLIN), (22, 3)),
        (datetime(2026, 10, 24, 23, 0, tzinfo=BERLIN), (2, 3)),
        (datetime(2026, 10, 24, 23, 0, tzinfo=BERLIN), (22, 7)),
    ],
)
def test_when_the_clocks_change_a_notice_is_mailed_once(cast: Cast, night: datetime, quiet: tuple[int, int]) -> None:
    with tenant_context(cast.acme.pk):
        in_berlin(cast, Rule(quiet_from=quiet[0], quiet_until=quiet[1]))
        told(cast.ava, at=night, by=cast.olivia)
        began = night.astimezone(UTC)
        sent = [n for n in range(0, 14 * 60, 5) if swept(began + timedelta(minutes=n))]
    assert len(sent) == 1
    assert len(mails()) == 1


@given(st.integers(0, 23), st.integers(0, 23), st.integers(0, 23))
def test_quiet_is_every_hour_from_the_first_until_the_last_over_midnight_too(start: int, end: int, hour: int) -> None:
    wanted = {(start + n) % 24 for n in range((end - start) % 24)}
    now = datetime(2026, 6, 1, hour, 30, tzinfo=UTC)
    assert Rule(quiet_from=start, quiet_until=end).quiet(now) == (hour in wanted)
    assert not Rule(quiet_from=start).quiet(now)


def test_quiet_hours_are_those_of_the_workspace_s_zone(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.filter(pk=cast.acme.pk).update(time_zone="Pacific/Auckland")
        notice_rules.change(rule=Rule(quiet_from=22, quiet_until=7), by=cast.ava)
        told(cast.ava, at=datetime(2026, 6, 1, 9, 0, tzinfo=UTC), by=cast.olivia)
        assert swept(datetime(2026, 6, 1, 11, 0, tzinfo=UTC)) == 0  # 23 o'clock in Auckland
        assert swept(datetime(2026, 6, 1, 19, 0, tzinfo=UTC)) == 1  # 7 o'clock


def test_nobody_who_has_left_is_mailed(cast: Cast) -> None:
    now = timezone.now()
    with tenant_context(cast.acme.pk):
        told(cast.ava, at=now, by=cast.olivia)
        Membership.objects.filter(pk=cast.ava.pk).update(removed_at=now)
        assert swept(now + timedelta(hours=1)) == 0
        assert notice_mails.send(member_id=cast.ava.pk, now=now + timedelta(hours=1)) == 0


def test_a_workspace_that_is_closed_mails_nothing(cast: Cast) -> None:
    now = timezone.now()
    with tenant_context(cast.acme.pk):
        told(cast.ava, at=now, by=cast.olivia)
        Tenant.objects.filter(pk=cast.acme.pk).update(closed_at=now)
        assert swept(now + timedelta(hours=1)) == 0
        assert notice_mails.send(member_id=cast.ava.pk, now=now + timedelta(hours=1)) == 0


def test_an_erased_conversation_is_not_named(cast: Cast) -> None:
    now = timezone.now()
    with tenant_context(cast.acme.pk):
        told(cast.ava, at=now, by=cast.olivia, subject="Her secret")
        Conversation.objects.update(erased_at=now)
        assert swept(now + timedelta(hours=1)) == 1
    assert "secret" not in mails()[0][2]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_one_mail(cast: Cast) -> None:
    now = timezone.now()
    with tenant_context(cast.acme.pk):
        told(cast.ava, at=now, by=cast.olivia)

    def send(_: int) -> int:
        with tenant_context(cast.acme.pk):
            held = notice_mails.send(member_id=cast.ava.pk, now=now + timedelta(hours=1))
        connections.close_all()
        return held

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [0, 0, 0, 1]
    assert len(mails()) == 1


def test_looking_for_what_is_due_takes_three_statements_however_many_wait(
    cast: Cast, django_assert_max_num_queries: object
) -> None:
    now = timezone.now()
    with tenant_context(cast.acme.pk):
        for member in (cast.olivia, cast.adam, cast.ava) * 4:
            told(member, at=now, kind=MENTIONED)
        with django_assert_max_num_queries(3):  # type: ignore[operator]
            assert len(notice_mails.due(now=now + timedelta(hours=1))) == 3
