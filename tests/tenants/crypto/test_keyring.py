"""The installation's keys: the primary seals, every key of the ring opens, and a broken ring stops the start."""

import base64
import os

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from tenants.crypto import keyring
from tenants.crypto.sealing import SealError, key_id_of
from tenants.crypto.secret import Secret
from versana.settings import parse_primary_key, parse_sealing_keys

PLACE = ("table", "column", "1")


@pytest.fixture
def ring(settings: Settings) -> Settings:
    settings.SEALING_KEYS = {1: os.urandom(32)}
    settings.SEALING_PRIMARY_KEY = 1
    return settings


@pytest.mark.parametrize("value", ["a", "shpat_" + "0" * 32, "ünïcödé ✓", "line\nbreak", "x" * 10_000, "\x00"])
def test_a_secret_comes_back_as_the_same_secret(value: str, ring: Settings) -> None:
    opened = keyring.unseal(keyring.seal(Secret(value), place=PLACE), place=PLACE)
    assert isinstance(opened, Secret)
    assert opened == Secret(value)


def test_after_a_rotation_old_values_open_and_new_ones_carry_the_new_key(ring: Settings) -> None:
    old = keyring.seal(Secret("token"), place=PLACE)
    ring.SEALING_KEYS = {**ring.SEALING_KEYS, 2: os.urandom(32)}
    assert key_id_of(keyring.seal(Secret("token"), place=PLACE)) == 1
    ring.SEALING_PRIMARY_KEY = 2
    new = keyring.seal(Secret("token"), place=PLACE)
    assert (key_id_of(old), key_id_of(new)) == (1, 2)
    assert keyring.unseal(old, place=PLACE) == keyring.unseal(new, place=PLACE)


def test_after_the_old_key_is_gone_only_the_new_values_open(ring: Settings) -> None:
    old = keyring.seal(Secret("token"), place=PLACE)
    ring.SEALING_KEYS, ring.SEALING_PRIMARY_KEY = {2: os.urandom(32)}, 2
    with pytest.raises(SealError):
        keyring.unseal(old, place=PLACE)


def test_a_key_exchanged_under_its_number_opens_nothing(ring: Settings) -> None:
    sealed = keyring.seal(Secret("token"), place=PLACE)
    ring.SEALING_KEYS = {1: os.urandom(32)}
    with pytest.raises(SealError):
        keyring.unseal(sealed, place=PLACE)


def test_the_ring_tests_itself(ring: Settings) -> None:
    keyring.self_test()
    ring.SEALING_KEYS = {1: b"too short"}
    with pytest.raises(ImproperlyConfigured, match="Sealing key 1 does not open"):
        keyring.self_test()


GOOD = base64.b64encode(bytes(range(32))).decode()


def test_keys_are_read_from_their_numbers_and_base64() -> None:
    assert parse_sealing_keys(f"1:{GOOD},7:{GOOD}") == {1: bytes(range(32)), 7: bytes(range(32))}
    assert parse_sealing_keys(f"1:{GOOD},") == {1: bytes(range(32))}


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        GOOD,
        f"x:{GOOD}",
        f":{GOOD}",
        "1:",
        "1:!!!",
        "1:" + GOOD[:-4],
        f"1:{GOOD}{GOOD}",
        f"1:{GOOD};2:{GOOD}",
        f"1={GOOD}",
    ],
    ids=range(11),
)
def test_malformed_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        parse_sealing_keys(text)
    assert GOOD[:12] not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize("number", ["0", "-1", "4294967296"])
def test_a_number_that_no_envelope_can_carry_is_refused(number: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        parse_sealing_keys(f"{number}:{GOOD}")


def test_a_number_given_twice_is_refused() -> None:
    other = base64.b64encode(os.urandom(32)).decode()
    with pytest.raises(ImproperlyConfigured):
        parse_sealing_keys(f"1:{GOOD},1:{other}")


def test_a_single_key_seals_and_of_several_one_must_be_named() -> None:
    assert parse_primary_key("", {7: b"k"}) == 7
    assert parse_primary_key("2", {1: b"k", 2: b"k"}) == 2
    with pytest.raises(ImproperlyConfigured, match="which one seals"):
        parse_primary_key("", {1: b"k", 2: b"k"})


@pytest.mark.parametrize("text", ["3", "0", "-1", "x", "1.0", " ", "1,2"])
def test_a_primary_key_that_is_not_in_the_ring_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        parse_primary_key(text, {1: b"k", 2: b"k"})
