"""The access to a store: kept, opened, renewed. The only module that reads or writes the sealed tokens of a store.

When an access ends, and who is renewing it until when, goes by the database's clock: processes' clocks differ.
"""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.utils import timezone

from integrations import errors
from integrations.shopify import client, oauth
from integrations.shopify.credentials import installation_app
from integrations.shopify.models import Store
from integrations.shopify.types import TokenGrant
from tenants import switches
from tenants.crypto.sealing import SealError
from tenants.crypto.secret import Secret
from tenants.rls.context import task_tenant_id, tenant_context
from tenants.switches import Switch

log = logging.getLogger("versana.shopify")

# Refresh when less than this is left of an access token's hour.
EARLY = timedelta(minutes=5)
REFRESH_LEASE = timedelta(seconds=20)


class AccessLost(errors.IntegrationError):
    """There is no usable token: the store must be connected again."""

    code = errors.TokenRefused.code
    text = "The store must be connected again."
    permanent = True


class ReadingPaused(errors.IntegrationError):
    """Platform staff have switched off that anything is asked of Shopify."""

    code = "reading_paused"
    text = "Reading stores is paused in this installation."


class AccessBusy(errors.IntegrationError):
    """Another process is renewing the token at this moment."""

    code = "access_busy"
    text = "The access is being renewed."


def connection(store_id: int, *, refused: Secret | None = None) -> client.Connection:
    """A token that Shopify accepts now, renewed when it is about to end. For tasks: may talk to Shopify, and may wait.

    `refused` is a token that Shopify just refused: it is renewed too, unless somebody else has done so meanwhile.
    Raises ReadingPaused, AccessLost, AccessBusy (somebody else has been renewing for too long), or what the token endpoint raised.
    """
    if not switches.is_on(Switch.READ_STORES):
        raise ReadingPaused
    tenant_id = task_tenant_id()
    deadline = time.monotonic() + REFRESH_LEASE.total_seconds()
    while True:
        with tenant_context(tenant_id):
            plan = _plan(store_id, refused=refused)
        if isinstance(plan, client.Connection):
            return plan
        if isinstance(plan, _Renewal):
            try:
                grant = _renewed(plan)
            except errors.IntegrationError:
                with tenant_context(tenant_id):
                    _release(plan.store)
                raise
            with tenant_context(tenant_id):
                return _keep_grant(plan.store, grant)
        if not isinstance(plan, AccessBusy) or time.monotonic() > deadline:
            raise plan
        time.sleep(0.25)


@dataclass(frozen=True, slots=True)
class _Renewal:
    """This process holds the lease and is the one to renew."""

    store: Store
    refresh_token: Secret


def _renewed(plan: _Renewal) -> TokenGrant:
    """After a lost answer the next try uses the same refresh token, which Shopify then still accepts."""
    app = installation_app()
    return oauth.refresh(
        shop=plan.store.shop_domain,
        client_id=app.client_id,
        client_secret=app.client_secret,
        refresh_token=plan.refresh_token,
    )


def _release(store: Store) -> None:
    """Nobody is renewing any more: the next one need not wait for the lease to end."""
    Store.objects.filter(pk=store.pk, generation=store.generation).update(refresh_leased_until=None)


def _plan(store_id: int, *, refused: Secret | None) -> "client.Connection | _Renewal | AccessLost | AccessBusy":
    """What to do for a usable token. Errors come back as values: raised here, they would undo what was noted."""
    store = Store.objects.annotate(clock=Now()).get(pk=store_id)
    token, ends = opened(store, "access_token"), store.access_expires_at
    if token is None:
        return AccessLost()
    if token != refused and (ends is None or ends - store.clock > EARLY):
        return client.Connection(shop=store.shop_domain, access_token=token)
    refresh_token = opened(store, "refresh_token")
    if refresh_token is None:
        return AccessLost()
    free = Q(refresh_leased_until=None) | Q(refresh_leased_until__lt=Now())
    # The same end: had somebody renewed since we read the row, ours would be the refresh token that no longer counts.
    same = Store.objects.filter(free, pk=store_id, generation=store.generation, access_expires_at=ends)
    held = same.update(refresh_leased_until=Now() + REFRESH_LEASE)
    return _Renewal(store, refresh_token) if held else AccessBusy()


def take(store: Store, grant: TokenGrant) -> None:
    """Both tokens and their ends, together."""
    store.access_token, store.refresh_token = grant.access_token, grant.refresh_token
    store.access_expires_at = _end(grant.expires_in)
    store.refresh_expires_at = _end(grant.refresh_expires_in)
    store.refresh_leased_until = None
    store.scopes = sorted(grant.scopes)


def forget(store: Store) -> None:
    """Nothing of the access stays in the row."""
    store.access_token = store.refresh_token = None
    store.access_expires_at = store.refresh_expires_at = store.refresh_leased_until = None


def opened(store: Store, field: str) -> Secret | None:
    """A sealed token, or None when there is none or it does not open; then the store needs attention, and no page fails."""
    try:
        secret: Secret | None = getattr(store, field)
        return secret
    except SealError:
        log.warning("store %s: %s does not open", store.pk, field)
        Store.objects.filter(pk=store.pk, state=Store.State.CONNECTED).update(
            state=Store.State.NEEDS_ATTENTION, problem=Store.Problem.KEY_MISSING, problem_since=timezone.now()
        )
        return None


def reopen() -> int:
    """Stores whose access did not open and now does: a key that was dropped too early is back. For the current workspace.

    Opening asks nobody outside, so trying now and then costs little; the owner need not connect each store anew.
    """
    lost = Store.objects.filter(state=Store.State.NEEDS_ATTENTION, problem=Store.Problem.KEY_MISSING)
    back = [store.pk for store in lost.select_for_update(skip_locked=True) if _opens(store)]
    return lost.filter(pk__in=back).update(state=Store.State.CONNECTED, problem="", problem_since=None)


def _keep_grant(store: Store, grant: TokenGrant) -> client.Connection:
    """Write the renewed pair in one statement, unless the store was disconnected or connected anew meanwhile."""
    current = Store.objects.select_for_update().get(pk=store.pk)
    if current.generation != store.generation or current.state == Store.State.DISCONNECTED:
        raise AccessLost
    take(current, grant)
    current.save()
    return client.Connection(shop=current.shop_domain, access_token=grant.access_token)


def _end(seconds: int | None) -> CombinedExpression | None:
    """Counted by the database when the row is saved."""
    return Now() + timedelta(seconds=seconds) if seconds else None


def _opens(store: Store) -> bool:
    try:
        return store.access_token is not None and (
            store.refresh_token is None or isinstance(store.refresh_token, Secret)
        )
    except SealError:
        return False
