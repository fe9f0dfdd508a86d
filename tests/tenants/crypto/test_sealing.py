"""The envelope: it opens with its key at its place, and in no other case whatever."""

import os
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.crypto.sealing import SealError, key_id_of, seal, unseal
from tests.telling import Tell

KEY, OTHER = os.urandom(32), os.urandom(32)
PLACE = ("shopify_store", "access_token", "4", "27.myshopify.com")
TOKEN = b"shpat_0123456789abcdef0123456789abcdef"


def opens(envelope: bytes, *, keys: dict[int, bytes] | None = None, place: tuple[str, ...] = PLACE) -> bool:
    try:
        unseal(envelope, keys=keys or {1: KEY}, place=place)
    except SealError:
        return False
    return True


@given(st.binary(max_size=5000), st.lists(st.text(max_size=40), max_size=5), st.integers(1, 2**32 - 1))
def test_what_is_sealed_opens_at_its_place(plain: bytes, place: list[str], key_id: int) -> None:
    envelope = seal(plain, key_id=key_id, key=KEY, place=place)
    assert unseal(envelope, keys={key_id: KEY}, place=place) == plain
    assert key_id_of(envelope) == key_id


def test_the_envelope_is_as_long_as_promised_and_shows_nothing_of_the_value() -> None:
    envelope = seal(TOKEN, key_id=1, key=KEY, place=PLACE)
    assert len(envelope) == 1 + 4 + 12 + len(TOKEN) + 16
    assert not any(TOKEN[i : i + 4] in envelope for i in range(len(TOKEN) - 3))


def test_the_same_value_never_looks_the_same_twice() -> None:
    assert len({seal(TOKEN, key_id=1, key=KEY, place=PLACE) for _ in range(200)}) == 200
    assert len({seal(TOKEN, key_id=1, key=KEY, place=PLACE)[5:17] for _ in range(200)}) == 200


def flipped(envelope: bytes) -> list[bytes]:
    """Each bit of it, one at a time."""
    number, length = int.from_bytes(envelope, "big"), len(envelope)
    return [(number ^ (1 << bit)).to_bytes(length, "big") for bit in range(8 * length)]


def truncated(envelope: bytes) -> list[bytes]:
    """Every shorter piece from the beginning, and every one from the end."""
    return [envelope[:n] for n in range(len(envelope))] + [envelope[n:] for n in range(1, len(envelope))]


def extended(envelope: bytes) -> list[bytes]:
    """Every byte in front, every byte behind, one byte doubled anywhere, and the whole twice."""
    ends = [change for byte in range(256) for change in (envelope + bytes([byte]), bytes([byte]) + envelope)]
    return [*ends, *(envelope[:n] + envelope[n - 1 :] for n in range(1, len(envelope) + 1)), envelope * 2]


def relabelled(envelope: bytes) -> list[bytes]:
    """The same under other key ids, all of which the ring holds, with the same key."""
    return [envelope[:1] + key_id.to_bytes(4, "big") + envelope[5:] for key_id in OTHER_IDS]


OTHER_IDS = (2, 3, 255, 256, 2**24, 2**32 - 1)
CHANGES = {"single-bit flips": flipped, "truncations": truncated, "extensions": extended, "other key ids": relabelled}


@pytest.mark.parametrize("kind", CHANGES)
def test_every_change_is_noticed(kind: str, tell: Tell) -> None:
    envelope = seal(TOKEN, key_id=1, key=KEY, place=PLACE)
    ring = {1: KEY, **dict.fromkeys(OTHER_IDS, KEY)}
    changed = CHANGES[kind](envelope)
    assert opens(envelope, keys=ring)
    assert envelope not in changed
    rejected = [damaged for damaged in changed if not opens(damaged, keys=ring)]
    assert len(rejected) == len(changed)
    tell(f"tampering: {kind} of a sealed token ({len(envelope)} bytes): {len(rejected)} of {len(changed)} rejected")


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_open(data: bytes) -> None:
    assert not opens(data)


MOVES = {
    "table": ("shopify_farewell", "access_token", "4", "27.myshopify.com"),
    "column": ("shopify_store", "refresh_token", "4", "27.myshopify.com"),
    "workspace": ("shopify_store", "access_token", "5", "27.myshopify.com"),
    "row": ("shopify_store", "access_token", "4", "28.myshopify.com"),
    "digit moved over the border": ("shopify_store", "access_token", "42", "7.myshopify.com"),
    "parts joined": ("shopify_store", "access_token", "427.myshopify.com"),
    "part missing": ("shopify_store", "access_token", "4"),
    "part added": (*PLACE, ""),
    "empty part first": ("", *PLACE),
    "order": ("access_token", "shopify_store", "4", "27.myshopify.com"),
    "case": ("shopify_store", "access_token", "4", "27.MYSHOPIFY.com"),
    "nowhere": (),
}


def test_an_envelope_that_was_moved_does_not_open(tell: Tell) -> None:
    envelope = seal(TOKEN, key_id=1, key=KEY, place=PLACE)
    opened = [name for name, place in MOVES.items() if opens(envelope, place=place)]
    assert opened == []
    tell(f"tampering: moves of a sealed token: {len(MOVES)} of {len(MOVES)} rejected ({', '.join(MOVES)})")


@given(st.lists(st.text(max_size=8), max_size=4), st.lists(st.text(max_size=8), max_size=4))
def test_no_two_places_are_taken_for_each_other(one: list[str], other: list[str]) -> None:
    envelope = seal(b"x", key_id=1, key=KEY, place=one)
    assert opens(envelope, place=tuple(other)) is (one == other)


def test_another_key_under_the_same_number_does_not_open_it() -> None:
    envelope = seal(TOKEN, key_id=1, key=KEY, place=PLACE)
    assert not opens(envelope, keys={1: OTHER})
    assert not opens(envelope, keys={2: KEY})
    assert opens(envelope, keys={1: KEY, 2: OTHER})


def test_an_envelope_relabelled_to_another_key_does_not_open_although_the_key_is_the_same() -> None:
    envelope = seal(TOKEN, key_id=1, key=KEY, place=PLACE)
    assert not opens(envelope[:1] + (2).to_bytes(4, "big") + envelope[5:], keys={1: KEY, 2: KEY})


def test_an_envelope_of_a_later_version_is_refused() -> None:
    envelope = seal(TOKEN, key_id=1, key=KEY, place=PLACE)
    assert key_id_of(b"\x02" + envelope[1:]) is None
    assert not opens(b"\x02" + envelope[1:])


@pytest.mark.parametrize("length", [0, 1, 4, 5, 16, 20, 32])
def test_something_too_short_is_refused_before_any_key_is_tried(length: int) -> None:
    assert not opens((b"\x01\x00\x00\x00\x01" + bytes(40))[:length])


@pytest.mark.parametrize(
    "damage",
    [b"", b"\x01", bytes(70), seal(TOKEN, key_id=1, key=KEY, place=PLACE)],
    ids=["empty", "one byte", "zeros", "moved"],
)
def test_the_error_has_no_context_and_no_detail(damage: bytes) -> None:
    with pytest.raises(SealError) as caught:
        unseal(damage, keys={1: KEY}, place=("elsewhere",))
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    assert str(error) == "a sealed value does not open"
    shown = "".join(traceback.format_exception(error))
    assert "InvalidTag" not in shown
    assert KEY.hex() not in shown
