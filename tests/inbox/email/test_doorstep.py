"""Mail that was handed in: kept before it is thanked for, filed once, and never lost."""

from datetime import timedelta

import pytest
from django.db import DataError, IntegrityError, OperationalError
from django.utils import timezone

from inbox.email import doorstep
from inbox.email.doorstep import Handed, NotRefused, UnknownRecipient
from inbox.email.inbound import ClosedWorkspace
from inbox.email.parsing import MAIL_LIMIT, BadMail
from inbox.models import Conversation, Message, RawMail
from tenants.models import AuditEvent, Tenant
from tenants.outbox.delivery import deliver
from tenants.outbox.models import Event
from tenants.rls.context import expected_tenant, tenant_context
from tests.conftest import Cast
from tests.inbox.email.test_inbound import mail

pytestmark = pytest.mark.django_db
DOOR = RawMail.Source.DOOR


@pytest.fixture(autouse=True)
def _domain(settings: object) -> None:
    settings.INBOUND_DOMAIN = "in.example.com"  # type: ignore[attr-defined]


def keep(cast: Cast, raw: bytes, **given: object) -> RawMail:
    with tenant_context(cast.acme.pk):
        return doorstep.take(raw=raw, source=DOOR, **given)  # type: ignore[arg-type]


def file(cast: Cast, row: RawMail) -> None:
    with expected_tenant(cast.acme.pk):
        doorstep.file(raw_id=row.pk)


def rows(cast: Cast) -> list[tuple[str, str]]:
    with tenant_context(cast.acme.pk):
        return list(RawMail.objects.order_by("pk").values_list("state", "reason"))


def filed(cast: Cast) -> int:
    with tenant_context(cast.acme.pk):
        return Message.objects.count()


def waiting() -> list[Event]:
    return list(Event.objects.filter(kind="inbox.events.MailWaits", done_at=None))


def test_a_mail_is_kept_with_its_event_and_filed_by_it(cast: Cast) -> None:
    keep(cast, mail("a"), recipient="acme@in.example.com", authentication="pass")
    assert (rows(cast), filed(cast)) == ([("new", "")], 0)
    assert deliver(waiting()[0].pk)
    assert (rows(cast), filed(cast)) == ([], 1)
    with tenant_context(cast.acme.pk):
        assert Message.objects.get().authentication == "pass"


def test_the_same_bytes_handed_in_twice_are_one_row(cast: Cast) -> None:
    assert keep(cast, mail("a")).pk == keep(cast, mail("a")).pk
    assert len(waiting()) == 1


def test_handed_in_again_after_it_was_filed_it_is_not_filed_again(cast: Cast) -> None:
    for _ in range(2):
        file(cast, keep(cast, mail("a")))
    assert (rows(cast), filed(cast)) == ([], 1)


def test_an_event_that_comes_twice_files_once(cast: Cast) -> None:
    row = keep(cast, mail("a"))
    file(cast, row)
    file(cast, row)
    assert filed(cast) == 1


@pytest.mark.parametrize(
    "recipient",
    ["acme@in.example.com", "ACME@In.Example.Com.", "<acme+orders@in.example.com>", " acme@in.example.com "],
)
def test_the_envelope_says_whose_it_is(cast: Cast, recipient: str) -> None:
    doorstep.hand_in(Handed(mail("a", to="nextdoor@in.example.com"), DOOR, recipient))
    assert len(rows(cast)) == 1


@pytest.mark.parametrize(
    "recipient",
    ["", "acme", "acme@elsewhere.example", "nobody@in.example.com", "@in.example.com", "acme@in.example.com@x.example",
     "acme@sub.in.example.com", "acme\x00@in.example.com", "a" * 5_000 + "@in.example.com", "+acme@in.example.com"],
)  # fmt: skip
def test_an_address_of_no_workspace_takes_nothing(cast: Cast, recipient: str) -> None:
    with pytest.raises(UnknownRecipient):
        doorstep.hand_in(Handed(mail("a"), DOOR, recipient))
    assert not Event.objects.filter(kind="inbox.events.MailWaits").exists()


def test_a_closed_workspace_takes_nothing(cast: Cast) -> None:
    row = keep(cast, mail("before"))
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(closed_at=timezone.now(), erase_after=timezone.now() + timedelta(days=30))
    with pytest.raises(ClosedWorkspace):
        keep(cast, mail("a"))
    file(cast, row)
    assert rows(cast) == [("refused", "the workspace is closed")]


def test_a_mail_that_is_too_large_is_not_kept(cast: Cast) -> None:
    with pytest.raises(BadMail, match="larger"):
        keep(cast, b"x" * (MAIL_LIMIT + 1))


def test_what_cannot_be_read_stays_with_the_reason(cast: Cast) -> None:
    file(cast, keep(cast, b"Subject: from nobody\n\nhello"))
    assert rows(cast) == [("refused", "it does not say whom it is from")]


def test_a_refused_mail_is_tried_again_downloaded_and_deleted_and_all_of_it_is_told(cast: Cast) -> None:
    row = keep(cast, b"Subject: from nobody\n\nhello")
    file(cast, row)
    with tenant_context(cast.acme.pk):
        assert doorstep.fetch(number=row.number, by=cast.olivia) == b"Subject: from nobody\n\nhello"
        doorstep.try_again(number=row.number, by=cast.olivia)
        with pytest.raises(NotRefused):
            doorstep.delete(number=row.number, by=cast.olivia)
    file(cast, row)
    with tenant_context(cast.acme.pk):
        doorstep.delete(number=row.number, by=cast.olivia)
        told = (
            AuditEvent.objects.filter(action__startswith="refused_mail.")
            .order_by("pk")
            .values_list("action", flat=True)
        )
        assert list(told) == ["refused_mail.fetched", "refused_mail.retried", "refused_mail.deleted"]
    assert rows(cast) == []


def test_a_mail_that_ends_its_worker_each_time_is_given_up(cast: Cast) -> None:
    row = keep(cast, mail("a"))
    with tenant_context(cast.acme.pk):
        RawMail.objects.update(attempts=doorstep.MOST_ATTEMPTS)
    file(cast, row)
    assert rows(cast) == [("refused", "reading it failed many times")]


@pytest.mark.parametrize("error", [OperationalError, InterruptedError, IntegrityError])
def test_what_the_machine_is_to_blame_for_is_tried_again(
    cast: Cast, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = keep(cast, mail("a"))
    with monkeypatch.context() as broken:
        broken.setattr(doorstep, "receive", _raising(error))
        with pytest.raises(error):
            file(cast, row)
    assert rows(cast) == [("new", "")]
    file(cast, row)
    assert (rows(cast), filed(cast)) == ([], 1)


def test_what_the_database_refuses_is_refused(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    row = keep(cast, mail("a"))
    monkeypatch.setattr(doorstep, "receive", _raising(DataError))
    file(cast, row)
    assert rows(cast) == [("refused", "the database does not take it (DataError)")]


def _raising(error: type[Exception]) -> object:
    def fail(**given: object) -> None:
        raise error

    return fail


def test_what_waits_though_its_event_is_dead_is_found(cast: Cast) -> None:
    row = keep(cast, mail("a"))
    Event.objects.filter(kind="inbox.events.MailWaits").update(dead_at=timezone.now())
    with tenant_context(cast.acme.pk):
        assert doorstep.sweep() == 0  # it came just now
        RawMail.objects.update(received_at=timezone.now() - timedelta(minutes=6))
        assert doorstep.sweep() == 1
    assert deliver(Event.objects.filter(dead_at=None, kind="inbox.events.MailWaits").latest("pk").pk)
    assert (rows(cast), filed(cast)) == ([], 1)
    assert row.number == 1


def test_a_notice_of_ours_that_a_member_forwards_makes_no_circle(cast: Cast, settings: object) -> None:
    settings.DEFAULT_FROM_EMAIL = "Versana <no-reply@support.example.com>"  # type: ignore[attr-defined]
    file(cast, keep(cast, mail("a", from_="Versana <no-reply@support.example.com>")))
    assert rows(cast) == [("refused", "this installation sent it itself, as a notice to a member")]


def test_a_mail_that_goes_round_in_a_loop_is_stopped(cast: Cast) -> None:
    file(cast, keep(cast, b"X-First: 1\n" + b"Received: from a.example by b.example\n" * 70 + mail("a")))
    assert rows(cast) == [("refused", "it has gone round in a loop")]


def test_a_mark_of_a_spam_filter_counts(cast: Cast) -> None:
    file(cast, keep(cast, b"X-Spam-Status: Yes, score=9.1\n" + mail("a")))
    with tenant_context(cast.acme.pk):
        assert Conversation.objects.get().state == "spam"


def test_only_the_word_of_a_trusted_server_counts(cast: Cast, settings: object) -> None:
    settings.INBOUND_AUTHSERV = ["mx.ours.example"]  # type: ignore[attr-defined]
    forged = b"Authentication-Results: mx.theirs.example; dmarc=pass\n" + mail("a")
    assert keep(cast, forged).authentication == ""
    ours = b"Authentication-Results: mx.ours.example; dmarc=fail (p=reject)\n" + forged
    assert keep(cast, ours).authentication == "fail"


def test_the_workspace_next_door_sees_nothing_of_it(cast: Cast) -> None:
    row = keep(cast, mail("a"))
    with tenant_context(cast.next_door.pk):
        assert not RawMail.objects.exists()
    with expected_tenant(cast.next_door.pk):
        doorstep.file(raw_id=row.pk)
    assert rows(cast) == [("new", "")]
