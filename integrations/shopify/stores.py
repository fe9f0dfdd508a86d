"""Connect a store, note what is wrong with it, disconnect it. Its access is kept alive in `tokens.py`."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from integrations import errors
from integrations.shopify import answers, asking, client, problems, scopes, tokens
from integrations.shopify.asking import Priority
from integrations.shopify.events import StoreConnected, StoreDisconnected
from integrations.shopify.models import Farewell, OrderContext, Store
from integrations.shopify.types import Denied, ShopProfile, TokenGrant
from tenants import audit, doors
from tenants.crypto.sealing import SealError
from tenants.crypto.secret import Secret, pack, unpack
from tenants.models import Membership
from tenants.numbering import next_number
from tenants.outbox.events import publish
from tenants.rls.context import current_tenant_id, task_tenant_id, tenant_context

log = logging.getLogger("versana.shopify")

FAREWELL_LIFE = timedelta(days=1)
Access = dict[str, Secret | str | int | None]  # of a farewell, unpacked


class StoreTaken(Exception):
    """The shop is connected to another workspace. Names nobody."""


def connect(*, shop_domain: str, grant: TokenGrant, by: Membership, app_id: int | None = None) -> Store:
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
    store.state = Store.State.CONNECTED
    problems.forget(store)
    store.connected_by, store.connected_at, store.disconnected_at = by, timezone.now(), None
    store.app_id = app_id
    store.generation += 1
    tokens.take(store, grant)
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
    """Ask the store for its name, currency and time zone, and for the permissions that we really have. For tasks.

    A store that lacked permissions and has them now is connected again.
    """
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        lacking = Q(state=Store.State.NEEDS_ATTENTION, problem=Store.Problem.SCOPES_MISSING)
        store = Store.objects.filter(Q(state=Store.State.CONNECTED) | lacking, pk=store_id).first()
    if store is None:
        return
    try:
        profile = asking.ask(store_id, client.shop_profile, priority=Priority.INTERACTIVE)
    except errors.IntegrationError as error:
        with tenant_context(tenant_id):
            note_failure(store_id=store_id, generation=store.generation, error=error)
        if error.permanent:
            return
        raise
    with tenant_context(tenant_id):
        note_profile(store_id=store_id, generation=store.generation, profile=profile)


def note_profile(*, store_id: int, generation: int, profile: ShopProfile) -> None:
    """What the store said of itself. Permissions that are missing need an owner; those that are back do not."""
    current = Store.objects.filter(pk=store_id, generation=generation)
    known = current.select_for_update().values_list("scopes", "shop_domain").first()
    if known is None:
        return
    if set(known[0]) != profile.scopes:
        audit.record(
            audit.Action.STORE_SCOPES_CHANGED, by=None, target=known[1],
            before={"scopes": sorted(known[0])}, after={"scopes": sorted(profile.scopes)},
        )  # fmt: skip
    current.update(
        shop_gid=profile.id, shop_name=profile.name, currency=profile.currency, time_zone=profile.time_zone,
        scopes=sorted(profile.scopes), last_read_at=Now(), failing_since=None, failure="",
    )  # fmt: skip
    problem = Store.Problem.SCOPES_MISSING
    if scopes.missing(profile.scopes):
        problems.mark(store_id=store_id, generation=generation, problem=problem)
    else:
        problems.over(store_id=store_id, generation=generation, problems=(problem,))


def disconnect(*, store: Store, by: Membership) -> None:
    """At once: no further reads (work under way is refused by the generation), cached orders and tokens gone.

    Uninstalling the app at Shopify follows in a task, on a best effort. Conversations are not touched.
    """
    store = lock(store.pk)
    if store.state == Store.State.DISCONNECTED:
        return
    token = tokens.opened(store, "access_token")
    if token is not None:
        access = {
            "access_token": token,
            "refresh_token": tokens.opened(store, "refresh_token"),
            "app_id": store.app_id,
        }
        farewell = Farewell.objects.create(shop_domain=store.shop_domain, access_token=pack(access))
        publish(StoreDisconnected(farewell_id=farewell.pk))
    end(store, state=Store.State.DISCONNECTED)
    audit.record(audit.Action.STORE_DISCONNECTED, by=by, target=store.shop_domain)


def end(store: Store, *, state: Store.State) -> None:
    """Of a locked store only the row stays: cached orders and tokens go, and work under way is refused by the generation."""
    OrderContext.objects.filter(store=store).delete()
    store.state = state
    problems.forget(store)
    tokens.forget(store)
    store.disconnected_at, store.reconciled_at = timezone.now(), None
    store.generation += 1
    store.save()


def disconnect_all(*, connected_before: datetime, by: Membership) -> None:
    live = Store.objects.exclude(state=Store.State.DISCONNECTED).filter(connected_at__lte=connected_before)
    for store in live.order_by("pk"):
        disconnect(store=store, by=by)


def lock(store_id: int) -> Store:
    """The store's row, locked until the transaction ends: whoever stores a result does so before or after a disconnect."""
    return Store.objects.select_for_update().get(pk=store_id)


def note_failure(*, store_id: int, generation: int, error: errors.IntegrationError) -> None:
    """What kept us from reading: the store needs attention, or it has been failing since. Nothing when it was connected anew."""
    meaning = answers.of(error.code)
    if meaning.problem is not None:
        problems.mark(store_id=store_id, generation=generation, problem=meaning.problem)
    elif meaning.kind is not answers.Kind.QUIET:
        connected = Store.objects.filter(pk=store_id, generation=generation, state=Store.State.CONNECTED)
        connected.update(failing_since=Coalesce("failing_since", Now()), failure=error.code)


def note_success(*, store_id: int, generation: int, denied: Iterable[Denied] | None = None) -> None:
    """A read succeeded: whatever had been failing is over. `denied`: what Shopify left out, of an answer that can tell."""
    fields: dict[str, object] = {"last_read_at": Now(), "failing_since": None, "failure": ""}
    if denied is not None:
        fields["hidden"] = sorted({item.reason for item in denied})
    Store.objects.filter(pk=store_id, generation=generation).update(**fields)


def say_farewell(*, farewell_id: int) -> None:
    """Uninstall the app at Shopify and forget the token, whatever Shopify says: a dead token is what we want."""
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        farewell = Farewell.objects.filter(pk=farewell_id).first()
        if farewell is None:
            return
        access, shop, since = _farewell_access(farewell), farewell.shop_domain, farewell.created_at
        # Connected again before we got here, to this workspace or to another one: the app must stay installed.
        again = doors.tenant_of_shop(shop) is not None
    try:
        if access is not None and not again:
            _uninstall(shop, access)
    except errors.IntegrationError as error:
        log.info("uninstall: %s", error.code)
        if not error.permanent and timezone.now() - since < FAREWELL_LIFE:
            raise
    with tenant_context(tenant_id):
        Farewell.objects.filter(pk=farewell_id).delete()


def forget_farewells() -> int:
    """Delete those that a day of tries did not bring to their end. For the current workspace."""
    return int(Farewell.objects.filter(created_at__lt=timezone.now() - FAREWELL_LIFE).delete()[0])


def _uninstall(shop: str, access: Access) -> None:
    """With the access as it was; of a store that was quiet its hour is over, and the refresh token gives one more."""
    uninstall = partial(asking.ask_with, question=client.uninstall, store_id=None, priority=Priority.BACKGROUND)
    refresh_token = cast("Secret | None", access["refresh_token"])
    try:
        uninstall(client.Connection(shop=shop, access_token=cast("Secret", access["access_token"])))
        return
    except errors.TokenRefused:
        if refresh_token is None:
            raise
    app_id = cast("int | None", access["app_id"])
    uninstall(tokens.once_more(shop=shop, app_id=app_id, refresh_token=refresh_token))


def _farewell_access(farewell: Farewell) -> Access | None:
    try:
        return unpack(cast("Secret", farewell.access_token))
    except SealError:
        log.warning("farewell %s does not open", farewell.pk)
        return None
