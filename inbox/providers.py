"""Mail that a provider's webhook brings, by django-anymail: whose call it is, and the bytes of the mail.

anymail checks the secret or the signature, reads the call and tells of each mail by its signal `inbound`, which is how it is
meant to be used. The bytes are the provider's where it gives them; else they are written anew from what it gives.
"""

import logging
from base64 import b64decode
from collections.abc import Callable, Iterable
from email.message import Message as MimeMessage
from email.policy import SMTP, compat32
from functools import cache
from typing import Any, cast

from anymail import urls
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from inbox.email import doorstep
from inbox.email.doorstep import Handed, UnknownRecipient
from inbox.email.inbound import ClosedWorkspace
from inbox.email.parsing import BadMail
from inbox.models import RawMail

log = logging.getLogger("versana.mail")
WebhookView = Callable[[HttpRequest], HttpResponse]


def webhook(name: str) -> WebhookView | None:
    """anymail's view for the provider that this installation has; None for any other."""
    return _views().get(name) if name and name == settings.INBOUND_PROVIDER else None


@cache
def _views() -> dict[str, WebhookView]:
    ending = "_inbound_webhook"
    views = {p.name.removesuffix(ending): p.callback for p in urls.urlpatterns if str(p.name).endswith(ending)}
    views["mandrill"] = next(p.callback for p in urls.urlpatterns if p.name == "mandrill_webhook")
    return cast("dict[str, WebhookView]", views)


def take_in(sender: object, event: Any, esp_name: str, **kwargs: Any) -> None:
    """Receiver of anymail's `inbound`. What raises here is answered with 500, and the provider calls again."""
    raw, spam = _raw(event, esp_name), bool(event.message.spam_detected)
    recipients = list(dict.fromkeys(_recipients(event, esp_name)))
    if not recipients:
        log.warning("a provider named nobody whom a mail is for")
    for recipient in recipients:
        try:
            doorstep.hand_in(Handed(raw, RawMail.Source.PROVIDER, recipient, spam=spam))
        except (UnknownRecipient, ClosedWorkspace):
            continue  # nobody's: another call would not change that
        except BadMail:
            log.warning("a provider brought a mail that is too large")


def _recipients(event: Any, esp_name: str) -> Iterable[str]:
    """All of the envelope: anymail names the first alone."""
    if esp_name == "MailerSend":
        return [each.get("email", "") for each in event.esp_event["data"].get("recipients", {}).get("rcptTo", [])]
    return [each.strip() for each in str(event.message.envelope_recipient or "").split(",") if each.strip()]


def _raw(event: Any, esp_name: str) -> bytes:
    given = _given(event.esp_event, esp_name)
    return given if given is not None else written(event.message)


def _given(call: Any, esp_name: str) -> bytes | None:
    """The mail as it came to the provider, where the call has it."""
    match esp_name:
        case "Postmark":
            return _encoded(call.get("RawEmail"))
        case "Mailgun":
            return _encoded(call.POST.get("body-mime"))
        case "Mandrill":
            return _encoded(call["msg"].get("raw_msg"))
        case "MailerSend":
            return _encoded(call["data"].get("raw"))
        case "Postal":
            return b64decode(call["message"]) if call.get("base64") is True else _encoded(call.get("message"))
        case "SparkPost":
            content = call["msys"]["relay_message"]["content"]
            raw = content.get("email_rfc822")
            return b64decode(raw) if content.get("email_rfc822_is_base64") else _encoded(raw)
    return None


def _encoded(text: object) -> bytes | None:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) and text else None


def written(message: MimeMessage) -> bytes:
    """A mail of parts as bytes. The standard library cannot always write what it has read: its older rules can more often."""
    try:
        return message.as_bytes(policy=SMTP.clone(max_line_length=0))
    except (
        Exception
    ):  # LookupError, UnicodeError, ValueError, IndexError: it depends on the mail and on Python's version.
        return message.as_bytes(policy=compat32)
