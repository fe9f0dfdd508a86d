"""One mail by a backend of Anymail's, for installations that send through a provider; or by another backend of Django's.

A provider takes a mail in one request. Anymail (15.2, read 2026-11-27) hands no idempotency key on, so an answer that did not
come leaves the mail unknown; the provider's tracking, which repeats `HANDLE`, can settle it later.
"""

import socket
from typing import Any

from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailRecipientsRefused,
    AnymailUnsupportedFeature,
)
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from inbox.email import outbound
from inbox.email.answers import HandingOver, Lost, NotNow, Refused, Sent, Superseded
from inbox.email.outbound import Letter

HANDLE = "versana"  # under which name a provider keeps, and repeats, which mail it is
AGAIN = {408, 429, 503}
_REFUSED = {"invalid", "rejected", "failed"}
# What a library below says when no connection came about: then nothing left.
_NEVER_LEFT = {"ConnectTimeout", "ConnectTimeoutError", "NewConnectionError", "NameResolutionError"}


def hand_over(*, letter: Letter, handing_over: HandingOver) -> Sent:
    """Raises NotNow, Refused, Lost, Superseded."""
    mail, connection = outbound.mail(letter), get_connection(settings.MAIL_TRANSPORT)
    mail.metadata = {HANDLE: letter.handle}  # type: ignore[attr-defined]
    if not handing_over():
        raise Superseded
    try:
        _send(connection, mail)
    except AnymailRecipientsRefused:
        raise Refused("recipients_refused", letter.recipients) from None
    except AnymailAPIError as error:
        raise _said(error) from None
    except AnymailError:
        raise Refused("not_supported") from None  # by what it is made of: before anything left
    except (ConnectionRefusedError, socket.gaierror):
        raise NotNow("unreachable") from None
    except Exception:
        raise Lost("no_answer") from None
    return _taken(mail)


def _send(connection: Any, mail: EmailMultiAlternatives) -> None:
    """With the handle, and without it where the provider has no place for one: then it tells of no delivery."""
    try:
        connection.send_messages([mail])
    except AnymailUnsupportedFeature:
        del mail.metadata  # type: ignore[attr-defined]
        connection.send_messages([mail])


def _taken(mail: EmailMultiAlternatives) -> Sent:
    status = getattr(mail, "anymail_status", None)
    if status is None:
        return Sent()
    refused = tuple(email for email, each in (status.recipients or {}).items() if each.status in _REFUSED)
    number = status.message_id if isinstance(status.message_id, str) else ""
    return Sent(provider_id=number[:255], refused=refused)


def _said(error: AnymailAPIError) -> NotNow | Refused | Lost:
    code = error.status_code
    if code is None:
        return NotNow("unreachable") if _never_left(error) else Lost("no_answer")
    if code in AGAIN:
        return NotNow("put_off")
    if code in (401, 403):
        return NotNow("login_refused")  # about us and not about this mail
    return Refused("content_refused") if 400 <= code < 500 else Lost("no_answer")


def _never_left(error: BaseException) -> bool:
    """Whether no connection came about. The reason lies some causes deep, and in what a cause was made with."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if any(kind.__name__ in _NEVER_LEFT for kind in type(one).__mro__):
            return True
        near = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [each for each in near if isinstance(each, BaseException)]
    return False
