"""One form per address, and refusal of what is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.addresses import AddressError, normalise


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("  ada@example.com\n", "ada@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@example。com", "ada@example.com"),
        ("STRASSE@x.example", "strasse@x.example"),
        ("straße@x.example", "straße@x.example"),
        ("STRAẞE@x.example", "straße@x.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("ze\u0301@x.example", "z\u00e9@x.example"),
        ("o'brien+shop@r3---sn.example", "o'brien+shop@r3---sn.example"),
        ("root@localhost", "root@localhost"),
        ("ada@example.com.", "ada@example.com"),
    ],
)
def test_spellings_of_one_address_become_one(typed: str, normal: str) -> None:
    assert normalise(typed) == normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sam@x.example", "\u017fam@x.example"),
        ("strasse@x.example", "straße@x.example"),
        ("ada@strasse.example", "ada@straße.example"),
        ("ida@x.example", "\u0131da@x.example"),
        ("ida@x.example", "\u0130da@x.example"),
        ("info@x.example", "in\ufb01@x.example"),
    ],
)
def test_two_mailboxes_are_two_addresses_however_alike_they_look(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.com",
        "a b@example.com",
        "ada@exa mple.com",
        "a@b@example.com",
        "ada@example..com",
        "ada@-example.com",
        "ada@.example.com",
        "ada\x00@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@exam\u200bple\u2260.com\ud800",
        "\ud800@example.com",
        "\u212aim@example.com",
        "ada@" + "a" * 300 + ".com",
        "a" * 250 + "@example.com",
        "ada@ü" + "ü" * 80 + ".example",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(wrong: str) -> None:
    with pytest.raises(AddressError) as refused:
        normalise(wrong)
    assert "ada" not in str(refused.value)
    assert refused.value.__context__ is None


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_an_address_or_a_refusal(text: str) -> None:
    try:
        normal = normalise(text)
    except AddressError:
        return
    assert normalise(normal) == normal


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40), st.sampled_from(["example.com", "bücher.example", "EXAMPLE.com", "例え.jp"]))
def test_the_normal_form_is_stable(local: str, domain: str) -> None:
    try:
        normal = normalise(f"{local}@{domain}")
    except AddressError:
        return
    assert normalise(normal) == normal
    assert normal.count("@") == 1
    assert len(normal) <= 254
