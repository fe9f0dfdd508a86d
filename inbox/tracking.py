"""What a provider tells of mails that it has from us: checked by Anymail's own view of that provider, noted by us.

The workspace is not known when it comes. Each mail carries a handle that we signed (letters.py), which the provider repeats;
so no question has to be asked across workspaces, and whoever makes up an event names no mail.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from inbox import deliveries, letters
from inbox.email.provider import HANDLE
from inbox.models import Delivery, OutgoingMail
from tenants.rls.context import tenant_context

# Anymail's backend -> its view of what that provider tells. Amazon's is left out: confirming a subscription asks Amazon in a
# request. Postal and Scaleway have no place for a handle.
_VIEWS = {
    "brevo": "brevo.BrevoTrackingWebhookView",
    "mailersend": "mailersend.MailerSendTrackingWebhookView",
    "mailgun": "mailgun.MailgunTrackingWebhookView",
    "mailjet": "mailjet.MailjetTrackingWebhookView",
    "mailtrap": "mailtrap.MailtrapTrackingWebhookView",
    "mandrill": "mandrill.MandrillCombinedWebhookView",
    "postmark": "postmark.PostmarkTrackingWebhookView",
    "resend": "resend.ResendTrackingWebhookView",
    "sendgrid": "sendgrid.SendGridTrackingWebhookView",
    "sparkpost": "sparkpost.SparkPostTrackingWebhookView",
    "unisender_go": "unisender_go.UnisenderGoTrackingWebhookView",
}
_STATES = {
    "delivered": Delivery.State.DELIVERED,
    "deferred": Delivery.State.DEFERRED,
    "bounced": Delivery.State.BOUNCED,
    "rejected": Delivery.State.REJECTED,
    "failed": Delivery.State.REJECTED,
    "complained": Delivery.State.COMPLAINED,
}


class NotConfigured(Exception):
    """This installation sends by no provider that tells, or nothing proves that it is the provider who tells."""


class NotTheProvider(Exception):
    """The signature or the password is missing or wrong, or what came is none of the provider's."""


def receive(request: HttpRequest) -> int:
    """Note what is told of our mails. How much of it was new. Raises NotConfigured and NotTheProvider."""
    view = _view()
    try:
        view.run_validators(request)
        events = list(view.parse_events(request))
    except (AnymailWebhookValidationFailure, AnymailError, LookupError, ValueError, TypeError, AttributeError):
        raise NotTheProvider from None
    except RecursionError:
        raise NotTheProvider from None
    return _note(events)


def _view() -> Any:
    path = settings.MAIL_TRANSPORT.split(".")
    name = _VIEWS.get(path[2]) if path[:2] == ["anymail", "backends"] and len(path) > 2 else None
    if name is None:
        raise NotConfigured
    module, _, view = name.partition(".")
    kind = getattr(import_module(f"anymail.webhooks.{module}"), view)
    if kind.warn_if_no_basic_auth and not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise NotConfigured  # anybody could tell us anything
    try:
        return kind()
    except AnymailError:
        raise NotConfigured from None


def _note(events: Iterable[Any]) -> int:
    return sum(_noted(event) for event in events)


def _noted(event: Any) -> bool:
    state = _STATES.get(getattr(event, "event_type", ""))
    found = letters.named(str((getattr(event, "metadata", None) or {}).get(HANDLE, "")))
    if state is None or found is None or not event.recipient:
        return False
    tenant_id, pk = found
    with tenant_context(tenant_id):
        row = OutgoingMail.objects.filter(pk=pk).first()
        return row is not None and deliveries.note(
            outgoing=row, recipient=event.recipient, state=state, at=event.timestamp or timezone.now()
        )
