"""Mails of ours: first a row, then a worker hands them over; nobody's request waits for a mail server."""

import socket
from email import message_from_bytes

import pytest
from django.core import mail
from django.core.mail import DNS_NAME, EmailMessage, EmailMultiAlternatives, get_connection
from django.db import transaction
from pytest_django import Settings

from tenants.outbox.delivery import deliver
from tenants.outbox.mail import MailQueued, OutboxBackend, deliver_mail
from tenants.outbox.models import Event, QueuedMail
from tests.tenants.outbox.conftest import later


@pytest.fixture(autouse=True)
def _mail_goes_through_the_outbox(settings: Settings) -> None:
    """The test runner puts its own backend in the place of ours; here ours is the subject."""
    settings.EMAIL_BACKEND = "tenants.outbox.mail.OutboxBackend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []


def letter(subject: str = "Wie geht’s?", to: str = "ada@example.com") -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject, "Grüße\n.\nsecond line", "VersanaCX <no-reply@example.com>", [to], bcc=["hidden@example.com"]
    )
    message.attach_alternative("<p>Grüße</p>", "text/html")
    return message


def test_sending_writes_a_row_and_hands_nothing_over(db: None) -> None:
    assert letter().send() == 1
    assert mail.outbox == []
    row, event = QueuedMail.objects.get(), Event.objects.get()
    assert row.recipients == ["ada@example.com", "hidden@example.com"]
    assert event.payload == {"mail_id": row.pk}
    assert b"hidden@example.com" not in bytes(row.message)


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ("VersanaCX <no-reply@shop.example>", "shop.example"),
        ("hallo@bücher.example", "xn--bcher-kva.example"),
        ("nobody", "support.example.com"),
    ],
)
def test_a_mail_is_named_after_its_sender_and_no_name_server_is_asked(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, sender: str, domain: str
) -> None:
    """Django would ask for this machine's full name, in the request that sends, and tell it to whoever gets the mail."""

    def asked(*_: object) -> str:
        raise AssertionError("the machine's name was asked for")

    monkeypatch.setattr(socket, "getfqdn", asked)
    monkeypatch.delattr(DNS_NAME, "_fqdn", raising=False)
    settings.PUBLIC_URL = "https://support.example.com"
    for subject in ("one", "two"):
        EmailMessage(subject, "x", sender, ["ada@example.com"]).send()
    names = [message_from_bytes(bytes(row.message))["Message-ID"] for row in QueuedMail.objects.all()]
    assert len(set(names)) == 2
    assert [name.partition("@")[2] for name in names] == [f"{domain}>"] * 2


def test_a_name_that_the_sender_chose_stays(db: None) -> None:
    EmailMessage("s", "x", None, ["ada@example.com"], headers={"message-id": "<chosen@example.com>"}).send()
    assert bytes(QueuedMail.objects.get().message).count(b"<chosen@example.com>") == 1
    assert bytes(QueuedMail.objects.get().message).lower().count(b"message-id") == 1


def test_delivery_hands_over_exactly_what_was_written_and_forgets_it(db: None) -> None:
    message = letter()
    message.send()
    written = bytes(QueuedMail.objects.get().message)
    assert deliver(Event.objects.get().pk) is True
    (handed,) = mail.outbox
    assert handed.message().as_bytes() == written.replace(b"\r\n", b"\n")
    assert handed.recipients() == ["ada@example.com", "hidden@example.com"]
    assert not QueuedMail.objects.exists()


def test_the_lines_reach_a_mail_server_with_the_ends_it_asks_for(db: None) -> None:
    letter().send()
    deliver(Event.objects.get().pk)
    wire = mail.outbox[0].message().as_bytes(linesep="\r\n")
    assert wire.count(b"\r\n") == wire.count(b"\n")


def test_a_mail_of_a_change_that_was_undone_is_never_sent(db: None) -> None:
    with transaction.atomic():
        letter().send()
        transaction.set_rollback(True)
    assert not QueuedMail.objects.exists()
    assert not Event.objects.exists()


def test_several_mails_are_several_events(db: None) -> None:
    assert get_connection().send_messages([letter("one"), letter("two"), letter("three")]) == 3
    for event in Event.objects.all():
        deliver(event.pk)
    assert sorted(message.message().as_bytes().count(b"Subject: t") for message in mail.outbox) == [0, 1, 1]


def test_one_mail_that_cannot_be_written_keeps_its_neighbours_unwritten_too(db: None) -> None:
    broken = EmailMessage("two\nBcc: everybody@example.com", "x", None, ["ada@example.com"])
    with pytest.raises(ValueError, match="newlines"), transaction.atomic():
        OutboxBackend().send_messages([letter("one"), broken])
    assert not QueuedMail.objects.exists()


def test_a_mail_server_that_refuses_leaves_the_mail_for_the_next_attempt(db: None, settings: Settings) -> None:
    settings.MAIL_TRANSPORT = "tests.tenants.outbox.test_mail.Refusing"
    letter().send()
    event = Event.objects.get()
    assert deliver(event.pk) is False
    event.refresh_from_db()
    assert event.last_error == "MailNotSent: OSError"
    assert QueuedMail.objects.count() == 1
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    later()
    assert deliver(event.pk) is True
    assert len(mail.outbox) == 1


class Refusing(OutboxBackend):
    """A mail server that is away, and quotes the recipient in its answer."""

    def send_messages(self, email_messages: object) -> int:
        raise OSError("550 no such user ada@example.com")


def test_a_mail_that_was_already_sent_is_done(db: None) -> None:
    deliver_mail(MailQueued(mail_id=9_000_000_000))
    assert mail.outbox == []


def test_djangos_own_way_of_sending_goes_through_it(db: None) -> None:
    mail.send_mail("Reset", "https://localhost/account/password/reset/key/secret/", None, ["ada@example.com"])
    assert mail.outbox == []
    deliver(Event.objects.get().pk)
    assert len(mail.outbox) == 1
