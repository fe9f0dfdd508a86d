"""Attempts to connect a store: the pending authorisation between our page and Shopify's answer, and the record of how it ended.

Rows live outside of every workspace, because the answer arrives before one is known; each write is a transaction of its
own, so that a failure is on record whatever else rolls back. The state and the session are kept as hashes.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from integrations.shopify.models import ConnectionAttempt
from tenants.models import Membership

LIFE = timedelta(minutes=10)
KEPT = timedelta(days=180)
CONNECTED = "connected"
ARRIVED = "arrived"  # an installation whose access waits for an owner to say where it belongs
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is misread on the telephone
_REFERENCE = re.compile(f"VX-[{_ALPHABET}]{{4}}-[{_ALPHABET}]{{4}}")


@dataclass(frozen=True, slots=True)
class Begun:
    """A pending attempt: `state` goes to Shopify and into no table."""

    attempt: ConnectionAttempt
    state: str


class StateRefused(Exception):
    """The state is unknown, used, too old, or belongs to another session, person or shop. `reason` says which.

    `attempt` is the one that ends by it; `of` one of the same person that the state belonged to and that goes its own way.
    """

    def __init__(
        self, reason: str, attempt: ConnectionAttempt | None = None, *, of: ConnectionAttempt | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.attempt = attempt
        self.of = of


def begin(*, shop_domain: str, session_key: str, by: Membership, app_id: int | None = None) -> Begun:
    """A new attempt, bound to session, person, workspace and shop. Any number may be pending: two tabs do not disturb each other."""
    return _begin(
        shop_domain=shop_domain, session_key=session_key, user_id=by.user_id, tenant_id=by.tenant_id, app_id=app_id
    )


def begin_installation(
    *, shop_domain: str, browser: str, tenant_id: int | None = None, app_id: int | None = None
) -> Begun:
    """A new attempt that began in Shopify: bound to a browser and a shop; who it is turns out when it is claimed.

    `browser` is a secret of that browser's session. `tenant_id`: the workspace whose own app was opened.
    """
    return _begin(
        kind=ConnectionAttempt.Kind.INSTALL, shop_domain=shop_domain, session_key=browser, tenant_id=tenant_id, app_id=app_id
    )  # fmt: skip


def _begin(*, session_key: str, **fields: object) -> Begun:
    # Hexadecimal: Shopify's own libraries disagree on how other characters are signed.
    state = secrets.token_hex(32)
    attempt = ConnectionAttempt.objects.create(
        reference=new_reference(), state_hash=_hash(state), session_hash=_hash(session_key), **fields
    )
    return Begun(attempt, state)


def of_state(state: str) -> ConnectionAttempt | None:
    """The attempt that a state was given to, used or not. For telling whose signature its answer must bear."""
    return ConnectionAttempt.objects.filter(state_hash=_hash(state)).first() if state else None


def take(*, state: str, shop_domain: str, session_key: str, user_id: int | None) -> ConnectionAttempt:
    """Use up a state. Whatever else is wrong, it is used up: it never works a second time.

    An installation is nobody's (`user_id` is None) until it is claimed. Raises StateRefused with the attempt where there
    is one that may be named to this person.
    """
    now = timezone.now()
    found = of_state(state)
    if found is None:
        raise StateRefused("state_unknown")
    nobodys = found.kind == ConnectionAttempt.Kind.INSTALL
    own = found.session_hash == _hash(session_key) and user_id == (None if nobodys else found.user_id)
    won = ConnectionAttempt.objects.filter(pk=found.pk, used_at=None).update(used_at=now) if own else 0
    if not own:
        raise StateRefused("state_of_another_session")
    if not won:
        # Not this attempt's own end: it may have worked, or be under way in another tab.
        raise StateRefused("state_used", of=found)
    if now - found.started_at > LIFE:
        raise StateRefused("state_expired", found)
    if found.shop_domain != shop_domain:
        raise StateRefused("state_of_another_shop", found)
    return found


def finish(attempt: ConnectionAttempt, *, outcome: str) -> None:
    """How it ended; `outcome` is "connected" or the code of what went wrong."""
    attempt.outcome, attempt.finished_at = outcome[:40], timezone.now()
    attempt.save(update_fields=["outcome", "finished_at"])


def claim(*, reference: str, user_id: int, tenant_id: int | None, outcome: str) -> None:
    """How an installation ended, who claimed it, and for which workspace."""
    ConnectionAttempt.objects.filter(reference=reference).update(
        user_id=user_id, tenant_id=tenant_id, outcome=outcome[:40], finished_at=timezone.now()
    )


def leave(*, state: str) -> ConnectionAttempt | None:
    """Use up a pending state whose person was signed out when the answer came. None for any other state."""
    found = ConnectionAttempt.objects.filter(state_hash=_hash(state), used_at=None).first()
    won = found and ConnectionAttempt.objects.filter(pk=found.pk, used_at=None).update(used_at=timezone.now())
    return found if won else None


def record_failure(
    *, outcome: str, user_id: int | None, of: ConnectionAttempt | None = None, browser: str = ""
) -> ConnectionAttempt:
    """An answer that belongs to no pending attempt of this person (no, a wrong or a used state, the latter one `of`).

    An installation's is found by the browser that it happened in.
    """
    now = timezone.now()
    return ConnectionAttempt.objects.create(
        reference=new_reference(),
        kind=ConnectionAttempt.Kind.INSTALL if browser else ConnectionAttempt.Kind.CONNECT,
        session_hash=_hash(browser) if browser else "",
        user_id=user_id,
        tenant_id=of.tenant_id if of else None,
        app_id=of.app_id if of else None,
        shop_domain=of.shop_domain if of else "",
        started_at=now,
        finished_at=now,
        outcome=outcome[:40],
    )


def of_person(*, reference: str, user_id: int | None, browser: str = "") -> ConnectionAttempt | None:
    """A person's own attempt, or an installation that this browser tried."""
    if not _REFERENCE.fullmatch(reference):
        return None
    found = ConnectionAttempt.objects.filter(reference=reference).first()
    if found is None:
        return None
    own = user_id is not None and found.user_id == user_id
    here = browser and found.kind == ConnectionAttempt.Kind.INSTALL and found.session_hash == _hash(browser)
    return found if own or here else None


def forget() -> int:
    """Delete attempts that support will not ask for any more."""
    return ConnectionAttempt.objects.filter(started_at__lt=timezone.now() - KEPT).delete()[0]


def new_reference() -> str:
    """VX-7F3K-204P: short enough to read aloud, long enough not to be guessed."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"VX-{letters[:4]}-{letters[4:]}"


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
