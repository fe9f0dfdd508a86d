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


def begin(*, shop_domain: str, session_key: str, by: Membership) -> Begun:
    """A new attempt, bound to session, person, workspace and shop. Any number may be pending: two tabs do not disturb each other."""
    # Hexadecimal: Shopify's own libraries disagree on how other characters are signed.
    state = secrets.token_hex(32)
    attempt = ConnectionAttempt.objects.create(
        reference=new_reference(),
        state_hash=_hash(state),
        session_hash=_hash(session_key),
        user_id=by.user_id,
        tenant_id=by.tenant_id,
        shop_domain=shop_domain,
    )
    return Begun(attempt, state)


def take(*, state: str, shop_domain: str, session_key: str, user_id: int) -> ConnectionAttempt:
    """Use up a state. Whatever else is wrong, it is used up: it never works a second time.

    Raises StateRefused with the attempt where there is one that may be named to this person.
    """
    now = timezone.now()
    found = ConnectionAttempt.objects.filter(state_hash=_hash(state)).first()
    if found is None:
        raise StateRefused("state_unknown")
    own = found.session_hash == _hash(session_key) and found.user_id == user_id
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


def leave(*, state: str) -> ConnectionAttempt | None:
    """Use up a pending state whose person was signed out when the answer came. None for any other state."""
    found = ConnectionAttempt.objects.filter(state_hash=_hash(state), used_at=None).first()
    won = found and ConnectionAttempt.objects.filter(pk=found.pk, used_at=None).update(used_at=timezone.now())
    return found if won else None


def record_failure(*, outcome: str, user_id: int, of: ConnectionAttempt | None = None) -> ConnectionAttempt:
    """An answer that belongs to no pending attempt of this person (no, a wrong or a used state, the latter one `of`)."""
    now = timezone.now()
    return ConnectionAttempt.objects.create(
        reference=new_reference(),
        user_id=user_id,
        tenant_id=of.tenant_id if of else None,
        shop_domain=of.shop_domain if of else "",
        started_at=now,
        finished_at=now,
        outcome=outcome[:40],
    )


def of_person(*, reference: str, user_id: int) -> ConnectionAttempt | None:
    """A person's own attempt."""
    if not _REFERENCE.fullmatch(reference):
        return None
    return ConnectionAttempt.objects.filter(reference=reference, user_id=user_id).first()


def forget() -> int:
    """Delete attempts that support will not ask for any more."""
    return ConnectionAttempt.objects.filter(started_at__lt=timezone.now() - KEPT).delete()[0]


def new_reference() -> str:
    """VX-7F3K-204P: short enough to read aloud, long enough not to be guessed."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"VX-{letters[:4]}-{letters[4:]}"


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
