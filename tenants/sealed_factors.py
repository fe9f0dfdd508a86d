"""What second factors rest on (an app's secret, the seed of recovery codes), sealed for one person and no other.

allauth seals and opens through its adapter without saying whose value it is. Here that is known: who is being asked for a
code says so (`of`), and everybody else acts on their own factors, signed in. A value that was moved to the row of somebody
else does not open there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from allauth.core import context

from tenants.crypto import keyring
from tenants.crypto.holders import JsonTexts

PLACE = ("mfa_authenticator", "data")
# For the rotation of keys (settings.SEALED_ELSEWHERE).
SEALED_FACTORS = JsonTexts(
    label="mfa.Authenticator",
    field="data",
    keys=("secret", "seed", "migrated_codes"),
    place=PLACE,
    bind_to=("user_id",),
)
_person: ContextVar[int | None] = ContextVar("person_of_factors", default=None)


class NobodysFactor(Exception):
    """A factor is sealed or opened, and nothing says for whom. A mistake of ours: nothing is opened for nobody."""


@contextmanager
def of(user_id: int) -> Iterator[None]:
    """Inside, factors are those of this person."""
    token = _person.set(user_id)
    try:
        yield
    finally:
        _person.reset(token)


def seal(text: str) -> str:
    return keyring.seal_text(text, place=_place())


def unseal(sealed: str) -> str:
    """Raises SealError when no key opens it for this person."""
    return keyring.unseal_text(sealed, place=_place())


def _place() -> tuple[str, ...]:
    person = _person.get()
    if person is None and context.request is not None and context.request.user.is_authenticated:
        person = context.request.user.pk
    if person is None:
        raise NobodysFactor
    return (*PLACE, str(person))
