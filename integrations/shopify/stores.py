"""Connect a store, keep its access alive, disconnect it. The only module that reads or writes the sealed tokens.

When an access ends, and who is renewing it until when, goes by the database's clock: processes' clocks differ.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.utils import timezone

from integrations import errors
from integrations.shopify import client, oauth, scopes
from integrations.shopify.credentials import installation_app
from integrations.shopify.events import StoreConnected, StoreDisconnected
from integrations.shopify.models import Farewell, OrderContext, Store
from integrations.shopify.types import TokenGrant
from tenants import audit, doors, switches
from tenants.crypto.sealing import SealError
from tenants.crypto.secret import Secret
from tenants.models import Membership
from tenants.numbering import next_number
from tenants.outbox.events import publish
from tenants.rls.context import current_tenant_id, task_tenant_id, tenant_context
from tenants.switches import Switch

log = logging.getLogger("versana.shopify")

# Refresh when less than this is left of an access token's hour.
EARLY = timedelta(minutes=5)
REFRESH_LEASE = timedelta(seconds=20)
FAREWELL_LIFE = timedelta(days=1)

# Which failures only a person can mend, and what the store's card says then. Others pass by themselves.
PROBLEMS = {
    errors.TokenRefused.code: Store.Problem.ACCESS_REVOKED,
    errors.GrantRefused.code: Store.Problem.ACCESS_REVOKED,
    errors.AccessForbidden.code: Store.Problem.FORBIDDEN,
    errors.AccountFrozen.code: Store.Problem.STORE_FROZEN,
    errors.AccountLocked.code: Store.Problem.STORE_LOCKED,
    errors.AccountNotFound.code: Store.Problem.STORE_GONE,
}


class StoreTaken(Exception):
    """The shop is connected to another workspace. Names nobody."""


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


def connect(*, shop_domain: str, grant: TokenGrant, by: Membership) -> Store:
    """Store the access, sealed. A store that was here before keeps its number and history and gets a new generation.

    What the store says of itself (name, currency, time zone) is asked by a task. Raises StoreTaken when the shop is
    connected to another workspace.
    """
    holder = doors.tenant_of_shop(shop_domain)
    if holder not in (None, current_tenant_id()):
        raise StoreTaken
    store = Store.objects.select_for_update().filter(shop_domain=shop_domain).first()
    known = store is not None
    if store is None:
        store = Store(number=next_number("store"), shop_domain=shop_domain, generation=0)
    store.state, store.problem, store.problem_since = Store.State.CONNECTED, "", None
    store.connected_by, store.connected_at, store.disconnected_at = by, timezone.now(), None
    store.generation += 1
    _take(store, grant)
    try:
        with transaction.atomic():
            store.save()
    except IntegrityError:
        raise StoreTaken from None
    store.refresh_from_db(fields=["access_expires_at", "refresh_expires_at"])
    action = audit.Action.STORE_RECONNECTED if known else audit.Action.STORE_CONNECTED
    audit.record(action, by=by, target=shop_domain, scopes=store.scopes)
    publish(StoreConnected(store_id=store.pk))
    return store


def describe(*, store_id: int) -> None:
    """Ask the store for its name, currency and time zone, and for the permissions that we really have. For tasks."""
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        store = Store.objects.filter(pk=store_id, state=Store.State.CONNECTED).first()
    if store is None:
        return
    try:
        profile = client.shop_profile(connection(store_id))
    except errors.IntegrationError as error:
        with tenant_context(tenant_id):
            note_failure(store_id=store_id, generation=store.generation, error=error)
        if error.permanent:
            return
        raise
    with tenant_context(tenant_id):
        current = Store.objects.filter(pk=store_id, generation=store.generation)
        current.update(
            shop_gid=profile.id, shop_name=profile.name, currency=profile.currency, time_zone=profile.time_zone,
            scopes=sorted(profile.scopes), last_read_at=timezone.now(),
        )  # fmt: skip
        if scopes.missing(profile.scopes):
            current.update(
                state=Store.State.NEEDS_ATTENTION, problem=Store.Problem.SCOPES_MISSING, problem_since=timezone.now()
            )


def disconnect(*, store: Store, by: Membership) -> None:
    """At once: no further reads (work under way is refused by the generation), cached orders and tokens gone.

    Uninstalling the app at Shopify follows in a task, on a best effort. Conversations are not touched.
    """
    store = lock(store.pk)
    if store.state == Store.State.DISCONNECTED:
        return
    token = _opened(store, "access_token")
    if token is not None:
        farewell = Farewell.objects.create(shop_domain=store.shop_domain, access_token=token)
        publish(StoreDisconnected(farewell_id=farewell.pk))
    OrderContext.objects.filter(store=store).delete()
    store.state, store.problem, store.problem_since = Store.State.DISCONNECTED, "", None
    store.access_token = store.refresh_token = None
    store.access_expires_at = store.refresh_expires_at = store.refresh_leased_until = None
    store.disconnected_at = timezone.now()
    store.generation += 1
    store.save()
    audit.record(audit.Action.STORE_DISCONNECTED, by=by, target=store.shop_domain)


def disconnect_all(*, connected_before: datetime, by: Membership) -> None:
    live = Store.objects.exclude(state=Store.State.DISCONNECTED).filter(connected_at__lte=connected_before)
    for store in live.order_by("pk"):
        disconnect(store=store, by=by)


def lock(store_id: int) -> Store:
    """The store's row, locked until the transaction ends: whoever stores a result does so before or after a disconnect."""
    return Store.objects.select_for_update().get(pk=store_id)


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
    token, ends = _opened(store, "access_token"), store.access_expires_at
    if token is None:
        return AccessLost()
    if token != refused and (ends is None or ends - store.clock > EARLY):
        return client.Connection(shop=store.shop_domain, access_token=token)
    refresh_token = _opened(store, "refresh_token")
    if refresh_token is None:
        return AccessLost()
    free = Q(refresh_leased_until=None) | Q(refresh_leased_until__lt=Now())
    # The same end: had somebody renewed since we read the row, ours would be the refresh token that no longer counts.
    same = Store.objects.filter(free, pk=store_id, generation=store.generation, access_expires_at=ends)
    held = same.update(refresh_leased_until=Now() + REFRESH_LEASE)
    return _Renewal(store, refresh_token) if held else AccessBusy()


def note_failure(*, store_id: int, generation: int, error: errors.IntegrationError) -> None:
    """Mark the store when only a person can mend it; leave it alone when it was connected anew meanwhile."""
    problem = PROBLEMS.get(error.code)
    if problem is None:
        return
    stores = Store.objects.filter(pk=store_id, generation=generation, state=Store.State.CONNECTED)
    stores.update(
        state=Store.State.NEEDS_ATTENTION, problem=problem, problem_since=timezone.now(), refresh_leased_until=None
    )


def reopen() -> int:
    """Stores whose access did not open and now does: a key that was dropped too early is back. For the current workspace.

    Opening asks nobody outside, so trying now and then costs little; the owner need not connect each store anew.
    """
    lost = Store.objects.filter(state=Store.State.NEEDS_ATTENTION, problem=Store.Problem.KEY_MISSING)
    back = [store.pk for store in lost.select_for_update(skip_locked=True) if _opens(store)]
    return lost.filter(pk__in=back).update(state=Store.State.CONNECTED, problem="", problem_since=None)


def say_farewell(*, farewell_id: int) -> None:
    """Uninstall the app at Shopify and forget the token, whatever Shopify says: a dead token is what we want."""
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        farewell = Farewell.objects.filter(pk=farewell_id).first()
        if farewell is None:
            return
        token, shop, since = _farewell_token(farewell), farewell.shop_domain, farewell.created_at
        # Connected again before we got here, to this workspace or to another one: the app must stay installed.
        again = doors.tenant_of_shop(shop) is not None
    try:
        if token is not None and not again:
            client.uninstall(client.Connection(shop=shop, access_token=token))
    except errors.IntegrationError as error:
        log.info("uninstall: %s", error.code)
        if not error.permanent and timezone.now() - since < FAREWELL_LIFE:
            raise
    with tenant_context(tenant_id):
        Farewell.objects.filter(pk=farewell_id).delete()


def forget_farewells() -> int:
    """Delete those that a day of tries did not bring to their end. For the current workspace."""
    return int(Farewell.objects.filter(created_at__lt=timezone.now() - FAREWELL_LIFE).delete()[0])


def _farewell_token(farewell: Farewell) -> Secret | None:
    try:
        return cast("Secret", farewell.access_token)
    except SealError:
        log.warning("farewell %s does not open", farewell.pk)
        return None


def _take(store: Store, grant: TokenGrant) -> None:
    """Both tokens and their ends, together."""
    store.access_token, store.refresh_token = grant.access_token, grant.refresh_token
    store.access_expires_at = _end(grant.expires_in)
    store.refresh_expires_at = _end(grant.refresh_expires_in)
    store.refresh_leased_until = None
    store.scopes = sorted(grant.scopes)


def _end(seconds: int | None) -> CombinedExpression | None:
    """Counted by the database when the row is saved."""
    return Now() + timedelta(seconds=seconds) if seconds else None


def _keep_grant(store: Store, grant: TokenGrant) -> client.Connection:
    """Write the renewed pair in one statement, unless the store was disconnected or connected anew meanwhile."""
    current = lock(store.pk)
    if current.generation != store.generation or current.state == Store.State.DISCONNECTED:
        raise AccessLost
    _take(current, grant)
    current.save()
    return client.Connection(shop=current.shop_domain, access_token=grant.access_token)


def _opens(store: Store) -> bool:
    try:
        return store.access_token is not None and (
            store.refresh_token is None or isinstance(store.refresh_token, Secret)
        )
    except SealError:
        return False


def _opened(store: Store, field: str) -> Secret | None:
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
