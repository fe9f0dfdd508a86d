"""Telephone numbers in a text that somebody wrote, in E.164. Pure.

International ones only: a number without its country, read with the wrong one, is somebody else's. By Google's rules in
their Python port; what they do not hold for a number that exists is left out.
"""

import re
from dataclasses import dataclass

from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number

PHONES_LIMIT = 3
TEXT_LIMIT = 20_000
TRIES = 200  # candidates that are looked at: a text can consist of digits
_DOUBLE_ZERO = re.compile(r"(?<![^\s(:;])00(?=[1-9][0-9 ()./-]{6,})")


@dataclass(frozen=True, slots=True)
class Phone:
    """`value`: E.164. `typed`: as it stands in the text."""

    value: str
    typed: str


def phone_numbers(text: str) -> tuple[Phone, ...]:
    """At most three, each once, in the order of the text."""
    whole = text[:TEXT_LIMIT]
    # As long as what it replaces, so that places stay what they are.
    plus = _DOUBLE_ZERO.sub(" +", whole)
    if "+" not in plus:
        return ()
    found: dict[str, Phone] = {}
    for match in PhoneNumberMatcher(plus, None, leniency=Leniency.VALID, max_tries=TRIES):
        value = format_number(match.number, PhoneNumberFormat.E164)
        start = match.start - (whole[match.start] == "0")  # the first of two noughts
        found.setdefault(value, Phone(value, whole[start : match.end].strip()[:60]))
        if len(found) == PHONES_LIMIT:
            break
    return tuple(found.values())
