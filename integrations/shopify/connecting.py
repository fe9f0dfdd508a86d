"""From the button to Shopify's consent screen, and from Shopify's answer to a connected store, or to a failure that can be explained.

The order of the checks is Shopify's (authorization code grant, read 2026-11-22): shop, signature, state, exchange. The
exchange is the only network call inside a web request (bounded, outside of any transaction, on a path without a workspace).
"""

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.shopify import attempts, breaker, oauth, scopes, stores
from integrations.shopify.attempts import StateRefused
from integrations.shopify.credentials import App, AppUnreadable, NoApp, app_of, installation_app, opened
from integrations.shopify.models import ConnectionAttempt, ShopifyApp, Store
from integrations.shopify.oauth import Callback, CallbackRefused
from integrations.shopify.types import TokenGrant
from tenants import doors, members, second_factors, switches
from tenants.crypto.secret import Secret
from tenants.doors import Workspace
from tenants.models import Membership, User
from tenants.rls.context import current_tenant_id, tenant_context
from tenants.roles import Permission, may
from tenants.switches import Switch

log = logging.getLogger("versana.shopify")

INSTALLATION = "installation"  # what the form calls the installation's own app


@dataclass(frozen=True, slots=True)
class Connected:
    workspace: str
    shop_domain: str


@dataclass(frozen=True, slots=True)
class Failed:
    reference: str


class NotConnected(Exception):
    """Why not, as a code of `failures.EXPLANATIONS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class CannotBegin(Exception):
    """Why an owner was not sent to Shopify, as a code of `pages/stores.py`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def begin(*, shop: str, app: str, session_key: str, by: Membership) -> str:
    """Remember an attempt; the address of Shopify's consent screen. `app`: "installation", an own app's number, or nothing
    for the app that the store had before, else the only one there is. Raises CannotBegin."""
    known = Store.objects.filter(shop_domain=shop).first()
    own = _own_app(app, known)
    # Typing a domain is for custom apps (App Store requirement 2.3.1). Reconnecting a store we know is no typing.
    if own is None and known is None and not settings.SHOPIFY_DOMAIN_ENTRY:
        raise CannotBegin("no_domain_entry")
    if not switches.is_on(Switch.CONNECT_STORES):
        raise CannotBegin("paused")
    try:
        opened_app = opened(own) if own else installation_app()
    except IntegrationError as error:
        raise CannotBegin(error.code) from None
    if doors.tenant_of_shop(shop) not in (None, current_tenant_id()):
        raise CannotBegin("store_taken")
    begun = attempts.begin(shop_domain=shop, session_key=session_key, by=by, app_id=own.pk if own else None)
    return consent_address(shop=shop, app=opened_app, state=begun.state)


def consent_address(*, shop: str, app: App, state: str) -> str:
    return oauth.authorize_url(
        shop=shop,
        client_id=app.client_id,
        state=state,
        scopes=scopes.requested(all_orders=settings.SHOPIFY_REQUEST_ALL_ORDERS),
        redirect_uri=settings.PUBLIC_URL + reverse("shopify:callback"),
    )


def complete(*, query: str, session_key: str, user: User) -> Connected | Failed:
    """Take Shopify's answer (the raw query string) to its end. Never raises for what the query says."""
    attempt: ConnectionAttempt | None = None
    try:
        app = app_of_answer(query)
        callback = oauth.verify(query, secrets=app.secrets, now=timezone.now())
        attempt = _take(callback.state, callback.shop, session_key, user)
        connected = _connect(attempt, callback, app, user=user)
    except CallbackRefused as refused:
        # A denial is signed too: the state in it is used up, so that it cannot be approved later.
        attempt = _take_quietly(refused, session_key, user) if refused.authentic else None
        return _failed(attempt, refused.reason, user)
    except StateRefused as refusal:
        return _failed(refusal.attempt, refusal.reason, user, of=refusal.of)
    except NotConnected as failure:
        return _failed(attempt, failure.code, user)
    except (NoApp, AppUnreadable) as error:
        return _failed(attempt, error.code, user)
    attempts.finish(attempt, outcome=attempts.CONNECTED)
    return connected


def signed_out(*, query: str) -> Failed | None:
    """An answer that found nobody signed in: the session ended on the way. Its attempt ends, and its person may read why.

    None when Shopify did not sign it or its state is none that waits: a stranger leaves no row.
    """
    try:
        state = oauth.verify(query, secrets=app_of_answer(query).secrets, now=timezone.now()).state
    except CallbackRefused as refused:
        state = refused.state if refused.authentic else ""
    except (NoApp, AppUnreadable):
        return None
    attempt = attempts.leave(state=state) if state else None
    if attempt is None:
        return None
    attempts.finish(attempt, outcome="signed_out")
    log.warning("connection attempt %s failed: signed_out", attempt.reference)
    return Failed(attempt.reference)


def app_of_answer(query: str) -> App:
    """Whose signature an answer must bear: that of the app whose attempt its state claims to belong to. An answer that another
    app signed is none to this attempt. Raises NoApp or AppUnreadable."""
    attempt = attempts.of_state(oauth.claimed_state(query))
    if attempt is None or attempt.app_id is None or attempt.tenant_id is None:
        return installation_app()
    with tenant_context(attempt.tenant_id):
        return app_of(attempt)


def exchange(callback: Callback, app: App) -> TokenGrant:
    """The code for tokens, with all permissions that we need; else NotConnected. The network call: outside of any transaction."""
    if not switches.is_on(Switch.CONNECT_STORES):
        raise NotConnected("paused")
    try:
        grant = _tokens_for(callback, app)
    except IntegrationError as error:
        raise NotConnected(error.code) from None
    if scopes.missing(grant.scopes):
        raise NotConnected("scopes_missing")
    return grant


def _tokens_for(callback: Callback, app: App) -> TokenGrant:
    """By the app's current secret or, while it is being rotated, by the previous one; both within the time of one exchange."""
    begun = time.monotonic()

    def ask(secret: Secret) -> TokenGrant:
        left = oauth.EXCHANGE_TIMEOUTS.shortened(begun + oauth.EXCHANGE_TIMEOUTS.total - time.monotonic())
        # Of no store yet, so Shopify's own breaker alone: nobody is kept waiting ten seconds for what does not answer.
        with breaker.guarded(None):
            return oauth.exchange_code(
                shop=callback.shop, client_id=app.client_id, client_secret=secret, code=callback.code, timeouts=left
            )

    return oauth.by_either(app.secrets, ask)


def may_connect(workspace: Workspace, user_id: int) -> None:
    """Raises NotConnected unless this person owns the workspace and has the second factor that it asks for."""
    if not may(workspace.role, Permission.CONNECT_STORES):
        raise NotConnected("not_the_owner")
    if workspace.requires_second_factor and not second_factors.has_one(user_id):
        raise NotConnected("second_factor_missing")


def still_owner(workspace: Workspace) -> Membership:
    """The person as they are after the exchange, which took its time, locked against another role and against closing.

    A store connected a moment after the closing would be one that nobody disconnects.
    """
    if members.lock().closed_at is not None:
        raise NotConnected("workspace_closed")
    owner = members.present().filter(pk=workspace.membership_id).first()
    if owner is None or not may(owner.role, Permission.CONNECT_STORES):
        raise NotConnected("not_the_owner")
    return owner


def _own_app(app: str, known: Store | None) -> ShopifyApp | None:
    """One of the workspace's own apps, or None for the installation's."""
    if app == INSTALLATION:
        return None
    if app:
        found = ShopifyApp.objects.filter(number=int(app)).first() if app.isdecimal() and len(app) < 16 else None
        if found is None:
            raise CannotBegin("no_such_app")
        return found
    if known is not None:
        return known.app
    own = list(ShopifyApp.objects.all()[:2])
    return own[0] if len(own) == 1 and not settings.SHOPIFY_CLIENT_ID else None


def _take(state: str, shop: str, session_key: str, user: User) -> ConnectionAttempt:
    return attempts.take(state=state, shop_domain=shop, session_key=session_key, user_id=user.pk)


def _take_quietly(refused: CallbackRefused, session_key: str, user: User) -> ConnectionAttempt | None:
    try:
        return _take(refused.state, refused.shop, session_key, user)
    except StateRefused as refusal:
        return refusal.attempt


def _connect(attempt: ConnectionAttempt, callback: Callback, app: App, *, user: User) -> Connected:
    workspace = next((w for w in doors.workspaces_of(user.pk) if w.id == attempt.tenant_id), None)
    if workspace is None:
        raise NotConnected("not_the_owner")
    may_connect(workspace, user.pk)
    grant = exchange(callback, app)
    with tenant_context(workspace.id):
        owner = still_owner(workspace)
        store_grant(shop=callback.shop, grant=grant, owner=owner, app_id=attempt.app_id)
    return Connected(workspace.slug, callback.shop)


def store_grant(*, shop: str, grant: TokenGrant, owner: Membership, app_id: int | None) -> None:
    """In the workspace's context: the store, connected with this access. Raises NotConnected."""
    # Locked: an app that is removed meanwhile would leave a store that nobody can renew.
    if app_id is not None and not ShopifyApp.objects.select_for_update().filter(pk=app_id).exists():
        raise NotConnected("no_app")
    try:
        stores.connect(shop_domain=shop, grant=grant, by=owner, app_id=app_id)
    except stores.StoreTaken:
        raise NotConnected("store_taken") from None


def _failed(attempt: ConnectionAttempt | None, code: str, user: User, *, of: ConnectionAttempt | None = None) -> Failed:
    if attempt is None:
        attempt = attempts.record_failure(outcome=code, user_id=user.pk, of=of)
    else:
        attempts.finish(attempt, outcome=code)
    log.warning("connection attempt %s failed: %s", attempt.reference, code)
    return Failed(attempt.reference)
