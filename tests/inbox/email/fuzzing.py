"""Mails that were damaged by chance, made of real ones: the same from the same seed."""

import importlib.util
import random
from collections.abc import Iterator
from pathlib import Path

from tests.inbox.email import hostile

MAILS = Path(__file__).parent / "mails"
_WORDS = (
    b"=?utf-8?q?", b"?=", b"=?nosuch?b?////?=", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"--", b"boundary=", b"\r", b"\n\n", b"\r\n",
    b"Content-Type: multipart/mixed; boundary=b\n", b"Content-Type: message/rfc822\n", b"Content-Transfer-Encoding: base64\n",
    b"Content-Type: text/plain; charset=", b"utf-7", b"idna", b"Message-ID: <", b"References: <a@b> <", b"From: ", b"To: a@b, c@",
    b"Date: ", b"(", b")", b'"', b"<", b">", b";", b",", b"filename*0*=", b"name*=utf-8''", b"begin 644 x\n", b"<script>", b"<style>",
)  # fmt: skip


def pythons_own() -> dict[str, bytes]:
    """The messages of CPython's e-mail tests, which come with Python; none where a distribution leaves its tests out."""
    spec = importlib.util.find_spec("test")
    folders = [Path(place) / "test_email" / "data" for place in (spec.submodule_search_locations or [] if spec else [])]
    return {file.name: file.read_bytes() for folder in folders for file in sorted(folder.glob("msg_*.txt"))}


def seeds() -> list[bytes]:
    """Whole mails, of people and of enemies, none so large that a thousand of them take a minute."""
    small = (make() for make in (*hostile.TAKEN.values(), *hostile.REFUSED.values()))
    found = [*pythons_own().values(), *(file.read_bytes() for file in sorted(MAILS.glob("*.eml")))]
    return [*found, *(raw for raw in small if len(raw) < 20_000)]


def damaged(count: int, *, seed: int) -> Iterator[bytes]:
    chance = random.Random(seed)
    whole = seeds()
    for _ in range(count):
        raw = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 2, 4, 8, 30))):
            _damage(raw, chance, whole)
        yield bytes(raw[:200_000])


def _damage(raw: bytearray, chance: random.Random, whole: list[bytes]) -> None:
    place = chance.randrange(len(raw) + 1)
    match chance.randrange(7):
        case 0:
            raw[place : place + 1] = bytes([chance.randrange(256)])
        case 1:
            raw[place:place] = chance.choice(_WORDS) * chance.choice((1, 1, 3, 50))
        case 2:
            del raw[place : place + chance.choice((1, 10, 500))]
        case 3:
            other = chance.choice(whole)
            begin = chance.randrange(len(other) + 1)
            raw[place:place] = other[begin : begin + chance.choice((10, 200, 5_000))]
        case 4:
            raw[place : place + 40] = chance.randbytes(chance.choice((1, 40, 400)))
        case 5:
            length = chance.choice((20, 300))
            raw[place:place] = raw[place : place + length] * chance.choice((2, 20))
        case 6:
            raw[:] = raw.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n", b" ")), chance.choice((1, 3, 1_000)))
