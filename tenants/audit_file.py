"""The audit log as a file to take away: JSON Lines, with everything that verifying it needs, and back again.

The first line says what the file is: `format` ("versana-audit"), `version`, `workspace`, `exported_at`, `length` (links) and
`head` (the last link's hash). Then comes one link a line (audit_links.py) with its `hash`, in order. Events not yet sealed
follow as `{"event": ...}` without a hash.
"""

import json
from collections.abc import Iterable, Iterator

from django.utils import timezone

from tenants import audit_chain
from tenants.audit_chain import Head
from tenants.audit_links import VERSION, Finding, Link, canonical, examine, moment
from tenants.rls.context import tenant_context

FORMAT = "versana-audit"


class FileError(Exception):
    """The file is not an export of ours, or a line of it is not what it must be."""


def lines(*, tenant_id: int, slug: str) -> Iterator[str]:
    """The file, line by line; each batch is read in a transaction of its own, while the last one is on its way."""
    with tenant_context(tenant_id):
        head = audit_chain.head()
    yield _line(_first(tenant_id, slug, head))
    after: tuple[int, int] | None = None
    while True:
        with tenant_context(tenant_id):
            batch = audit_chain.link_batch(after=after, upto=head.length)
        if not batch:
            break
        yield from (_line(_sealed(link)) for _, link in batch)
        after = batch[-1][0]
    with tenant_context(tenant_id):
        waiting = [audit_chain.values(event) for event in audit_chain.unsealed().order_by("pk")]
    yield from (_line({"event": event}) for event in waiting)


def verify(rows: Iterable[str], *, expected_head: str = "") -> tuple[str, Finding, int]:
    """The workspace, what the walk along the file's chain found, and how many events in it are not sealed.

    Without a database. The file's own first line counts as an expected head: an end that was cut off shows. Raises FileError.
    """
    reader = _Reader(iter(rows))
    finding = examine(reader.links(), expected_head=expected_head or reader.head)
    faults = list(finding.faults)
    if expected_head and reader.head != finding.head:
        faults.append(f"the file ends with {finding.head[:12]}… and its first line says {reader.head[:12]}…")
    if finding.length != reader.length and not faults:
        faults.append(f"the first line says {reader.length} links, and there are {finding.length}")
    return reader.workspace, Finding(finding.length, finding.head, tuple(faults)), reader.waiting


class _Reader:
    """Takes the lines of a file apart, and refuses what is none of ours by its number."""

    def __init__(self, rows: Iterator[str]) -> None:
        self.rows, self.waiting = rows, 0
        first = _object(next(rows, ""), 1)
        if first.get("format") != FORMAT or first.get("version") != VERSION:
            raise FileError("line 1 does not say that this is an audit log of version 1")
        workspace, self.head, self.length = first.get("workspace"), str(first.get("head")), first.get("length")
        self.workspace = str(workspace.get("slug")) if isinstance(workspace, dict) else "?"

    def links(self) -> Iterator[Link]:
        for number, row in enumerate(self.rows, 2):
            line = _object(row, number)
            if "hash" in line:
                yield _parsed(line, number)
            else:
                self.waiting += 1


def _first(tenant_id: int, slug: str, head: Head) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "workspace": {"id": tenant_id, "slug": slug},
        "exported_at": moment(timezone.now()),
        "length": head.length,
        "head": head.hash,
    }


def _sealed(link: Link) -> dict[str, object]:
    return {
        "v": link.version,
        "position": link.position,
        "previous": link.previous,
        "sealed_at": link.sealed_at,
        "event": link.event,
        "hash": link.hash,
    }


def _line(value: dict[str, object]) -> str:
    return canonical(value) + "\n"


def _object(row: str, number: int) -> dict[str, object]:
    try:
        value = json.loads(row)
    except (ValueError, RecursionError):
        raise FileError(f"line {number} is not JSON") from None
    if not isinstance(value, dict):
        raise FileError(f"line {number} is not a JSON object")
    return value


def _parsed(line: dict[str, object], number: int) -> Link:
    position, event = line.get("position"), line.get("event")
    texts = [line.get(name) for name in ("previous", "sealed_at", "hash")]
    if type(position) is not int or not all(isinstance(text, str) for text in texts):
        raise FileError(f"line {number} is not a link of a chain")
    if line.keys() != {"v", "position", "previous", "sealed_at", "event", "hash"} or not isinstance(event, dict | None):
        raise FileError(f"line {number} has other parts than a link has")
    version, key = line.get("v"), event.get("id") if event else 0
    return Link(
        position=position,
        previous=str(texts[0]),
        sealed_at=str(texts[1]),
        hash=str(texts[2]),
        event_id=key if type(key) is int else 0,
        event=event,
        version=version if type(version) is int else 0,
    )
