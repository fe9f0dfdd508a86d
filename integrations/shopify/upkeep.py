"""Keeps the access of quiet stores alive: one that nobody reads for 90 days would be lost, and nobody would know.

Accesses that never expire are exchanged the same way: public apps lose those on 2027-01-01 (shopify.dev changelog
2026-05-20, read 2026-11-22).
"""

import logging
import random
from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.shopify import stores, tokens
from integrations.shopify.events import StoreAccessAged
from integrations.shopify.models import Store
from tenants.outbox.events import publish
from tenants.rls.context import task_tenant_id, tenant_context

log = logging.getLogger("versana.shopify")

# Until the next look, less the time that the last ones take (versana/work.py).
SPREAD: Final = timedelta(hours=5)


def want() -> int:
    """Ask for the renewal of what was not renewed for a fortnight, each at a time of its own. For the current workspace."""
    old = Q(refreshed_at=None) | Q(refreshed_at__lt=Now() - tokens.QUIET)
    due = list(Store.objects.filter(old, state=Store.State.CONNECTED).values_list("pk", flat=True))
    for store_id in due:
        wait = random.uniform(0, SPREAD.total_seconds())  # noqa: S311 - spreads load, keeps no secret
        publish(StoreAccessAged(store_id=store_id), at=timezone.now() + timedelta(seconds=wait))
    return len(due)


def renew(*, store_id: int) -> None:
    """Renew one, if that is still due. What passes by itself is left to the next look: there is time for many."""
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        store = Store.objects.filter(pk=store_id, state=Store.State.CONNECTED).first()
    if store is None:
        return
    try:
        tokens.renew(store_id)
    except IntegrationError as error:
        log.info("store %s: not renewed: %s", store_id, error.code)
        with tenant_context(tenant_id):
            stores.note_failure(store_id=store_id, generation=store.generation, error=error)
