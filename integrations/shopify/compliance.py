"""Requests about people's data: what Shopify's compliance webhooks ask, and an owner who erases a contact.

`receive` writes the request and publishes an event, in the transaction of the webhook's door; the work is done by tasks
(data_requests.py collects, redacting.py erases). Shopify gives 30 days (shopify.dev/docs/apps/build/compliance/
privacy-law-compliance, read 2026-11-22).
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.shopify import deliveries
from integrations.shopify.events import DataRequestContinues, DataRequestNear, ErasureContinues, StoreErasureAsked
from integrations.shopify.models import ComplianceRequest, DataRequestPart, Store
from tenants import audit
from tenants.addresses import AddressError, normalise
from tenants.models import Membership
from tenants.numbering import next_number
from tenants.outbox.events import publish
from tenants.outbox.models import Event

log = logging.getLogger("versana.shopify")

Kind, State = ComplianceRequest.Kind, ComplianceRequest.State
TOPICS = {
    "customers/data_request": Kind.DATA_REQUEST,
    "customers/redact": Kind.CUSTOMER_REDACT,
    "shop/redact": Kind.SHOP_REDACT,
}
# What begins the work on each kind.
_BEGIN = {
    Kind.DATA_REQUEST: DataRequestContinues,
    Kind.CUSTOMER_REDACT: ErasureContinues,
    Kind.CONTACT_ERASE: ErasureContinues,
    Kind.SHOP_REDACT: StoreErasureAsked,
}
_WORKING = [f"{event.__module__}.{event.__qualname__}" for event in _BEGIN.values()]
ORPHANED_AFTER = timedelta(hours=1)
WITHIN = timedelta(days=30)
REMIND = timedelta(days=7)  # before the day
# Shopify repeats a delivery for four hours. The same words a day later are a new request: a store that was connected
# again and uninstalled again sends the very same body.
REPEATED = timedelta(days=1)


class NotAnAddress(ValueError):
    """What was typed is no mail address."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the body of a request says, as far as it can be read."""

    request_id: str = ""
    customer_id: str = ""
    email: str = ""
    phone: str = ""
    order_ids: tuple[str, ...] = ()


def receive(*, store: Store, topic: str, body: Mapping[str, object], body_hash: str) -> None:
    """Take a request of Shopify's, once. Inside the workspace's context and the door's transaction.

    The shop's domain in the signed body must be the store's: the header that found the store is not signed.
    """
    kind = TOPICS[topic]
    if _text(body.get("shop_domain"), 255).lower() != store.shop_domain:
        log.warning("store %s: a request about data names another shop", store.pk)
        return
    if _seen(store, kind, body_hash):
        return
    asked = _asked(body)
    try:
        with transaction.atomic():
            request = _create(kind=kind, store=store, body_hash=body_hash, asked=asked)
    except IntegrityError:  # the same delivery twice at once
        return
    if kind == Kind.DATA_REQUEST:
        audit.record(
            audit.Action.DATA_REQUEST_RECEIVED, by=None, target=store.shop_domain,
            request=request.number, customer=asked.customer_id, shopify_request=asked.request_id,
        )  # fmt: skip
        publish(DataRequestNear(request_id=request.pk), at=request.due_at - REMIND)
    publish(_BEGIN[kind](request_id=request.pk))


def erase_by_hand(*, address: str, by: Membership) -> ComplianceRequest:
    """An owner erases whoever has this address, in this workspace. Raises NotAnAddress."""
    try:
        email = normalise(address)
    except AddressError:
        raise NotAnAddress from None
    asked = Asked(email=email)
    request = _create(kind=Kind.CONTACT_ERASE, store=None, body_hash=secrets.token_hex(32), asked=asked)
    audit.record(audit.Action.CONTACT_ERASURE_ASKED, by=by, target=f"request {request.number}")
    publish(ErasureContinues(request_id=request.pk))
    return request


def resume() -> int:
    """Begin anew what no worker goes on with: its event failed too often, and lies dead. For one workspace; how many."""
    begun = 0
    old = timezone.now() - ORPHANED_AFTER
    for request in ComplianceRequest.objects.filter(state=State.WAITING, received_at__lt=old):
        alive = Event.objects.filter(
            tenant_id=request.tenant_id, payload__request_id=request.pk, kind__in=_WORKING, done_at=None, dead_at=None
        )
        if not alive.exists():
            DataRequestPart.objects.filter(request=request).delete()
            ComplianceRequest.objects.filter(pk=request.pk).update(size=0)
            publish(_BEGIN[Kind(request.kind)](request_id=request.pk))
            begun += 1
    return begun


def _create(*, kind: ComplianceRequest.Kind, store: Store | None, body_hash: str, asked: Asked) -> ComplianceRequest:
    now = timezone.now()
    request: ComplianceRequest = ComplianceRequest.objects.create(
        number=next_number("compliance request"), store=store, kind=kind, body_hash=body_hash, received_at=now, due_at=now + WITHIN,
        request_id=asked.request_id, customer_id=asked.customer_id, email=asked.email, phone=asked.phone, order_ids=list(asked.order_ids),
    )  # fmt: skip
    return request


def _seen(store: Store, kind: ComplianceRequest.Kind, body_hash: str) -> bool:
    """Whether these words are a request that is open, or was repeated. An old one gives up its place."""
    same = ComplianceRequest.objects.filter(store=store, kind=kind, body_hash=body_hash).first()
    if same is None:
        return False
    if same.state != State.DONE or same.received_at > timezone.now() - REPEATED:
        return True
    ComplianceRequest.objects.filter(pk=same.pk).update(body_hash=f"{body_hash[:40]} {same.number}"[:64])
    return False


# --- The body -------------------------------------------------------------------------------------------------------
def _asked(body: Mapping[str, object]) -> Asked:
    """Shopify hides fields by null, and has sent numbers as text: whatever cannot be read is left out."""
    customer, request = _mapping(body.get("customer")), _mapping(body.get("data_request"))
    orders = body.get("orders_to_redact") or body.get("orders_requested")
    wanted = orders if isinstance(orders, list) else []  # as many as fit into a body (deliveries.MAX_BODY)
    return Asked(
        request_id=deliveries.digits(request.get("id")),
        customer_id=deliveries.digits(customer.get("id")),
        email=deliveries.email(customer.get("email")),
        phone=_text(customer.get("phone"), 40),
        order_ids=tuple(dict.fromkeys(each for each in map(deliveries.digits, wanted) if each)),
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object, most: int) -> str:
    """A text of one line that a column can hold."""
    if not isinstance(value, str):
        return ""
    line = " ".join(value.replace("\0", "").split()).encode("utf-8", "ignore").decode()
    return line if len(line) <= most else ""
