"""Keys and passwords: made once, kept from others, never half written."""

import base64
from pathlib import Path

from versana.devservices import credentials


def test_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    first = credentials.kept(tmp_path / "demo" / "secrets")
    assert credentials.kept(tmp_path / "demo" / "secrets") == first
    assert (tmp_path / "demo" / "secrets").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["secrets"]


def test_a_key_that_a_newer_version_needs_is_added_and_the_others_stay(tmp_path: Path) -> None:
    first = credentials.kept(tmp_path / "secrets")
    (tmp_path / "secrets").write_text(f"SEALING_KEYS={first['SEALING_KEYS']}\n")
    second = credentials.kept(tmp_path / "secrets")
    assert second["SEALING_KEYS"] == first["SEALING_KEYS"]
    assert second["SECRET_KEY"] != first["SECRET_KEY"]
    assert second.keys() == first.keys()


def test_a_sealing_key_is_32_random_bytes() -> None:
    keys = {credentials.fresh()["SEALING_KEYS"] for _ in range(3)}
    assert len(keys) == 3
    for key in keys:
        number, _, encoded = key.partition(":")
        assert number == "1"
        assert len(base64.b64decode(encoded, validate=True)) == 32


def test_each_role_has_a_password_of_its_own_that_the_secret_decides() -> None:
    made = {credentials.role_password(role, secret="one") for role in credentials.ROLES.values()}
    assert len(made) == len(credentials.ROLES)
    assert credentials.role_password("versana_app", secret="one") in made
    assert credentials.role_password("versana_app", secret="two") not in made
