"""Icons, badges, orders and the text of mails, hostile ones included."""

import time
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from lucide import IconDoesNotExist

from integrations.shopify.sections import ItemRow
from integrations.shopify.vocabulary import Badge
from versana.gallery import stores
from versana.templatetags.versana import badge, icon, items, order_lines, prose

HOSTILE = "<script>alert('1')</script>\"'&"


def test_an_icon_is_decoration_of_the_size_asked_for() -> None:
    svg = BeautifulSoup(icon("store", 14), "html.parser").svg
    assert (svg["width"], svg["height"], svg["aria-hidden"]) == ("14", "14", "true")


def test_an_icon_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(IconDoesNotExist):
        icon("no-such-icon")


def test_a_badge_is_word_shape_and_tone() -> None:
    html = BeautifulSoup(badge(Badge("In transit", "move", "arrow")), "html.parser")
    assert html.span.text == "In transit"
    assert html.span["class"] == ["badge", "move"]
    assert html.use["href"] == "#s-arrow"


def test_a_bare_badge_has_no_ground() -> None:
    assert 'class="badge done bare"' in badge(Badge("Delivered", "done", "check"), bare=True)


def test_no_badge_is_nothing() -> None:
    assert badge(None) == ""


def test_a_badge_escapes_its_word() -> None:
    assert BeautifulSoup(badge(Badge(HOSTILE, "idle", "box")), "html.parser").script is None


def test_items_are_quantity_title_and_variant() -> None:
    html = BeautifulSoup(items((ItemRow(2, "Wool throw", "Moss"), ItemRow(1, HOSTILE, ""))), "html.parser")
    assert [li.text for li in html.find_all("li")] == ["2 × Wool throw, Moss", f"1 × {HOSTILE}"]
    assert html.script is None


def test_a_folded_order_says_everything_once_and_leads_on() -> None:
    section = stores.full_section()
    line = BeautifulSoup(order_lines(replace(section, orders=section.orders[3:4])), "html.parser")
    assert line.summary.b.text == "#1019"
    assert line.summary.find(class_="total").text == "$64.00"
    assert line.find("a", class_="fetch")["href"] == "/_gallery/order-detail/"


def test_a_folded_order_escapes_what_the_store_wrote() -> None:
    section = stores.full_section(orders=stores.many_orders(12, 1))
    hostile = replace(
        section.orders[5],
        name=HOSTILE,
        total=HOSTILE,
        legacy_id='"><b>',
        detail_url='"x',
    )
    line = BeautifulSoup(order_lines(replace(section, orders=(hostile, *section.orders))), "html.parser")
    assert line.script is None
    assert line.summary.b.text == HOSTILE
    assert set(line.find("a", class_="fetch").attrs) == {"class", "href"}


def test_a_mails_text_becomes_paragraphs_with_lines() -> None:
    html = BeautifulSoup(prose("Hello,\r\nMaya\n\n\n  \n\nBye"), "html.parser")
    assert [p.get_text("|") for p in html.find_all("p")] == ["Hello,|Maya", "Bye"]


def test_a_mails_text_cannot_bring_markup() -> None:
    html = BeautifulSoup(prose(f"{HOSTILE} <img src=x onerror=alert(1)> <a href='javascript:x'>y</a>"), "html.parser")
    assert html.script is None
    assert html.img is None
    assert html.a is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://carrier.example/t?a=1&b=2.", "https://carrier.example/t?a=1&b=2"),
        ("<https://carrier.example/t>", "https://carrier.example/t"),
        ('"http://carrier.example/"', "http://carrier.example/"),
        ("(https://carrier.example/a#1042)", "https://carrier.example/a#1042"),
    ],
)
def test_a_web_address_becomes_a_link_that_tells_nobody(text: str, address: str) -> None:
    html = BeautifulSoup(prose(text), "html.parser")
    assert html.a["href"] == html.a.text == address
    assert html.a["rel"] == ["noopener", "noreferrer", "nofollow"]
    assert html.get_text() == text


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "ftp://x", "https:// x"])
def test_other_addresses_stay_text(text: str) -> None:
    assert "<a" not in prose(text)


def test_an_address_cannot_leave_its_attribute() -> None:
    html = BeautifulSoup(prose('https://x.example/"onmouseover="alert(1)'), "html.parser")
    assert set(html.a.attrs) == {"href", "target", "rel"}


def test_order_numbers_are_marked() -> None:
    html = BeautifulSoup(prose("The throw from #1042 and #UK-1042, not a#1042 nor #12"), "html.parser")
    assert [span.text for span in html.find_all("span", class_="ref")] == ["#1042", "#UK-1042"]


def test_a_mail_of_a_megabyte_is_written_in_time() -> None:
    started = time.perf_counter()
    for text in (
        "https://" * 130_000,
        "#" * 1_000_000,
        "<" * 300_000,
        "a" * 1_000_000,
        "https://a.example/" + "." * 1_000_000,
    ):
        prose(text)
    assert time.perf_counter() - started < 5
