"""From Shopify's answer to a connected store, or to a failure that can be explained.

The order of the checks is Shopify's (authorization code grant, read 2026-11-22): shop, signature, state, exchange. The
exchange is the only network call inside a web request (bounded, outside of any transaction, on a path without a workspace).
"""

import logging
from dataclasses import dataclass

from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.shopify import attempts, oauth, scopes, stores
from integrations.shopify.attempts import StateRefused
from integrations.shopify.credentials import NoApp, installation_app
from integrations.shopify.models import ConnectionAttempt
from integrations.shopify.oauth import Callback, CallbackRefused
from tenants import doors, members, second_factors, switches
from tenants.doors import Workspace
from tenants.models import Membership, User
from tenants.rls.context import tenant_context
from tenants.roles import Permission, may
from tenants.switches import Switch

log = logging.getLogger("versana.shopify")


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


def complete(*, query: str, session_key: str, user: User) -> Connected | Failed:
    """Take Shopify's answer (the raw query string) to its end. Never raises for what the query says."""
    attempt: ConnectionAttempt | None = None
    try:
        callback = oauth.verify(query, secrets=installation_app().secrets, now=timezone.now())
        attempt = _take(callback.state, callback.shop, session_key, user)
        connected = _connect(attempt, callback, user=user)
    except CallbackRefused as refused:
        # A denial is signed too: the state in it is used up, so that it cannot be approved later.
        attempt = _take_quietly(refused, session_key, user) if refused.authentic else None
        return _failed(attempt, refused.reason, user)
    except StateRefused as refusal:
        return _failed(refusal.attempt, refusal.reason, user, of=refusal.of)
    except NotConnected as failure:
        return _failed(attempt, failure.code, user)
    except NoApp:
        return _failed(attempt, "no_app", user)
    attempts.finish(attempt, outcome=attempts.CONNECTED)
    return connected


def signed_out(*, query: str) -> Failed | None:
    """An answer that found nobody signed in: the session ended on the way. Its attempt ends, and its person may read why.

    None when Shopify did not sign it or its state is none that waits: a stranger leaves no row.
    """
    try:
        state = oauth.verify(query, secrets=installation_app().secrets, now=timezone.now()).state
    except CallbackRefused as refused:
        state = refused.state if refused.authentic else ""
    except NoApp:
        return None
    attempt = attempts.leave(state=state) if state else None
    if attempt is None:
        return None
    attempts.finish(attempt, outcome="signed_out")
    log.warning("connection attempt %s failed: signed_out", attempt.reference)
    return Failed(attempt.reference)


def _take(state: str, shop: str, session_key: str, user: User) -> ConnectionAttempt:
    return attempts.take(state=state, shop_domain=shop, session_key=session_key, user_id=user.pk)


def _take_quietly(refused: CallbackRefused, session_key: str, user: User) -> ConnectionAttempt | None:
    try:
        return _take(refused.state, refused.shop, session_key, user)
    except StateRefused as refusal:
        return refusal.attempt


def _connect(attempt: ConnectionAttempt, callback: Callback, *, user: User) -> Connected:
    workspace = _workspace(attempt, user)
    if not switches.is_on(Switch.CONNECT_STORES):
        raise NotConnected("paused")
    app = installation_app()
    try:
        grant = oauth.exchange_code(
            shop=callback.shop, client_id=app.client_id, client_secret=app.client_secret, code=callback.code
        )
    except IntegrationError as error:
        raise NotConnected(error.code) from None
    if scopes.missing(grant.scopes):
        raise NotConnected("scopes_missing")
    with tenant_context(workspace.id):
        owner = _still_owner(workspace)
        try:
            stores.connect(shop_domain=callback.shop, grant=grant, by=owner)
        except stores.StoreTaken:
            raise NotConnected("store_taken") from None
    return Connected(workspace.slug, callback.shop)


def _workspace(attempt: ConnectionAttempt, user: User) -> Workspace:
    """The workspace that the attempt was begun for, if this person is still its owner."""
    workspace = next((w for w in doors.workspaces_of(user.pk) if w.id == attempt.tenant_id), None)
    if workspace is None or not may(workspace.role, Permission.CONNECT_STORES):
        raise NotConnected("not_the_owner")
    if workspace.requires_second_factor and not second_factors.has_one(user.pk):
        raise NotConnected("second_factor_missing")
    return workspace


def _still_owner(workspace: Workspace) -> Membership:
    """The person as they are after the exchange, which took its time, locked against another role and against closing.

    A store connected a moment after the closing would be one that nobody disconnects.
    """
    if members.lock().closed_at is not None:
        raise NotConnected("workspace_closed")
    owner = members.present().filter(pk=workspace.membership_id).first()
    if owner is None or not may(owner.role, Permission.CONNECT_STORES):
        raise NotConnected("not_the_owner")
    return owner


def _failed(attempt: ConnectionAttempt | None, code: str, user: User, *, of: ConnectionAttempt | None = None) -> Failed:
    if attempt is None:
        attempt = attempts.record_failure(outcome=code, user_id=user.pk, of=of)
    else:
        attempts.finish(attempt, outcome=code)
    log.warning("connection attempt %s failed: %s", attempt.reference, code)
    return Failed(attempt.reference)
