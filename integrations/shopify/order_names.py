"""Names of orders: what stands around the number in a store, and by which names a number may be meant there. Pure.

Shopify lets a store put text before and after the number of each order (`#UK-1042-B`), and change it at any time: older
orders keep their names. So a number is always looked for as it was written as well.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_MOST_AROUND: Final = 20
_AGREE: Final = 3  # so many of the newest orders
_ONE_NUMBER: Final = re.compile(r"([^\d]*)(\d{1,19})([^\d]*)")


@dataclass(frozen=True, slots=True)
class Affixes:
    """What stands before and after the number, the number sign aside. Most stores have neither."""

    prefix: str = ""
    suffix: str = ""

    def __bool__(self) -> bool:
        return bool(self.prefix or self.suffix)


def bare(name: str) -> str:
    """The name without the number sign before it."""
    return name.strip().removeprefix("#")


def learnt(names: Sequence[str]) -> Affixes:
    """From the names of orders, newest first: what the newest three have around different numbers. Nothing unless all agree."""
    numbers: dict[str, Affixes] = {}
    for name in names:
        found = _ONE_NUMBER.fullmatch(bare(name))
        if found is None or max(len(found[1]), len(found[3])) > _MOST_AROUND:
            return Affixes()
        numbers.setdefault(found[2], Affixes(found[1], found[3]))
        if len(numbers) == _AGREE:
            break
    agreed = set(numbers.values())
    return agreed.pop() if len(numbers) == _AGREE and len(agreed) == 1 else Affixes()


def variants(name: str, affixes: Affixes) -> tuple[str, ...]:
    """The names that somebody who wrote `name` may mean in a store, the one that was written first."""
    written = bare(name)
    folded = written.casefold()
    before = "" if folded.startswith(affixes.prefix.casefold()) else affixes.prefix
    after = "" if folded.endswith(affixes.suffix.casefold()) else affixes.suffix
    return tuple(_once((written, f"{before}{written}{after}", f"{before}{written}", f"{written}{after}")))


def _once(names: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(names)
