"""Telephone numbers in texts, in one form."""

import pytest

from inbox.phones import PHONES_LIMIT, phone_numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Call me: +46 70 123 45 67", "+46701234567"),
        ("+1 (212) 555-0123", "+12125550123"),
        ("0046 70 123 45 67 is mine", "+46701234567"),
        ("tel.+44 20 7946 0018.", "+442079460018"),
        ("+49 (0) 30 901820", "+4930901820"),
    ],
)
def test_an_international_number_is_found(text: str, value: str) -> None:
    assert [phone.value for phone in phone_numbers(text)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "070-123 45 67",
        "(212) 555-0123",
        "order 1042",
        "+1",
        "+999 123 456 789",
        "1+1=2",
        "2026-11-02",
        "",
        "€0012345678900",
    ],
)
def test_a_number_without_its_country_or_that_no_country_has_is_left_alone(text: str) -> None:
    assert phone_numbers(text) == ()


def test_each_is_named_once_as_it_was_typed() -> None:
    found = phone_numbers("0046 70 123 45 67, or +46701234567")
    assert [(phone.value, phone.typed) for phone in found] == [("+46701234567", "0046 70 123 45 67")]


@pytest.mark.parametrize("part", ["+1 212 555 0123 ", "+", "+1", "00 ", "0011 ", "+4670-"])
def test_a_long_text_is_read_whatever_it_repeats(part: str) -> None:
    assert len(phone_numbers(part * 10_000)) <= PHONES_LIMIT


def test_no_more_than_three_are_kept() -> None:
    assert len(phone_numbers(", ".join(f"+46 70 123 45 {number}" for number in range(60, 70)))) == PHONES_LIMIT
