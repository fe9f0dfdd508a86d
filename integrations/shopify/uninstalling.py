"""The app was uninstalled in Shopify: believed when Shopify itself no longer lets us in, and then the same end as a disconnection.

A webhook alone proves nothing: its body is signed, the shop in its header is not.
"""

import logging

from django.db.models import QuerySet

from integrations.errors import GrantRefused, IntegrationError, TokenRefused
from integrations.shopify import asking, client, stores, tokens
from integrations.shopify.asking import Priority
from integrations.shopify.models import LIVE, Store
from tenants import audit
from tenants.rls.context import task_tenant_id, tenant_context

log = logging.getLogger("versana.shopify")


def uninstall_reported(*, store_id: int, generation: int) -> None:
    """Ask with the access that we have; only a refusal that no renewal mends ends the store. For tasks.

    A store that was connected anew since the report has another generation, and is left alone. Any other failure is raised:
    the report is looked at again later.
    """
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        store = _reported(store_id, generation).defer("access_token", "refresh_token").first()
    if store is None or _lets_us_in(store):
        return
    with tenant_context(tenant_id):
        _end(store_id, generation)


def _reported(store_id: int, generation: int) -> QuerySet[Store]:
    return Store.objects.filter(pk=store_id, generation=generation, state__in=LIVE)


def _lets_us_in(store: Store) -> bool:
    """Whether the store accepts us, with a renewed token where the present one is refused."""
    try:
        asking.ask(store.pk, client.shop_profile, priority=Priority.BACKGROUND)
    except (TokenRefused, GrantRefused):
        return False
    except tokens.AccessLost:
        # Nothing to ask with. Where Shopify refused us before, it has said so already; a lost key of ours says nothing.
        return store.problem != Store.Problem.ACCESS_REVOKED
    except IntegrationError as error:
        if not error.permanent:
            raise
        log.info("store %s is still installed: %s", store.pk, error.code)  # frozen, locked: it knows us
    return True


def _end(store_id: int, generation: int) -> None:
    """As a disconnection, without a farewell."""
    store = _reported(store_id, generation).select_for_update().first()
    if store is None:
        return
    stores.end(store, state=Store.State.UNINSTALLED)
    audit.record(audit.Action.STORE_UNINSTALLED, by=None, target=store.shop_domain)
