"""Names of people and workspaces: what is kept of what was typed, and what is refused, at every door."""

import io
import sys
import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from tenants import names
from tenants.forms.names import NameField
from tenants.models import User
from tests.conftest import Cast
from tests.walking import cast, signed_in, soup_of

__all__ = ["cast"]  # a fixture


@pytest.mark.parametrize(
    "name",
    ["", " ", "\u200b", "\u200d\u200c", "\u202e\u202c", "\u2066\u2069", "\u00ad", "\ufeff", "\u3164", "\u2800", "\u00a0\u3000", "\u0301", "\ufe0f", "\U000e0041", "\x07", "\u2028", "\ue000"],
)  # fmt: skip
def test_a_name_of_which_nothing_can_be_seen_is_refused(name: str) -> None:
    with pytest.raises(names.Unseen, match="cannot be seen"):
        names.clean(name)
    assert names.shown(name) == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Olivia \t Chen\r\n", "Olivia Chen"),
        ("\u202eevil\u202c", "evil"),
        ("Ad\u200bam", "Adam"),
        ("\u2067Acme\u2069 \u202aGoods\u202c", "Acme Goods"),
        ("a \u200b b", "a b"),
        ("דנה לוי", "דנה לוי"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("क\u094d\u200dष", "क\u094d\u200dष"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("李雷", "李雷"),
        ("Zoë", "Zoë"),
        ("7", "7"),
        ("&", "&"),
        ("\u200f(שלום)", "\u200f(שלום)"),
    ],
)
def test_what_people_are_called_is_kept_in_one_line(typed: str, kept: str) -> None:
    assert names.clean(typed) == kept
    assert NameField().clean(typed) == kept


@given(st.text(max_size=40))
def test_whatever_is_typed_becomes_a_name_that_turns_nothing_or_none(typed: str) -> None:
    kept = names.shown(typed)
    assert names.shown(kept) == kept
    assert not [sign for sign in kept if unicodedata.bidirectional(sign) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")]  # fmt: skip
    assert not [sign for sign in kept if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")]


def test_a_form_says_what_is_the_matter() -> None:
    with pytest.raises(ValidationError, match="cannot be seen"):
        NameField().clean("\u200b")
    with pytest.raises(ValidationError, match="at most 120"):
        NameField().clean("x" * 121)


@pytest.mark.django_db
@pytest.mark.parametrize("option", ["--name", "--owner-name"])
def test_the_command_refuses_one_too(monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a long enough passphrase\n"))
    given = {"--name": "Harbor", "--owner-name": "Olivia", option: "\u200b\u3164"}
    with pytest.raises(CommandError, match="cannot be seen"):
        call_command(
            "create_tenant", "harbor", "--owner", "o@acme.example", *[x for pair in given.items() for x in pair]
        )
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_name_that_is_older_than_the_rule_turns_nothing_on_a_page(cast: Cast) -> None:
    User.objects.filter(pk=cast.ava.user_id).update(name="\u202eavA")
    User.objects.filter(pk=cast.adam.user_id).update(name="\u200b")
    people = [b.get_text() for b in soup_of(signed_in(cast.olivia).get("/acme/settings/members/")).select(".person b")]
    assert people == ["Olivia", "adam", "avA"]
