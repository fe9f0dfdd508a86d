"""Mail fetched from a mailbox: each once, none missed, nothing changed there; and servers that hang, drop, lie and refuse."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from inbox import mailboxes
from inbox.mailboxes import AlreadyThere, NewMailbox, TooMany
from inbox.models import Mailbox, Message, RawMail
from integrations import imap
from tenants.crypto.secret import Secret
from tenants.models import AuditEvent
from tenants.outbox.delivery import deliver
from tenants.outbox.models import Event
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.email.test_inbound import mail
from tests.inbox.imap_server import Box, Server

pytestmark = pytest.mark.django_db
PASSWORD = "a password of hers"


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def port(box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[int]:
    settings.MAILBOXES_AT_HOME = True
    server = Server(box, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    yield server.start()
    server.stop()


def entered(port: int, **changed: Any) -> NewMailbox:
    given = {"address": "support@shop.example", "host": "localhost", "port": port, "username": "support",
             "password": Secret(PASSWORD), "folder": "INBOX"}  # fmt: skip
    return NewMailbox(**{**given, **changed})


def add(cast: Cast, port: int, **changed: Any) -> Mailbox:
    with tenant_context(cast.acme.pk):
        return mailboxes.add(entered=entered(port, **changed), by=cast.olivia)


def poll(cast: Cast, row: Mailbox) -> int:
    """As if its time had come."""
    with tenant_context(cast.acme.pk):
        Mailbox.objects.update(next_poll_at=timezone.now() - timedelta(seconds=1))
    with expected_tenant(cast.acme.pk):
        return mailboxes.poll(mailbox_id=row.pk)


def now(cast: Cast, row: Mailbox) -> Mailbox:
    with tenant_context(cast.acme.pk):
        return Mailbox.objects.get(pk=row.pk)


def kept(cast: Cast) -> list[bytes]:
    with tenant_context(cast.acme.pk):
        return [bytes(row.raw) for row in RawMail.objects.order_by("pk")]


def test_what_lay_there_before_stays_out_and_what_comes_is_taken_once(cast: Cast, box: Box, port: int) -> None:
    box.add(mail("old"))
    row = add(cast, port)
    assert poll(cast, row) == 0
    box.add(mail("a"))
    box.add(mail("b", minutes=1))
    assert [poll(cast, row), poll(cast, row)] == [2, 0]
    assert kept(cast) == [mail("a"), mail("b", minutes=1)]
    after = now(cast, row)
    assert (after.last_uid, after.uid_validity, after.failure) == (3, 1, "")
    assert after.polled_at is not None


def test_nothing_is_changed_in_the_mailbox(cast: Cast, box: Box, port: int) -> None:
    row = add(cast, port)
    poll(cast, row)
    box.add(mail("a"))
    poll(cast, row)
    words = " ".join(box.told).upper()
    assert "EXAMINE" in words
    assert "BODY.PEEK" in words
    for forbidden in ("SELECT", "STORE", "EXPUNGE", "DELETE", "CLOSE", "COPY", "MOVE", "BODY["):
        assert forbidden not in words


def test_adding_a_mailbox_has_it_tried_at_once_by_a_worker(cast: Cast, box: Box, port: int) -> None:
    row = add(cast, port)
    assert box.connections == 0  # no request waits for a server
    assert deliver(Event.objects.get(kind="inbox.events.MailboxAdded").pk)
    assert now(cast, row).polled_at is not None
    with tenant_context(cast.acme.pk):
        (told,) = AuditEvent.objects.filter(action="mailbox.added")
        assert PASSWORD not in str(told.__dict__)


def test_a_server_without_plain_is_signed_in_to_by_login(cast: Cast, box: Box, port: int) -> None:
    box.plain = False
    row = add(cast, port)
    poll(cast, row)
    assert now(cast, row).failure == ""


def test_a_password_beyond_ascii_opens_the_mailbox(cast: Cast, box: Box, port: int) -> None:
    box.password = "schlüssel☃"
    row = add(cast, port, password=Secret(box.password))
    poll(cast, row)
    assert now(cast, row).failure == ""


BROKEN: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another password": ({}, {"password": Secret("wrong")}, "sign_in_refused"),
    "no such folder": ({}, {"folder": "Nowhere"}, "folder_missing"),
    "a folder's name with quotes": ({}, {"folder": 'x" ('}, "folder_missing"),
    "no such host": ({}, {"host": "no-such-host.invalid"}, "unknown_host"),
    "nobody listens": ({}, {"port": 1}, "unreachable"),
    "drops the greeting": ({"drops_at": "GREETING"}, {}, "unreachable"),
    "drops at sign-in": ({"drops_at": "AUTHENTICATE"}, {}, "unreachable"),
    "drops at the folder": ({"drops_at": "EXAMINE"}, {}, "unreachable"),
    "drops at the search": ({"drops_at": "UID_SEARCH"}, {}, "unreachable"),
    "speaks something else": ({"nonsense_at": "GREETING"}, {}, "bad_answer"),
    "nonsense at the folder": ({"nonsense_at": "EXAMINE"}, {}, "unreachable"),
    "hangs at the greeting": ({"hangs_at": "GREETING"}, {}, "timed_out"),
    "hangs at sign-in": ({"hangs_at": "AUTHENTICATE"}, {}, "timed_out"),
    "hangs at a mail": ({"hangs_at": "UID_FETCH"}, {}, "timed_out"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_mailbox_is_noted_with_its_age(
    cast: Cast, box: Box, port: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "TIMEOUT", 0.7)
    behaviour, given, code = BROKEN[name]
    row = add(cast, given.pop("port", port), **given)
    with tenant_context(cast.acme.pk):
        Mailbox.objects.update(uid_validity=1, last_uid=0)
    box.add(mail("a"))
    for key, value in behaviour.items():
        setattr(box, key, value)
    assert poll(cast, row) == 0
    after = now(cast, row)
    assert after.failure in ((code,) if code != "bad_answer" else (code, "unreachable"))
    assert after.failing_since is not None
    since = after.failing_since
    poll(cast, row)
    assert now(cast, row).failing_since == since
    assert kept(cast) == []


def test_a_server_that_nobody_vouches_for_is_not_told_the_password(
    cast: Cast, box: Box, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    row = add(cast, port)
    poll(cast, row)
    assert (now(cast, row).failure, box.told) == ("not_trusted", [])


def test_a_mailbox_that_works_again_is_no_longer_said_to_fail(cast: Cast, box: Box, port: int) -> None:
    row = add(cast, port)
    box.drops_at = "EXAMINE"
    poll(cast, row)
    box.drops_at = ""
    poll(cast, row)
    after = now(cast, row)
    assert (after.failure, after.failing_since) == ("", None)


def test_a_connection_that_breaks_in_the_middle_loses_and_repeats_nothing(cast: Cast, box: Box, port: int) -> None:
    row = add(cast, port)
    poll(cast, row)
    for n in range(5):
        box.add(mail(f"m{n}", minutes=n))
    original = imap.Folder.whole
    fetched: list[int] = []

    def breaking(folder: imap.Folder, uid: int) -> bytes | None:
        fetched.append(uid)
        if uid == 4 and fetched.count(4) == 1:
            raise ConnectionResetError
        return original(folder, uid)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(imap.Folder, "whole", breaking)
        assert poll(cast, row) == 0
        assert (len(kept(cast)), now(cast, row).last_uid, now(cast, row).failure) == (3, 3, "unreachable")
        assert poll(cast, row) == 2
    assert kept(cast) == [mail(f"m{n}", minutes=n) for n in range(5)]


def test_after_the_server_numbered_anew_nothing_is_missed_and_nothing_filed_twice(
    cast: Cast, box: Box, port: int
) -> None:
    row = add(cast, port)
    poll(cast, row)
    box.add(mail("a"))
    poll(cast, row)
    file_all(cast)
    box.uid_validity, box.mails = 2, {10: mail("a"), 11: mail("b", minutes=1)}
    poll(cast, row)
    file_all(cast)
    with tenant_context(cast.acme.pk):
        assert Message.objects.count() == 2
    after = now(cast, row)
    assert (after.uid_validity, after.last_uid) == (2, 11)


def file_all(cast: Cast) -> None:
    for event in Event.objects.filter(kind="inbox.events.MailWaits", done_at=None):
        assert deliver(event.pk)


def test_a_mail_that_is_too_large_is_told_by_its_header(cast: Cast, box: Box, port: int) -> None:
    row = add(cast, port)
    poll(cast, row)
    box.claims_size = 30_000_000
    box.add(mail("large"))
    poll(cast, row)
    with tenant_context(cast.acme.pk):
        refused = RawMail.objects.get()
        assert (refused.state, bytes(refused.raw).count(b"Message-ID: <large@")) == ("refused", 1)
        assert refused.reason.startswith("it is larger than 25 MB")
    assert now(cast, row).last_uid == 1


def test_many_mails_are_taken_in_several_looks(cast: Cast, box: Box, port: int) -> None:
    row = add(cast, port)
    poll(cast, row)
    for n in range(mailboxes.MOST_AT_ONCE + 7):
        box.add(mail(f"m{n}", minutes=n))
    assert poll(cast, row) == mailboxes.MOST_AT_ONCE
    assert Event.objects.filter(kind="inbox.events.MailboxDue", done_at=None).count() == 1
    assert poll(cast, row) == 7
    assert len(kept(cast)) == mailboxes.MOST_AT_ONCE + 7


def test_a_private_network_is_not_knocked_at_for_strangers(cast: Cast, box: Box, port: int, settings: Any) -> None:
    settings.MAILBOXES_AT_HOME = False
    row = add(cast, port)
    poll(cast, row)
    assert (now(cast, row).failure, box.connections) == ("host_refused", 0)


def test_only_those_whose_time_has_come_are_called(cast: Cast, port: int) -> None:
    row = add(cast, port)
    with tenant_context(cast.acme.pk):
        assert mailboxes.call_due() == 1
        Mailbox.objects.filter(pk=row.pk).update(next_poll_at=timezone.now() + timedelta(minutes=1))
        assert mailboxes.call_due() == 0


def test_a_removed_mailbox_is_looked_into_no_more(cast: Cast, box: Box, port: int) -> None:
    row = add(cast, port)
    with tenant_context(cast.acme.pk):
        mailboxes.remove(mailbox=row, by=cast.olivia)
        assert AuditEvent.objects.filter(action="mailbox.removed").count() == 1
    with expected_tenant(cast.acme.pk):
        assert mailboxes.poll(mailbox_id=row.pk) == 0
    assert box.connections == 0


def test_one_mailbox_is_added_once_and_not_too_many(cast: Cast, port: int) -> None:
    add(cast, port)
    with pytest.raises(AlreadyThere):
        add(cast, port)
    for n in range(mailboxes.MOST_MAILBOXES - 1):
        add(cast, port, username=f"user{n}")
    with pytest.raises(TooMany):
        add(cast, port, username="one more")


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_looks_into_a_mailbox(box: Box, port: int) -> None:
    cast = factories.team()
    row = add(cast, port)
    start = threading.Barrier(6)

    def look() -> None:
        try:
            start.wait(20)
            with expected_tenant(cast.acme.pk):
                mailboxes.poll(mailbox_id=row.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert box.connections == 1
