"""Looks whether a store that could not be read can be read again, so that it comes back without anybody's doing.

A bill is settled, a lock is opened, a disruption ends at Shopify, and nobody tells us. What only an owner can mend (a revoked
access) is not asked again: each question would be refused.
"""

import logging
from datetime import timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now

from integrations.errors import IntegrationError
from integrations.shopify import answers, asking, client, problems, stores
from integrations.shopify.asking import Priority
from integrations.shopify.client import Connection
from integrations.shopify.events import StoreProbeWanted
from integrations.shopify.models import Store
from integrations.shopify.types import ShopProfile
from tenants.outbox.events import publish
from tenants.rls.context import task_tenant_id, tenant_context

log = logging.getLogger("versana.shopify")

# A problem is looked at every hour on its first day, then once a day; what passes by itself as often as the task runs.
OFTEN: Final = timedelta(minutes=9)
HOURLY: Final = timedelta(hours=1)
DAILY: Final = timedelta(days=1)
# Nobody has this address (RFC 2606): the same question as for anybody, without anybody's data in the answer.
NOBODY: Final = "nobody@versana.invalid"


def want() -> int:
    """Ask for a look at each store for which it is time. Claimed in the row: two tasks at once want each store once."""
    wanted = 0
    for store_id in list(_due().values_list("pk", flat=True)):
        if _due().filter(pk=store_id).update(probed_at=Now()):
            publish(StoreProbeWanted(store_id=store_id))
            wanted += 1
    return wanted


def probe(*, store_id: int) -> None:
    """Ask what a read asks. Never raises for what Shopify answers: the next look is planned already."""
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        store = Store.objects.filter(_broken() | _failing(), pk=store_id).first()
    if store is None:
        return
    try:
        profile = asking.ask(store_id, _asked, priority=Priority.BACKGROUND)
    except IntegrationError as error:
        log.info("store %s: probe: %s", store_id, error.code)
        with tenant_context(tenant_id):
            stores.note_failure(store_id=store_id, generation=store.generation, error=error)
        return
    with tenant_context(tenant_id):
        back = tuple(problem for problem in answers.PROBED if problem != Store.Problem.SCOPES_MISSING)
        problems.over(store_id=store_id, generation=store.generation, problems=back)
        stores.note_success(store_id=store_id, generation=store.generation)
        stores.note_profile(store_id=store_id, generation=store.generation, profile=profile)


def _asked(connection: Connection) -> ShopProfile:
    """The store's profile, once a question for a customer was answered too: Shopify may give the one and refuse the other."""
    profile = client.shop_profile(connection)
    client.customer_orders(connection, email=NOBODY)
    return profile


def _due() -> QuerySet[Store]:
    last = Coalesce("probed_at", "problem_since")
    young, old = Q(problem_since__gt=Now() - DAILY), Q(problem_since__lte=Now() - DAILY)
    broken = _broken() & (young & Q(last__lt=Now() - HOURLY) | old & Q(last__lt=Now() - DAILY))
    failing = _failing() & Q(failing_since__lt=Now() - answers.SHOWN_AFTER)
    again = Q(probed_at=None) | Q(probed_at__lt=Now() - OFTEN)
    return Store.objects.annotate(last=last).filter(broken | failing & again)


def _broken() -> Q:
    return Q(state=Store.State.NEEDS_ATTENTION, problem__in=answers.PROBED)


def _failing() -> Q:
    return Q(state=Store.State.CONNECTED) & ~Q(failing_since=None)
