"""The door at which Shopify tells of changes: whose signature it is, each delivery once, and its effect in the same transaction.

Nothing is asked of Shopify or of Redis here. What wants asking is an event that the next sweep of the outbox finds. Effects
only invalidate or ask again, so that order does not matter. They reach the stores of the app that signed, and no others.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from integrations.shopify import compliance, deliveries, order_context, topics
from integrations.shopify.credentials import NoApp, installation_app
from integrations.shopify.deliveries import Envelope, Refused
from integrations.shopify.events import OrderDeleted, StoreChanged, UninstallReported
from integrations.shopify.models import LIVE, ShopifyApp, Store, WebhookReceipt
from integrations.shopify.topics import Effect, Topic
from tenants import doors
from tenants.crypto.sealing import SealError
from tenants.crypto.secret import Secret
from tenants.outbox.events import publish, without_pokes
from tenants.rls.context import tenant_context

log = logging.getLogger("versana.shopify")

KEPT = timedelta(days=30)
NOTHING, TWICE = "", "twice"


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A workspace's store of the shop that is named, and the secrets of the app that it is, or was, connected by."""

    tenant_id: int
    store: Store
    secrets: tuple[Secret, ...]


def receive(*, headers: Mapping[str, str], body: bytes) -> str:
    """Take one delivery: its receipt and its effect, together or not at all. What it did, "" or "twice" when nothing.

    Raises Refused. Without a valid signature nothing is stored.
    """
    envelope = deliveries.envelope(headers)
    with transaction.atomic(), without_pokes():
        signers = _signers(envelope, body)
        content = deliveries.content(body)
        topic = topics.named(envelope.topic)
        if not deliveries.vouched(content, envelope.shop) or (topic and not topic.fits(content)):
            raise Refused(400, "a body of another shop or topic")
        concerned = [one for one in signers if topic and (topic.compliance or one.store.state in LIVE)]
        effect = topic.effect if topic and concerned else NOTHING
        by_event = bool(topic and concerned and not topic.compliance)
        if not _first(envelope, content, effect, concerned, by_event=by_event):
            return TWICE
        if topic is not None:
            for one in concerned:
                with tenant_context(one.tenant_id):
                    _act(topic, one.store, content, body)
    return effect


def forget() -> int:
    """Delete receipts of deliveries that Shopify will not send again: it tries for four hours (read 2026-11-22)."""
    return int(WebhookReceipt.objects.filter(received_at__lt=Now() - KEPT).delete()[0])


def _signers(envelope: Envelope, body: bytes) -> list[_Candidate]:
    """The stores whose app signed. Empty where the installation's app did and knows no such shop. Raises Refused."""
    own = _installation_secrets()
    by_own = deliveries.signed(body, envelope.signature, own)
    candidates = [
        one for tenant_id in doors.tenants_of_shop(envelope.shop) for one in _stores(tenant_id, envelope.shop)
    ]
    signers = [
        one
        for one in candidates
        if (by_own if one.store.app_id is None else deliveries.signed(body, envelope.signature, one.secrets))
    ]
    if not signers and not by_own:
        raise Refused(401, "not signed by an app of this shop")
    return signers


def _installation_secrets() -> tuple[Secret, ...]:
    try:
        return installation_app().secrets
    except NoApp:
        return ()


def _stores(tenant_id: int, shop: str) -> list[_Candidate]:
    with tenant_context(tenant_id):
        stores = Store.objects.filter(shop_domain=shop).select_related("app").defer("access_token", "refresh_token")
        return [_Candidate(tenant_id, store, _secrets(store.app)) for store in stores]


def _secrets(app: ShopifyApp | None) -> tuple[Secret, ...]:
    """The current one and, while it is being rotated, the previous. One that does not open signs nothing."""
    if app is None:
        return ()
    try:
        kept = cast("tuple[Secret | None, ...]", (app.client_secret, app.previous_secret))
    except SealError:
        log.warning("app %s does not open", app.pk)
        return ()
    return tuple(secret for secret in kept if secret is not None)


def _first(
    envelope: Envelope,
    content: Mapping[str, object],
    effect: str,
    concerned: Sequence[_Candidate],
    *,
    by_event: bool,
) -> bool:
    """Write the receipt. False when there is one: of this delivery, or of the same change told again under another id.

    Two at once: the second waits for the first to end. The event counts only where something was done about it; else a
    former app's delivery, which nobody is concerned by, would stand in the way of the present one's. It never counts for
    a request about people's data: one action of a merchant's is told to every app that ever served the shop, and once for
    each customer, who has no place among a receipt's columns. Such requests are told apart by their words (compliance.py).
    """
    receipt = WebhookReceipt(
        shop_domain=envelope.shop,
        topic=envelope.topic,
        delivery_id=envelope.delivery_id,
        event_id=envelope.event_id if by_event else "",
        resource_id=deliveries.digits(content.get("id")),
        triggered_at=envelope.triggered_at,
        tenant_id=concerned[0].tenant_id if concerned else None,
        effect=effect,
    )
    try:
        with transaction.atomic():
            receipt.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _act(topic: Topic, store: Store, content: Mapping[str, object], body: bytes) -> None:
    resource = deliveries.digits(content.get("id"))
    if topic.effect == Effect.DROP:
        about_customer = topic.name.startswith("customers/")
        customer = resource if about_customer else deliveries.customer_of(content)
        order_context.drop(
            store=store,
            customer_id=customer,
            email_norm=deliveries.email(content.get("email")),
            named_order_id="" if about_customer else resource,
            created=topic.name == "orders/create",
        )
    elif topic.effect == Effect.FORGET:
        order_context.forget_customer(store=store, customer_id=resource)
    elif topic.effect == Effect.LOOK_FOR_ORDER and resource:
        publish(OrderDeleted(store_id=store.pk, order_id=int(resource)))
    elif topic.effect == Effect.DESCRIBE:
        publish(StoreChanged(store_id=store.pk))
    elif topic.effect == Effect.COMPLY:
        compliance.receive(store=store, topic=topic.name, body=content, body_hash=hashlib.sha256(body).hexdigest())
    elif topic.effect == Effect.CONFIRM_UNINSTALL:
        publish(UninstallReported(store_id=store.pk, generation=store.generation))
