"""One mail by a backend of Anymail's, for installations that send through a provider; or by another backend of Django's.

A provider takes a mail in one request. Anymail (15.2, read 2026-11-27) hands no idempotency key on, so an answer that did not
come leaves the mail unknown; the provider's tracking, which repeats `HANDLE`, can settle it later.
"""

import socket
from typing import Any

from anymail.backends.base import AnymailBaseBackend
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
    connection = get_connection(settings.MAIL_TRANSPORT)
    mail = _written(letter, connection)
    if not handing_over():
        raise Superseded
    answer = _asked(connection, mail, letter.recipients)
    # Outside of an `except`: an error's context has the frames of the libraries below, and the provider's key stands in them.
    if answer is not None:
        raise answer
    return _taken(mail)


def _asked(
    connection: Any, mail: EmailMultiAlternatives, recipients: tuple[str, ...]
) -> NotNow | Refused | Lost | None:
    try:
        connection.send_messages([mail])
    except AnymailRecipientsRefused:
        return Refused("recipients_refused", recipients)
    except AnymailAPIError as error:
        return _said(error)
    except (ConnectionRefusedError, socket.gaierror):
        return NotNow("unreachable")
    except Exception:  # an answer that nobody understands may have been a yes
        return Lost("no_answer")
    return None


def _written(letter: Letter, connection: Any) -> EmailMultiAlternatives:
    """With the handle, and without it where the provider has no place for one: then it tells of no delivery.

    What a provider cannot send is found before anything leaves, for afterwards the same errors can be about its answer.
    """
    mail = outbound.mail(letter)
    if not isinstance(connection, AnymailBaseBackend):
        return mail
    mail.metadata = {HANDLE: letter.handle}  # type: ignore[attr-defined]
    try:
        connection.build_message_payload(mail, connection.send_defaults)
    except AnymailUnsupportedFeature:
        del mail.metadata  # type: ignore[attr-defined]
    except AnymailError:
        raise Refused("not_supported") from None
    else:
        return mail
    try:
        connection.build_message_payload(mail, connection.send_defaults)
    except AnymailError:
        raise Refused("not_supported") from None
    return mail


def _taken(mail: EmailMultiAlternatives) -> Sent:
    status = getattr(mail, "anymail_status", None)
    if status is None:
        return Sent()
    each = dict(status.recipients or {})
    if each and all(one.status in (None, "unknown") and not one.message_id for one in each.values()):
        raise Lost("no_answer")  # neither a yes nor a no
    refused = tuple(email for email, one in each.items() if one.status in _REFUSED)
    numbers = {one.message_id for one in each.values() if one.message_id}
    return Sent(provider_id=min(numbers)[:255] if numbers else "", refused=refused)


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
