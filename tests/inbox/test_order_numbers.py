"""Names of orders in texts: which are found, which are left alone, and how well on a shop's mail."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.order_numbers import ORDERS_LIMIT, VALUE_LIMIT, newest, order_names
from tests.telling import Tell

RETAIL = json.loads((Path(__file__).parent / "retail" / "threads.json").read_text())


def values(text: str, *affixes: tuple[str, str]) -> list[str]:
    return [one.value for one in order_names(text, affixes=affixes)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Where is #1042?", ["1042"]),
        ("Where is # 1042?", ["1042"]),
        ("#UK-1042-B has not come.", ["UK-1042-B"]),
        ("uk-1042 is my order", ["UK-1042"]),
        ("Put it in the box of UK-1042?", ["UK-1042"]),
        ("order 1042", ["1042"]),
        ("my order number is 1042.", ["1042"]),
        ("Order no.: 1042", ["1042"]),
        ("ORDER ID = 9502127", ["9502127"]),
        ("orders 1042, 1043 and #1044", ["1042", "1043", "1044"]),
        ("order #7", ["7"]),
        ("order732201 is late", ["732201"]),
        ("my 1042 order", ["1042"]),
        ("1042 is my order number", ["1042"]),
        ("I confirm the order ID **#W8835847**.", ["W8835847"]),
        ("there's a 'W' at the beginning, so it's W9502127.", ["W9502127"]),
        ("Hello\n1042\nThanks", ["1042"]),
        ("Bestellung Nr. 1055", ["1055"]),
        ("commande n° 1055", ["1055"]),
        ("طلب UK-1039", ["UK-1039"]),
        ("Order №1042", ["1042"]),
        ("Order ＃１０４２", ["1042"]),
        ("Order #10\u200b42", ["1042"]),
    ],
)
def test_the_name_of_an_order_is_found(text: str, found: list[str]) -> None:
    assert values(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "My card only has $950 left, or 950 euros.",
        "The total of my order is $1042.50.",
        "I ordered 300 of them.",
        "order 250 grams more",
        "my order 500 pieces",
        "order of 2026-11-02",
        "my order 02.11.2026",
        "It came on November 12, 2026.",
        "Call me at +46 70 123 45 67 or (555) 123-4567 or 555-123-4567.",
        "Fatima Johnson, and my zip code is 78712.",
        "my zip code used to be 32169",
        "Zip code:\n78712",
        "12 Cedar Avenue\n77129",
        "tracking number 907614527588, 1Z999AA10123458851, RR123456785SE",
        "my visa ending in 7285",
        "4111 1111 1111 1111",
        "order card 4111-1111-1111-1111",
        "item ID 2635605237",
        "item #26356",
        "Apt #204, Suite 558",
        "see https://shop.example/orders/1042?x=#1043",
        "maya1042@example.com",
        "You are #1!",
        "&#8217;",
        "ISO-9001, SKU-12345, COVID-19",
        "an i7 with 16GB and IPX7 at 10x zoom",
        "the order is 3 weeks late",
        "order in 2024",
        "in order to",
        "It was 20% off.",
        "at 14:30",
    ],
)
def test_another_number_is_left_alone(text: str) -> None:
    assert values(text) == []


def test_the_form_of_a_known_store_is_found_wherever_it_stands() -> None:
    assert values("about hp/77/x please", ("HP/", "/X")) == ["HP/77/X"]
    assert values("about hp/77/x please") == []
    assert values("W12 came", ("W", "")) == ["W12"]
    assert values("anything 12 at all", ("", "")) == []


def test_each_is_named_once_and_as_it_was_typed() -> None:
    found = order_names("#uk-1042, order UK-1042 and uk-1042!")
    assert [(one.value, one.typed) for one in found] == [("UK-1042", "#uk-1042")]


def test_the_newest_mention_comes_first_and_ten_are_enough() -> None:
    texts = ["order 3001", "order 3000", " ".join(f"#{number}" for number in range(1000, 1030))]
    found = [one.value for one in newest(texts)]
    assert found[:3] == ["3001", "3000", "1000"]
    assert len(found) == ORDERS_LIMIT


@given(st.text(alphabet=st.sampled_from("0123456789 -#.,/order idW\n€$"), max_size=400))
def test_whatever_is_written_a_name_is_short_and_plain(text: str) -> None:
    for one in order_names(text, affixes=[("W", ""), ("", "-B")]):
        assert 0 < len(one.value) <= VALUE_LIMIT
        assert one.value.replace("-", "").isalnum()
        assert len(one.typed) <= 60


@pytest.mark.parametrize("part", ["1-", "# ", "order ", "1 ", "UK-", "order 1042, ", "zip code ", "(555) ", "1042\n"])
def test_a_long_text_is_read_whatever_it_repeats(part: str) -> None:
    assert len(newest([part * 30_000])) <= ORDERS_LIMIT


def test_on_a_shops_mail_every_order_is_found_and_no_other(tell: Tell) -> None:
    """Validated as a look-up does: a name counts when the store has such an order, also without its letter in front."""
    known = {name.removeprefix("#") for name in RETAIL["order_names"]}
    right = wrong = missed = refused = 0
    for thread in RETAIL["threads"]:
        found = [one.value for one in newest(reversed(thread["messages"]))]
        valid = {name for value in found for name in (value, f"W{value}") if name in known}
        refused += sum(value not in known and f"W{value}" not in known for value in found)
        expected = {name.removeprefix("#") for name in thread["orders"]}
        right, wrong, missed = (
            right + len(valid & expected),
            wrong + len(valid - expected),
            missed + len(expected - valid),
        )
    precision, recall = right / (right + wrong), right / (right + missed)
    tell(f"order numbers in 35 threads: precision {precision:.3f}, recall {recall:.3f} ({right} orders; {refused} numbers that no store knows)")  # fmt: skip
    assert precision == 1.0
    assert recall >= 0.97


@pytest.mark.parametrize("text", ["1.1.", "1,", "1.1 ", "123\n", "#1.", "UK-1."])
def test_a_mail_of_nothing_but_digits_is_read_to_its_end(text: str) -> None:
    """Each digit may begin an amount: one without an end, of 20,000 characters, took three quarters of a minute."""
    assert len(order_names(text * 10_000)) <= ORDERS_LIMIT
