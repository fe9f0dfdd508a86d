"""Searches for tokens wherever one could have ended up, in every form in which it could stand there."""

import base64
import binascii
import contextlib
import json
import re
import urllib.error
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from bs4 import BeautifulSoup
from psycopg import sql
from redis import Redis

from tests.acceptance.painted import Browser

PREFIX = 12  # So many characters of a token say enough: its kind and six of its digits.
DEEPEST = 3  # Base64 of JSON with base64 in it (Celery), compressed (sessions).
MOST_INFLATED = 4_000_000
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/_-]|\\n){16,}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){12,}")
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")


def forms(secret: str | bytes) -> dict[str, bytes]:
    """The beginning of a secret as it is, and in every coating that hides it from a plain search."""
    start = (secret.encode() if isinstance(secret, str) else secret)[:PREFIX]
    percent = "".join(f"%{byte:02X}" for byte in start)
    found = {
        "as it is": start,
        "quoted": urllib.parse.quote(start, safe="").encode(),
        "percent": percent.encode(),
        "percent, lower case": percent.lower().encode(),
        "as JSON": json.dumps(start.decode("latin-1")).strip('"').encode(),
        "escaped": "".join(f"\\u{byte:04x}" for byte in start).encode(),
        "hex": start.hex().encode(),
        "hex, upper case": start.hex().upper().encode(),
        "hex of base64": base64.b64encode(start).hex().encode(),
        "backwards": start[::-1],
        "in groups of four": b" ".join(start[at : at + 4] for at in range(0, PREFIX, 4)),
    }
    for shift in range(3):  # Base64 of a longer text looks different at each of three positions.
        encoded = base64.b64encode(b"\0" * shift + start)
        whole = encoded[(shift * 8 + 5) // 6 : (shift + PREFIX) * 8 // 6]
        found[f"base64 at {shift}"] = whole
        found[f"base64 for addresses at {shift}"] = whole.replace(b"+", b"-").replace(b"/", b"_")
    return found


def unwrapped(data: bytes, depth: int = DEEPEST) -> Iterator[bytes]:
    """`data`, and whatever can be decoded out of it: base64, hexadecimal and compressed parts, one inside the other."""
    yield data
    if depth:
        inner = b"\n".join(part for part in _decoded(data) if len(part) >= PREFIX)
        if inner:
            yield from unwrapped(inner, depth - 1)


def _decoded(data: bytes) -> Iterator[bytes]:
    for match in _BASE64.finditer(data):
        text = match[0].replace(b"\\n", b"").translate(bytes.maketrans(b"-_", b"+/"))
        for start in range(4 if len(text) < 100 else 1):  # Where a word stands before it, it begins a little later.
            # Whole: the last bytes of a compressed part are its sum, and without them it would not be unpacked.
            length = len(text) - start
            with contextlib.suppress(binascii.Error):
                yield binascii.a2b_base64(text[start : len(text) - (length % 4 == 1)] + b"=" * (-length % 4))
    yield from (binascii.unhexlify(match[0]) for match in _HEX.finditer(data))
    yield from (_inflated(data[match.start() :]) for match in _COMPRESSED.finditer(data))


def _inflated(data: bytes) -> bytes:
    """As far as it goes: what follows a part that was cut off is not its end."""
    unpacker, out = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32), b""
    with contextlib.suppress(zlib.error):
        for start in range(0, len(data), 32):
            out += unpacker.decompress(data[start : start + 32])
            if unpacker.eof or len(out) > MOST_INFLATED:
                break
    return out


@dataclass(frozen=True)
class Find:
    """What was found where; never the secret."""

    sink: str
    form: str
    number: int


def search(sinks: Iterable[tuple[str, bytes]], secrets: Iterable[str | bytes]) -> list[Find]:
    wanted = [(number, form, needle) for number, s in enumerate(secrets) for form, needle in forms(s).items()]
    return [
        Find(sink, form, number)
        for sink, data in sinks
        for layer in unwrapped(data)
        for number, form, needle in wanted
        if needle in layer
    ]


def tables(database: psycopg.Connection) -> Iterator[tuple[str, bytes]]:
    """Every table, as a superuser sees it: as text (bytes in hex), and its bytes as they are."""
    names = [row[0] for row in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    for name in names:
        rows = database.execute(sql.SQL("SELECT t::text, t.* FROM {} t").format(sql.Identifier(name))).fetchall()
        cells = [cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row]
        yield f"table {name}", b"\n".join(cells)


def redis_keys(address: str) -> Iterator[tuple[str, bytes]]:
    readers = {
        "string": "GET {}",
        "list": "LRANGE {} 0 -1",
        "set": "SMEMBERS {}",
        "hash": "HGETALL {}",
        "zset": "ZRANGE {} 0 -1",
    }
    with Redis.from_url(address) as redis:
        for key in redis.scan_iter(count=1000):
            kind = redis.type(key).decode()
            if kind == "none":  # It has expired since it was listed.
                continue
            verb, *rest = readers[kind].split()
            value = redis.execute_command(verb, *(key if part == "{}" else part for part in rest))
            yield f"redis {key.decode(errors='replace')}", key + repr(value).encode()


def files(*paths: Path) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        yield f"file {path.name}", path.read_bytes()


def pages(browser: Browser, starts: Iterable[str], most: int = 600) -> Iterator[tuple[str, bytes]]:
    """Every page that links lead to (refreshes and the way out excepted), with its headers' values and cookies."""
    waiting, seen = [*starts], set(starts)
    while waiting and len(seen) < most:
        path = waiting.pop()
        try:
            document = browser.open(path)
        except urllib.error.HTTPError as error:
            document = error.read().decode(errors="replace")
        except UnicodeDecodeError:
            continue  # A file that came with a mail.
        cookies = " ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
        yield f"page {path}", f"{browser.url} {cookies} {document}".encode()
        for link in _links(document):
            address = urllib.parse.urlsplit(urllib.parse.urljoin(browser.base + path, link))
            inside = address.netloc == urllib.parse.urlsplit(browser.base).netloc
            if inside and _worth_a_visit(address) and address.path not in seen:
                seen.add(address.path)
                waiting.append(f"{address.path}?{address.query}" if "after=" in address.query else address.path)


def _links(document: str) -> Iterator[str]:
    for node in BeautifulSoup(document, "html.parser").find_all(True):
        for name in ("href", "src", "hx-get"):
            if value := node.get(name):
                yield str(value)


def _worth_a_visit(address: urllib.parse.SplitResult) -> bool:
    return not address.path.startswith(("/static/", "/account/logout")) and "/files/" not in address.path


def by_kind(finds: Iterable[Find]) -> Mapping[str, list[Find]]:
    """Finds by the first word of their sink."""
    out: dict[str, list[Find]] = {}
    for find in finds:
        out.setdefault(find.sink.partition(" ")[0], []).append(find)
    return out
