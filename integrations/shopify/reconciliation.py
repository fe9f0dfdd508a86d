"""What webhooks did not tell: asked for now and then, so that a missed delivery is made up for. For tasks.

A store without stored rows has nothing that could be wrong, and is not asked. Of changes only ids are read. A new guest
order, which has no customer, is found at the next look that is a minute old; who deleted what, Shopify does not list.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Max, Q
from django.db.models.functions import Now

from integrations.errors import IntegrationError
from integrations.shopify import changes, order_context, stores
from integrations.shopify.asking import Priority, ask
from integrations.shopify.changes import Change, Page
from integrations.shopify.models import OrderContext, Store, WebhookReceipt
from tenants.rls.context import task_tenant_id, tenant_context

log = logging.getLogger("versana.shopify")

EVERY = timedelta(minutes=10)
# Shopify's search index lags, and its clock is not ours.
OVERLAP = timedelta(minutes=5)
# Rows that nobody looked at for so long are deleted.
LONGEST = order_context.KEPT
MOST_PAGES = 20

Question = Callable[..., Page]


def reconcile(*, store_id: int) -> None:
    """Look through all that changed since the last time, and mark the rows that no delivery told of.

    How far it came is written only after everything up to there was seen. At the end the store is asked for its permissions.
    """
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        store = _due(store_id)
    if store is None:
        return
    try:
        until = min(_walk(store, "orders", changes.orders), _walk(store, "customers", changes.customers))
    except IntegrationError as error:
        with tenant_context(tenant_id):
            stores.note_failure(store_id=store_id, generation=store.generation, error=error)
        log.info("store %s is not reconciled: %s", store.pk, error.code)
        return  # the next round begins where this one did
    with tenant_context(tenant_id):
        Store.objects.filter(pk=store.pk, generation=store.generation).update(reconciled_at=until)
    stores.describe(store_id=store_id)


def _due(store_id: int) -> Store | None:
    """The store, when it is time and there is something to look for; without stored rows its window is over at once."""
    connected = Store.objects.filter(pk=store_id, state=Store.State.CONNECTED)
    store = connected.annotate(clock=Now()).defer("access_token", "refresh_token").first()
    if store is None or (store.reconciled_at and store.clock - store.reconciled_at < EVERY / 2):
        return None
    if not OrderContext.objects.filter(store=store).exists():
        connected.update(reconciled_at=Now())
        return None
    return store


def _walk(store: Store, kind: str, question: Question) -> datetime:
    """Page by page, oldest change first. Up to when everything was seen: to the beginning of this round, if all fits in."""
    begun = store.clock
    since = max((store.reconciled_at or store.connected_at) - OVERLAP, begun - LONGEST)
    after, last = None, since
    for _number in range(MOST_PAGES):
        page = ask(store.pk, partial(question, since=since, after=after), priority=Priority.BACKGROUND)
        with tenant_context(task_tenant_id()):
            missed = _mark(store, kind, page.changes)
        if missed:
            log.warning("store %s: %d rows of %s that no webhook told of", store.pk, missed, kind)
        after = page.next_cursor
        if after is None:
            return begun
        last = max([last, *(change.updated_at for change in page.changes)])
    # The next round begins at the last change that was seen; a second later in any case, or a store that changed thousands
    # of orders at once would never come further.
    return min(begun, max(last, since + timedelta(seconds=1)) + OVERLAP)


def _mark(store: Store, kind: str, found: tuple[Change, ...]) -> int:
    """Mark the rows that these changes concern, were not told of, and that were read before."""
    current = stores.lock(store.pk)
    if current.generation != store.generation:
        return 0
    untold = _untold(store, kind, found)
    by_customer = {change.customer_id: change.updated_at for change in untold if change.customer_id}
    rows = OrderContext.objects.filter(store=store, customer_id__in=by_customer, dropped_at=None)
    stale = [
        pk
        for pk, customer, read in rows.values_list("pk", "customer_id", "fetched_at")
        if read is None or read < by_customer[customer] + OVERLAP
    ]
    missed = order_context.mark(OrderContext.objects.filter(pk__in=stale))
    for change in untold:
        if not change.customer_id:
            guests = Q(fetched_at=None) | Q(fetched_at__lt=change.updated_at + OVERLAP)
            missed += order_context.drop(store=store, order_id=change.id, where=guests & Q(dropped_at=None))
    return missed


def _untold(store: Store, kind: str, found: tuple[Change, ...]) -> list[Change]:
    """Those without a receipt of a delivery that Shopify sent at the change or later. Both times are Shopify's."""
    receipts = WebhookReceipt.objects.filter(
        shop_domain=store.shop_domain,
        topic__startswith=f"{kind}/",
        resource_id__in=[change.id for change in found],
        tenant_id=store.tenant_id,
    )
    told = dict(receipts.values_list("resource_id").annotate(last=Max("triggered_at")))
    return [change for change in found if (last := told.get(change.id)) is None or last < change.updated_at]
