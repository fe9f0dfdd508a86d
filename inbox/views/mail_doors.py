"""The doors at which mail is handed in: a provider's webhook, and one's own mail server. 200 means that the mail is kept."""

import logging
import re

from anymail.exceptions import AnymailWebhookValidationFailure
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from inbox import providers
from inbox.email import doorstep
from inbox.email.doorstep import Handed, UnknownRecipient
from inbox.email.inbound import ClosedWorkspace
from inbox.email.parsing import MAIL_LIMIT, BadMail
from inbox.models import RawMail
from tenants.access import public

log = logging.getLogger("versana.mail")

MAX_BODY = 26 * 1024 * 1024
_TYPES = ("message/rfc822", "application/octet-stream", "text/plain")
_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


class Refused(Exception):
    """What the server that calls is told, and with which status; below 500 another try changes nothing."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
@public(
    "A mail provider calls it; anymail checks the secret or the signature, and nothing is kept without a valid one."
)
def provider(request: HttpRequest, provider: str, mime: bool = False) -> HttpResponse:
    """Mailgun sends whole mails to an address that ends in "mime", and to any other a form with files, which nothing of ours
    takes."""
    webhook = providers.webhook(provider)
    if webhook is None or mime != (provider == "mailgun"):
        raise Http404
    try:
        return webhook(request)
    except AnymailWebhookValidationFailure:
        log.warning("a call of the mail provider was refused: not signed, or with another secret")
        return _said(401, "not signed by the provider")
    except (OperationalError, InterfaceError):
        return _busy()


@csrf_exempt
@require_POST
@public("One's own mail server calls it, with a secret; nothing is read or kept without it.")
def raw(request: HttpRequest) -> HttpResponse:
    """A whole mail as the body; for whom, in the header X-Envelope-To or as ?recipient=."""
    try:
        _check_secret(request)
        recipient = request.headers.get("X-Envelope-To") or request.GET.get("recipient", "")
        if not recipient:
            raise Refused(400, "no recipient")
        if request.content_type not in _TYPES:
            raise Refused(415, "a mail is sent as message/rfc822")
        doorstep.hand_in(Handed(_body(request), RawMail.Source.DOOR, recipient))
    except Refused as refused:
        return _said(refused.status, refused.reason)
    except UnknownRecipient:
        return _said(404, "no workspace takes mail in at this address")
    except ClosedWorkspace:
        return _said(410, "this workspace is closed")
    except BadMail:
        return _said(413, "too large")
    except (OperationalError, InterfaceError):
        return _busy()
    return _said(200, "kept")


def _check_secret(request: HttpRequest) -> None:
    if not settings.MAIL_DOOR_SECRET:
        raise Http404
    given = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if given is None or not constant_time_compare(given[1], settings.MAIL_DOOR_SECRET):
        log.warning("mail was refused at the door: no secret, or another one")
        raise Refused(401, "not the secret")


def _body(request: HttpRequest) -> bytes:
    """The mail, also where its length was not announced. Raises Refused."""
    announced = request.META.get("CONTENT_LENGTH")
    try:
        if announced:
            body = request.body if int(announced) <= MAX_BODY else None
        elif request.META.get("wsgi.input_terminated"):
            body = request.META["wsgi.input"].read(MAX_BODY + 1)
        else:
            raise Refused(411, "no length")
    except (ValueError, OSError, UnreadablePostError):
        raise Refused(400, "an unreadable body") from None
    if body is None or len(body) > MAIL_LIMIT:
        raise Refused(413, "too large")
    if not body.strip():
        raise Refused(400, "an empty body")
    return bytes(body)


def _busy() -> HttpResponse:
    """Nothing was kept, so the mail comes again."""
    log.warning("mail was put off: the database did not answer")
    response = _said(503, "busy")
    response["Retry-After"] = "60"
    return response


def _said(status: int, words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain")
