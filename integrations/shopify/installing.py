"""Installing the app from Shopify's side: a merchant opens it there, approves, and then says which workspace it is for.

Public apps must be installed so (App Store requirements 2.3.1 and 2.3.2, read 2026-11-22): Shopify opens the app's address
with a signed request, consent is asked for at once, and only then do we ask who it is. Between the two the access lies
sealed in a `PendingInstallation`, for a quarter of an hour by the database's clock, and can be claimed once, by the browser
that began.
"""

import hashlib
import logging
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from django.db.models.functions import Now
from django.utils import timezone

from integrations.shopify import attempts, connecting, oauth
from integrations.shopify.attempts import StateRefused
from integrations.shopify.connecting import Connected, Failed, NotConnected
from integrations.shopify.credentials import App, AppUnreadable, NoApp, installation_app, opened
from integrations.shopify.models import ConnectionAttempt, PendingInstallation, ShopifyApp, Store
from integrations.shopify.oauth import CallbackRefused
from integrations.shopify.types import TokenGrant
from tenants import doors, second_factors, switches
from tenants.crypto.sealing import SealError
from tenants.crypto.secret import Secret, pack, unpack
from tenants.doors import Workspace
from tenants.models import User
from tenants.rls.context import tenant_context
from tenants.roles import Permission, may
from tenants.switches import Switch

log = logging.getLogger("versana.shopify")

LIFE = timedelta(minutes=15)
UNREADABLE = "installation_unreadable"


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody opened the app in this shop's admin; Shopify signed it."""

    shop: str
    app: App
    app_id: int | None = None  # a workspace's own app
    tenant_id: int | None = None  # that workspace
    working: bool = False  # connected already, with this app: opened to be used


@dataclass(frozen=True, slots=True)
class Arrived:
    """Approved. `token` finds the pending installation; it goes into this browser's session and nowhere else."""

    token: str


@dataclass(frozen=True, slots=True)
class Choice:
    workspace: Workspace
    lacks_factor: bool  # the workspace asks for a second factor, and this person has none


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending installation as the person sees it who may claim it."""

    shop: str
    choices: tuple[Choice, ...]


class Refused(Exception):
    """Nothing waits here (any more). `code` is one of `failures.EXPLANATIONS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def opening(*, query: str, slug: str = "", number: int = 0) -> Opened:
    """Who opened which app. With `slug` and `number` a workspace's own one, whose address at Shopify names both.

    Raises CallbackRefused for what Shopify did not sign, just now, for this app; NoApp or AppUnreadable. An app that does
    not exist is a wrong signature: nobody learns which do.
    """
    if not slug:
        app = installation_app()
        shop = oauth.verify_opening(query, secrets=app.secrets, now=timezone.now())
        return Opened(shop, app, working=_works(shop, None))
    tenant_id = doors.tenant_of_slug(slug)
    found = _own_app(tenant_id, number) if tenant_id is not None else None
    # Without a secret too: whatever else is wrong with the query is said first, and in the same words.
    shop = oauth.verify_opening(query, secrets=found[1].secrets if found else (), now=timezone.now())
    if found is None:
        raise CallbackRefused(oauth.Reason.BAD_HMAC)
    app_id, own = found
    return Opened(shop, own, app_id=app_id, tenant_id=tenant_id, working=_works(shop, app_id))


def begin(asked: Opened, *, browser: str) -> str:
    """The address of the consent screen, for this browser. Nobody need be signed in."""
    begun = attempts.begin_installation(
        shop_domain=asked.shop, browser=browser, tenant_id=asked.tenant_id, app_id=asked.app_id
    )
    return connecting.consent_address(shop=asked.shop, app=asked.app, state=begun.state)


def home_of(*, shop: str, user: User) -> Workspace | None:
    """The workspace of this person's that the shop is connected to."""
    holder = doors.tenant_of_shop(shop)
    return next((w for w in doors.workspaces_of(user.pk) if w.id == holder), None)


def complete(*, query: str, browser: str, user_id: int | None) -> Arrived | Failed | CallbackRefused:
    """Shopify's answer. A refusal comes back as it is when Shopify did not sign it: a stranger leaves no row."""
    attempt: ConnectionAttempt | None = None
    try:
        app = connecting.app_of_answer(query)
        callback = oauth.verify(query, secrets=app.secrets, now=timezone.now())
        attempt = attempts.take(state=callback.state, shop_domain=callback.shop, session_key=browser, user_id=None)
        grant = connecting.exchange(callback, app)
    except CallbackRefused as refused:
        if not refused.authentic:
            return refused
        attempt = _take_quietly(refused, browser)
        return _failed(attempt, refused.reason, browser=browser, user_id=user_id)
    except StateRefused as refusal:
        return _failed(refusal.attempt, refusal.reason, browser=browser, user_id=user_id, of=refusal.of)
    except (NotConnected, NoApp, AppUnreadable) as failure:
        return _failed(attempt, failure.code, browser=browser, user_id=user_id)
    attempts.finish(attempt, outcome=attempts.ARRIVED)
    return Arrived(_keep(attempt, callback.shop, grant))


def began(query: str) -> bool:
    """Whether this answer claims to belong to an installation that began in Shopify."""
    attempt = attempts.of_state(oauth.claimed_state(query))
    return attempt is not None and attempt.kind == ConnectionAttempt.Kind.INSTALL


def waiting(*, token: str, user: User) -> Waiting | Failed:
    """What waits for this browser, and the workspaces that it may be for. Raises Refused when nothing does.

    A store of a workspace that this person is not in ends here, and is told without naming it.
    """
    row = _row(token)
    if row is None:
        raise Refused("installation_gone")
    if _held_elsewhere(row, user):
        return _end(row, user, "store_taken")
    choices = tuple(
        Choice(w, w.requires_second_factor and not second_factors.has_one(user.pk)) for w in _choices(row, user)
    )
    return Waiting(row.shop_domain, choices)


def claim(*, token: str, user: User, slug: str, shop: str) -> Connected | Failed | Waiting:
    """Connect what waits to one of this person's workspaces. Used up, whether it works or not. Raises Refused as `waiting`.

    `shop` is the one that the person saw: when another has arrived meanwhile, in another tab, that one is shown first.
    """
    row = _row(token)
    if row is None:
        raise Refused("installation_gone")
    if not switches.is_on(Switch.CONNECT_STORES):
        raise Refused("paused")
    if row.shop_domain != shop:
        return waiting(token=token, user=user)
    if _held_elsewhere(row, user):
        return _end(row, user, "store_taken")
    workspace = next((w for w in _choices(row, user) if w.slug == slug), None)
    if workspace is None:
        return _end(row, user, "not_the_owner")
    try:
        connecting.may_connect(workspace, user.pk)
        with tenant_context(workspace.id):
            _connect(row, token, workspace)
    except NotConnected as failure:
        # One can be set up meanwhile; the installation goes on waiting.
        if failure.code == "second_factor_missing":
            raise Refused(failure.code) from None
        return _end(row, user, failure.code, tenant_id=workspace.id)
    attempts.claim(reference=row.reference, user_id=user.pk, tenant_id=workspace.id, outcome=attempts.CONNECTED)
    return Connected(workspace.slug, row.shop_domain)


def forget() -> int:
    """Delete what nobody claimed in time, with the access in it."""
    return PendingInstallation.objects.filter(created_at__lt=Now() - LIFE).delete()[0]


def _own_app(tenant_id: int, number: int) -> tuple[int, App] | None:
    with tenant_context(tenant_id):
        row = ShopifyApp.objects.filter(number=number).first()
        return (row.pk, opened(row)) if row is not None else None


def _works(shop: str, app_id: int | None) -> bool:
    """Whether the shop is connected with this app, as far as we know: then it was opened, and needs no new consent."""
    holder = doors.tenant_of_shop(shop)
    if holder is None:
        return False
    with tenant_context(holder):
        return Store.objects.filter(shop_domain=shop, state=Store.State.CONNECTED, app_id=app_id).exists()


def _keep(attempt: ConnectionAttempt, shop: str, grant: TokenGrant) -> str:
    token = secrets.token_urlsafe(32)
    packed = pack(
        {
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
            "scopes": ",".join(sorted(grant.scopes)),
            "expires_in": grant.expires_in,
            "refresh_expires_in": grant.refresh_expires_in,
        }
    )
    row = PendingInstallation(
        token_hash=_hash(token), reference=attempt.reference, shop_domain=shop, access=packed, created_at=Now()
    )
    row.save()
    return token


def _row(token: str) -> PendingInstallation | None:
    return PendingInstallation.objects.filter(token_hash=_hash(token), created_at__gte=Now() - LIFE).first()


def _choices(row: PendingInstallation, user: User) -> list[Workspace]:
    """The open workspaces of this person's that may take it: all that they own, unless something says which."""
    only = {_attempt(row).tenant_id, doors.tenant_of_shop(row.shop_domain)} - {None}
    return [
        w
        for w in doors.workspaces_of(user.pk)
        if may(w.role, Permission.CONNECT_STORES) and w.erase_after is None and only <= {w.id}
    ]


def _held_elsewhere(row: PendingInstallation, user: User) -> bool:
    holder = doors.tenant_of_shop(row.shop_domain)
    return holder is not None and holder not in {w.id for w in doors.workspaces_of(user.pk)}


def _connect(row: PendingInstallation, token: str, workspace: Workspace) -> None:
    """In the workspace's transaction: whoever deletes the row, connects."""
    owner = connecting.still_owner(workspace)
    locked = (
        PendingInstallation.objects.select_for_update()
        .annotate(clock=Now())
        .filter(token_hash=_hash(token), created_at__gte=Now() - LIFE)
        .first()
    )
    if locked is None:
        raise Refused("installation_gone")
    age = int((locked.clock - locked.created_at).total_seconds()) + 1
    connecting.store_grant(shop=locked.shop_domain, grant=_grant(locked, age), owner=owner, app_id=_attempt(row).app_id)
    locked.delete()


def _grant(row: PendingInstallation, age: int) -> TokenGrant:
    """The access as it was given, with the time that is left of it. Raised outside of the except block, as everywhere here."""
    try:
        parts = unpack(cast("Secret", row.access))
    except SealError:
        parts = {}
    if not parts:
        raise NotConnected(UNREADABLE)
    grant = TokenGrant(
        access_token=cast("Secret", parts["access_token"]),
        scopes=frozenset(str(parts["scopes"]).split(",")),
        refresh_token=cast("Secret | None", parts["refresh_token"]),
    )
    left = {name: _left(parts[name], age) for name in ("expires_in", "refresh_expires_in")}
    return replace(grant, **left)  # type: ignore[arg-type]


def _left(seconds: object, age: int) -> int | None:
    return max(1, seconds - age) if isinstance(seconds, int) else None


def _attempt(row: PendingInstallation) -> ConnectionAttempt:
    return ConnectionAttempt.objects.get(reference=row.reference)


def _end(row: PendingInstallation, user: User, code: str, *, tenant_id: int | None = None) -> Failed:
    """It cannot be claimed: its access is deleted, and its attempt says why."""
    PendingInstallation.objects.filter(pk=row.pk).delete()
    attempts.claim(reference=row.reference, user_id=user.pk, tenant_id=tenant_id, outcome=code)
    log.warning("connection attempt %s failed: %s", row.reference, code)
    return Failed(row.reference)


def _take_quietly(refused: CallbackRefused, browser: str) -> ConnectionAttempt | None:
    try:
        return attempts.take(state=refused.state, shop_domain=refused.shop, session_key=browser, user_id=None)
    except StateRefused as refusal:
        return refusal.attempt


def _failed(
    attempt: ConnectionAttempt | None,
    code: str,
    *,
    browser: str,
    user_id: int | None,
    of: ConnectionAttempt | None = None,
) -> Failed:
    if attempt is None:
        attempt = attempts.record_failure(outcome=code, user_id=user_id, of=of, browser=browser)
    else:
        attempts.finish(attempt, outcome=code)
    log.warning("connection attempt %s failed: %s", attempt.reference, code)
    return Failed(attempt.reference)


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
