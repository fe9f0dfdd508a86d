"""The access to a store: kept, opened, renewed. The only module that reads or writes the sealed tokens of a store.

When an access ends, and who is renewing it until when, goes by the database's clock: processes' clocks differ.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db.models import Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from integrations import deadline, errors
from integrations.shopify import breaker, client, credentials, oauth, problems, scopes
from integrations.shopify.credentials import App
from integrations.shopify.models import LIVE, Store
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
# A refresh token dies after 90 days without use (shopify.dev changelog 2025-12-10, read 2026-11-22).
QUIET = timedelta(days=14)


class AccessLost(errors.IntegrationError):
    """There is no usable token: the store must be connected again."""

    code = errors.TokenRefused.code
    text = "The store must be connected again."
    permanent = True


class _ExchangeRefused(errors.GrantRefused):
    """Shopify gives nothing for a token that never expires: it is dead, or its app may keep it as it is."""


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
    return _settled(partial(_plan, store_id, refused=refused))


def still_connected(store_id: int) -> bool:
    """Whether the store was not disconnected meanwhile: asked by whoever had to wait between the access and the request."""
    with tenant_context(task_tenant_id()):
        return Store.objects.filter(pk=store_id, state__in=LIVE).exists()


def renew(store_id: int) -> None:
    """Renew an access that has not been for a fortnight: a refresh token that nobody uses for 90 days dies. For tasks.

    One that never expires is exchanged for one that does. An app that Shopify does not let do so (a merchant's own may keep
    what it has) is asked again in a fortnight. Raises as `connection` does.
    """
    try:
        _settled(partial(_plan_quiet, store_id))
    except _ExchangeRefused:
        log.info("store %s keeps an access that never expires", store_id)
        with tenant_context(task_tenant_id()):
            Store.objects.filter(pk=store_id, access_expires_at=None).update(refreshed_at=Now())


def once_more(*, shop: str, app_id: int | None, refresh_token: Secret) -> client.Connection:
    """An access for the farewell of a store that is connected no more; kept nowhere. For tasks. Raises IntegrationError."""
    with tenant_context(task_tenant_id()):
        gone = Store(shop_domain=shop, app_id=app_id)
        app = credentials.app_of(gone)
    grant = _renewed(_Renewal(gone, app, refresh_token, access_token=refresh_token))
    return client.Connection(shop=shop, access_token=grant.access_token)


@dataclass(frozen=True, slots=True)
class _Renewal:
    """This process holds the lease and is the one to renew: by a refresh token, or by an access token that never expires."""

    store: Store
    app: App
    refresh_token: Secret | None
    access_token: Secret


Plan = client.Connection | _Renewal | AccessLost | AccessBusy


def _settled(plan_now: Callable[[], Plan]) -> client.Connection:
    """Plan until there is a usable token. Nothing is asked of Shopify within a transaction."""
    if not switches.is_on(Switch.READ_STORES):
        raise ReadingPaused
    tenant_id = task_tenant_id()
    # Who waits for another's renewal has to have the time for the question afterwards.
    ends = time.monotonic() + min(REFRESH_LEASE.total_seconds(), deadline.left() - deadline.EXCHANGE)
    while True:
        with tenant_context(tenant_id):
            plan = plan_now()
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
        if not isinstance(plan, AccessBusy) or time.monotonic() > ends:
            raise plan
        time.sleep(0.25)


def _renewed(plan: _Renewal) -> TokenGrant:
    """After a lost answer the next try uses the same token, which Shopify then still accepts.

    While the app's secret is being rotated either one may be what the token is pinned to (shopify.dev, rotate and revoke
    client credentials, read 2026-11-22): the current one first, then the previous.
    """

    def ask(secret: Secret) -> TokenGrant:
        with breaker.guarded(plan.store.pk):
            return _asked(plan, secret)

    try:
        return oauth.by_either(plan.app.secrets, ask)
    except errors.GrantRefused as refused:
        if plan.refresh_token is not None:
            raise
        status = refused.status
    raise _ExchangeRefused(status=status)


def _asked(plan: _Renewal, secret: Secret) -> TokenGrant:
    shop, client_id = plan.store.shop_domain, plan.app.client_id
    if plan.refresh_token is None:
        return oauth.exchange_token(
            shop=shop, client_id=client_id, client_secret=secret, access_token=plan.access_token
        )
    return oauth.refresh(shop=shop, client_id=client_id, client_secret=secret, refresh_token=plan.refresh_token)


def _release(store: Store) -> None:
    """Nobody is renewing any more: the next one need not wait for the lease to end."""
    Store.objects.filter(pk=store.pk, generation=store.generation).update(refresh_leased_until=None)


def _plan(store_id: int, *, refused: Secret | None) -> Plan:
    """What to do for a usable token. Errors come back as values: raised here, they would undo what was noted."""
    store = Store.objects.annotate(clock=Now()).get(pk=store_id)
    token, ends = opened(store, "access_token"), store.access_expires_at
    if token is None:
        return AccessLost()
    if token != refused and (ends is None or ends - store.clock > EARLY):
        return client.Connection(shop=store.shop_domain, access_token=token)
    return _leased(store, token)


def _plan_quiet(store_id: int) -> Plan:
    """The same, for an access that nobody needs at this moment."""
    store = Store.objects.annotate(clock=Now()).get(pk=store_id)
    token = opened(store, "access_token")
    if token is None:
        return AccessLost()
    if store.refreshed_at is not None and store.clock - store.refreshed_at < QUIET:
        return client.Connection(shop=store.shop_domain, access_token=token)
    return _leased(store, token)


def _leased(store: Store, token: Secret) -> Plan:
    refresh_token = opened(store, "refresh_token")
    if refresh_token is None and store.access_expires_at is not None:
        return AccessLost()
    app = credentials.app_of(store)
    free = Q(refresh_leased_until=None) | Q(refresh_leased_until__lt=Now())
    # The same end: had somebody renewed since we read the row, ours would be the token that no longer counts.
    same = Store.objects.filter(
        free, pk=store.pk, generation=store.generation, access_expires_at=store.access_expires_at
    )
    held = same.update(refresh_leased_until=Now() + REFRESH_LEASE)
    return _Renewal(store, app, refresh_token, token) if held else AccessBusy()


def take(store: Store, grant: TokenGrant) -> None:
    """Both tokens and their ends, together. One that never expires counts as not renewed, until its exchange was tried."""
    store.access_token, store.refresh_token = grant.access_token, grant.refresh_token
    store.access_expires_at = _end(grant.expires_in)
    store.refresh_expires_at = _end(grant.refresh_expires_in)
    store.refresh_leased_until = None
    store.refreshed_at = Now() if grant.refresh_token is not None else None
    store.scopes = sorted(grant.scopes)


def forget(store: Store) -> None:
    """Nothing of the access stays in the row."""
    store.access_token = store.refresh_token = None
    store.access_expires_at = store.refresh_expires_at = store.refresh_leased_until = store.refreshed_at = None


def opened(store: Store, field: str) -> Secret | None:
    """A sealed token, or None when there is none or it does not open; then the store needs attention, and no page fails."""
    try:
        secret: Secret | None = getattr(store, field)
        return secret
    except SealError:
        log.warning("store %s: %s does not open", store.pk, field)
        problems.mark(store_id=store.pk, problem=Store.Problem.KEY_MISSING)
        return None


def reopen() -> int:
    """Stores whose access did not open and now does: a key that was dropped too early is back. For the current workspace.

    Opening asks nobody outside, so trying now and then costs little; the owner need not connect each store anew.
    """
    problem = Store.Problem.KEY_MISSING
    lost = Store.objects.filter(state=Store.State.NEEDS_ATTENTION, problem=problem).select_for_update(skip_locked=True)
    back = [store for store in lost if _opens(store)]
    return sum(problems.over(store_id=store.pk, generation=store.generation, problems=(problem,)) for store in back)


def _keep_grant(store: Store, grant: TokenGrant) -> client.Connection:
    """Write the renewed pair in one statement, unless the store was disconnected or connected anew meanwhile.

    Nor where another process has renewed since: our lease had ended, theirs is the later answer, and ours counts no more.
    """
    current = Store.objects.select_for_update().get(pk=store.pk)
    if current.generation != store.generation or current.state == Store.State.DISCONNECTED:
        raise AccessLost
    if current.access_expires_at != store.access_expires_at:
        token = opened(current, "access_token")
        if token is None:
            raise AccessLost
        return client.Connection(shop=current.shop_domain, access_token=token)
    take(current, grant)
    if grant.refresh_token is None:
        current.refreshed_at = Now()  # the exchange gave another that never expires: not at once again
    current.save()
    if scopes.missing(grant.scopes):
        problems.mark(store_id=current.pk, problem=Store.Problem.SCOPES_MISSING)
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
