"""The chain's arithmetic, without a database: what a link's hash covers, and what is wrong with a row of links.

A link is one object: `v` (1), `position` (1, 2, ...), `previous` (the hash of the link before, 64 zeros for the first),
`sealed_at`, and `event` with every column of the audit row. Its hash is SHA-256 of that object as JSON in one form: keys
sorted by code point, no blanks, everything outside ASCII as \\uXXXX, in UTF-8. That is Python's
`json.dumps(link, sort_keys=True, separators=(",", ":"))`. Moments are UTC with six decimals and a Z. Whoever has an export
can compute it anew with any JSON library; a change of this form needs another `v`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

VERSION = 1
GENESIS = "0" * 64
Values = Mapping[str, object]
# Pairs are tried against each other to tell a swap from two changes; beyond so many faults nobody asks which it was.
MOST_COMPARED = 60


@dataclass(frozen=True, slots=True)
class Link:
    """One sealed event as it was found. `event` is None where the row is gone."""

    position: int
    previous: str
    hash: str
    sealed_at: str
    event_id: int
    event: Values | None
    version: int = VERSION

    def digest(self, *, position: int | None = None, event: Values | None = None) -> str:
        """The hash that this link ought to have; or would have at another position, or with another event."""
        return digest(
            position=self.position if position is None else position,
            previous=self.previous,
            sealed_at=self.sealed_at,
            event=self.event if event is None else event,
            version=self.version,
        )


def digest(*, position: int, previous: str, sealed_at: str, event: Values | None, version: int = VERSION) -> str:
    link = {"v": version, "position": position, "previous": previous, "sealed_at": sealed_at, "event": event}
    return hashlib.sha256(canonical(link).encode("ascii")).hexdigest()


def canonical(value: object) -> str:
    """JSON in the one form that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a walk along a chain found: how long it is, how it ends, and every fault in words that name the place."""

    length: int
    head: str
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.faults


def examine(links: Iterable[Link], *, expected_head: str = "") -> Finding:
    """Walk the links in the order in which they come. `expected_head`: a hash noted earlier, which must be in the chain."""
    walk = _Walk()
    for link in links:
        walk.take(link)
    return walk.finding(expected_head)


class _Walk:
    """Keeps 32 bytes a link, and whole links only where they are wrong."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self.hashes: dict[int, bytes] = {}
        self.previous: dict[int, bytes] = {}
        self.changed: list[Link] = []
        self.faults: list[str] = []
        self.explained: set[int] = set()
        self.last = GENESIS

    def take(self, link: Link) -> None:
        if link.position in self.hashes:
            self.faults.append(f"position {link.position} occurs twice: event {link.event_id} was inserted")
            return
        self.order.append(link.position)
        self.hashes[link.position] = _bytes(link.hash)
        self.previous[link.position] = _bytes(link.previous)
        if link.event is None:
            self.faults.append(f"position {link.position}: event {link.event_id} is missing")
            self.explained.add(link.position)
        elif link.digest() != link.hash:
            self.changed.append(link)

    def finding(self, expected_head: str) -> Finding:
        self._name_changes()
        self._name_gaps()
        self._name_order()
        self._name_breaks()
        head = self.hashes[max(self.hashes)].hex() if self.hashes else GENESIS
        if expected_head and _bytes(expected_head) not in {*self.hashes.values(), _bytes(GENESIS)}:
            self.faults.append(
                f"the expected head {expected_head[:12]}… is not in the chain, which ends at position {max(self.hashes, default=0)}: its end was cut off or replaced"
            )
        return Finding(len(self.hashes), head, tuple(self.faults))

    def _name_changes(self) -> None:
        """Which of the links that do not hash were shifted, which swapped; the rest were changed."""
        rest = list(self.changed)
        self.explained |= {link.position for link in rest}
        if self._name_shift(rest):
            return
        for one, other in _pairs(rest[:MOST_COMPARED]):
            if one in rest and other in rest and _swapped(one, other):
                rest.remove(one)
                rest.remove(other)
                self.faults.append(
                    f"positions {one.position} and {other.position} are swapped (events {one.event_id} and {other.event_id})"
                )
        self.faults += [
            f"position {link.position}: event {link.event_id} ({_action(link)}) or its seal was changed"
            for link in rest
        ]

    def _name_shift(self, rest: list[Link]) -> bool:
        """All links from somewhere to the end hash at the position before or after theirs: one was put in or taken out."""
        if len(rest) < 2 or rest[-1].position != max(self.hashes):
            return False
        start = rest[0].position
        for by, words in (
            (-1, f"a row was inserted at position {start - 1}"),
            (1, f"the row of position {start} was removed"),
        ):
            if all(link.digest(position=link.position + by) == link.hash for link in rest):
                self.faults.append(f"{words}, and the {len(rest)} after it were renumbered")
                self.explained.add(start - 1)
                return True
        return False

    def _name_gaps(self) -> None:
        for first, last in _gaps(sorted(self.order)):
            words = f"position {first} is" if first == last else f"positions {first} to {last} are"
            self.faults.append(f"{words} missing")
            self.explained.add(last + 1)

    def _name_order(self) -> None:
        moved = [(a, b) for a, b in zip(self.order, sorted(self.order), strict=True) if a != b]
        if len(moved) == 2:
            self.faults.append(f"positions {moved[0][1]} and {moved[0][0]} are swapped")
        elif moved:
            self.faults.append(f"{len(moved)} rows are out of order, the first at position {moved[0][1]}")

    def _name_breaks(self) -> None:
        """A link that hashes and yet does not continue the one before it, where nothing else says why."""
        for position, previous in self.previous.items():
            before = self.hashes.get(position - 1) if position > 1 else _bytes(GENESIS)
            if before is not None and before != previous and not {position, position - 1} & self.explained:
                self.faults.append(f"position {position} does not continue position {position - 1}")


def _swapped(one: Link, other: Link) -> bool:
    """Whether both hash as soon as their places, their events, or what their events say, change hands."""
    if one.digest(position=other.position) == one.hash and other.digest(position=one.position) == other.hash:
        return True
    if one.event is None or other.event is None:
        return False
    if one.digest(event=other.event) == one.hash and other.digest(event=one.event) == other.hash:
        return True
    mine, theirs = {**other.event, "id": one.event["id"]}, {**one.event, "id": other.event["id"]}
    return one.digest(event=mine) == one.hash and other.digest(event=theirs) == other.hash


def _pairs(links: list[Link]) -> Iterator[tuple[Link, Link]]:
    return ((one, other) for index, one in enumerate(links) for other in links[index + 1 :])


def _gaps(positions: list[int]) -> Iterator[tuple[int, int]]:
    expected = 1
    for position in positions:
        if position > expected:
            yield expected, position - 1
        expected = position + 1


def _bytes(value: str) -> bytes:
    """32 bytes for a hash; what is none is kept as it is, and equals no hash."""
    try:
        return bytes.fromhex(value)
    except ValueError:
        return value.encode()


def _action(link: Link) -> str:
    return str((link.event or {}).get("action", "?"))
