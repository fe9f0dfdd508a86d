"""What can be asked of a store about a person, and by which key; how a store names its orders."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.shopify import order_names, phones, questions
from integrations.shopify.order_names import Affixes
from integrations.shopify.person import Link, Person
from integrations.shopify.questions import Question


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("1042", "1042"),
        (" #1042 ", "1042"),
        ("UK-1042-B", "uk-1042-b"),
        ("order", None),
        ("1042 OR *", None),
        ("", None),
    ],
)
def test_an_orders_name_is_one_question_however_it_is_written(name: str, key: str | None) -> None:
    assert questions.by_order(name) == (Question("order", key) if key else None)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+43 660 123-45 67", "+436601234567"),
        ("0043 (660) 1234567", "+436601234567"),
        ("+436601234567", "+436601234567"),
        ("0660 1234567", ""),
        ("+0660 1234567", ""),
        ("+43", ""),
        ("+43 660 * OR phone:*", ""),
        ("+" + "1" * 16, ""),
        ("", ""),
    ],
)
def test_a_telephone_number_counts_with_its_countrys_code(written: str, number: str) -> None:
    assert phones.e164(written) == number
    assert questions.by_phone(written) == (Question("phone", number) if number else None)


@pytest.mark.parametrize("digits", ["", "0", "-1", "1 OR 2", "１２", "1" * 21])
def test_a_customers_number_is_digits(digits: str) -> None:
    assert questions.by_customer(digits) is None


def test_an_agents_words_are_one_question_however_they_are_typed() -> None:
    assert questions.by_words("  Maya\x00 LINDQVIST\n") == Question("search", "maya lindqvist")
    assert questions.by_words("*") is None
    assert len(questions.by_words("x" * 500).key) == 100


def test_of_many_addresses_orders_and_numbers_the_first_are_asked_for() -> None:
    person = Person(
        emails=tuple(f"a{n}@example.com" for n in range(9)),
        phones=tuple(f"+4366012345{n:02}" for n in range(9)),
        orders=tuple(str(1000 + n) for n in range(9)),
    )
    who, orders, numbers = questions.about(person, store_number=1)
    assert [len(who), len(orders), len(numbers)] == [5, 5, 2]


def test_a_linked_customer_is_the_only_one_who_is_asked_for() -> None:
    link = Link("7100000000017", "Ava", datetime(2026, 11, 12, tzinfo=UTC))
    person = Person(emails=("maya@lindqvist.example",), phones=("+436601234567",), links={2: link})
    assert questions.about(person, store_number=2)[::2] == ((Question("customer", "7100000000017"),), ())
    assert questions.about(person, store_number=1)[0] == (Question("email", "maya@lindqvist.example"),)


# --- Names of orders ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("names", "around"),
    [
        (["#UK-1044-B", "#UK-1043-B", "#UK-1042-B"], ("UK-", "-B")),
        (["#UK-1044", "#UK-1043", "#UK-1042", "#1001"], ("UK-", "")),
        (["#1044", "#1043", "#1042"], ("", "")),
        (["#UK-1044-B", "#UK-1043-B"], ("", "")),
        (["#UK-1044-B", "#UK-1044-B", "#UK-1044-B"], ("", "")),
        (["#UK-1044", "#DE-1043", "#UK-1042"], ("", "")),
        (["#2026-1044", "#2026-1043", "#2026-1042"], ("", "")),
        (["#" + "X" * 21 + str(n) for n in (1, 2, 3)], ("", "")),
        (["gift", "gift", "gift"], ("", "")),
        ([], ("", "")),
    ],
)
def test_what_a_store_puts_around_numbers_is_learnt_when_three_orders_agree(
    names: list[str], around: tuple[str, str]
) -> None:
    assert order_names.learnt(names) == Affixes(*around)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1042", ("1042", "UK-1042-B", "UK-1042", "1042-B")),
        ("uk-1042", ("uk-1042", "uk-1042-B")),
        ("#UK-1042-b", ("UK-1042-b",)),
    ],
)
def test_a_number_may_mean_the_name_that_the_store_makes_of_it(written: str, meant: tuple[str, ...]) -> None:
    assert order_names.variants(written, Affixes("UK-", "-B")) == meant


@given(st.text(max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_what_was_written_is_always_looked_for_as_well(written: str, prefix: str, suffix: str) -> None:
    meant = order_names.variants(written, Affixes(prefix, suffix))
    assert meant[0] == order_names.bare(written)
    assert len(meant) == len(set(meant)) <= 4
