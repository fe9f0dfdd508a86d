"""Mails of ours (password reset and the like) leave through the outbox: no request waits for a mail server."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import make_msgid, parseaddr
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils.encoding import punycode

from tenants.outbox.events import Told, publish
from tenants.outbox.models import QueuedMail


@dataclass(frozen=True, slots=True)
class MailQueued:
    mail_id: int
    queue: ClassVar[str] = "background"


class MailNotSent(Told):
    """No mail server took it; another attempt follows."""


class OutboxBackend(BaseEmailBackend):
    """Django's mail backend: writes a row and an event, in the transaction of whoever sends."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with transaction.atomic():
            for message in email_messages:
                _name(message)
                row = QueuedMail.objects.create(
                    message=message.message().as_bytes(), sender=message.from_email, recipients=message.recipients()
                )
                publish(MailQueued(mail_id=row.pk))
        return len(email_messages)


def _name(message: EmailMessage) -> None:
    """Give the mail its Message-ID. Django's own would end with this machine's name, which it asks a name server for."""
    if not any(header.lower() == "message-id" for header in message.extra_headers):
        _, at, domain = parseaddr(message.from_email)[1].rpartition("@")
        domain = domain if at else urlsplit(settings.PUBLIC_URL).hostname or "localhost"
        message.extra_headers["Message-ID"] = make_msgid(domain=punycode(domain))


class _Sealed(EmailMessage):
    """A mail whose bytes were fixed when it was written."""

    def __init__(self, row: QueuedMail) -> None:
        super().__init__(from_email=row.sender, to=row.recipients)
        self._bytes = bytes(row.message)

    def message(self) -> "_Bytes":  # type: ignore[override]
        return _Bytes(self._bytes)


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def as_bytes(self, linesep: str = "\n", **kwargs: object) -> bytes:
        return self._data.replace(b"\r\n", b"\n").replace(b"\n", linesep.encode())

    def get_charset(self) -> None:
        return None


def deliver_mail(event: MailQueued) -> None:
    """Hand the mail over and forget it. A crash between the two sends it twice, which a password reset survives.

    Raises MailNotSent.
    """
    row = QueuedMail.objects.filter(pk=event.mail_id).first()
    if row is None:
        return
    failure = _handed_over(row)
    if (
        failure
    ):  # Outside of an `except`: an error's context has smtplib's frames, and the server's password stands in them.
        raise MailNotSent(failure)
    row.delete()


def _handed_over(row: QueuedMail) -> str:
    """What went wrong: an error's class and a server's code, never its words, which may repeat what it was told."""
    try:
        get_connection(settings.MAIL_TRANSPORT).send_messages([_Sealed(row)])
    except Exception as error:
        return " ".join(str(each) for each in (type(error).__name__, getattr(error, "smtp_code", "")) if each)
    return ""
