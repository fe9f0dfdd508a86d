"""One store's section as HTML: what each state shows, and how heavy the largest is."""

import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup, Tag
from django.template.loader import render_to_string

from integrations.shopify.sections import OrderCard, Section
from integrations.shopify.types import ParcelItem, Tracking
from tests.integrations.shopify.test_order_cards import ORDER, SENT, THROW, cards
from versana.gallery import stores


def render(section: Section) -> Tag:
    found = BeautifulSoup(render_to_string("shopify/section.html", {"page": section}), "html.parser").section
    assert found is not None
    return found


def test_a_waiting_section_polls_itself_and_is_swapped_whole() -> None:
    section = render(stores.section("loading", 7, refreshing=True, poll_delay_ms=600, poll_url="/acme/poll/?try=2"))
    assert section["id"] == "store-7"
    assert section["hx-get"] == "/acme/poll/?try=2"
    assert section["hx-trigger"] == "load delay:600ms, again"
    assert (section["hx-target"], section["hx-swap"]) == ("this", "outerHTML")
    assert "Asking Shopify" in section.text


@pytest.mark.parametrize("kind", ["loading", "customer", "guest", "none", "problem", "no_address"])
def test_a_section_that_waits_for_nothing_does_not_poll(kind: str) -> None:
    section = render(stores.section(kind))
    assert "hx-trigger" not in section.attrs
    assert section["id"] == "store-1"


def test_the_first_order_is_open_and_the_third_is_not() -> None:
    section = render(stores.full_section())
    folds = section.find_all("details")
    assert [fold.has_attr("open") for fold in folds] == [True, False, False, False, False, False]
    assert [fold.find("a", class_="fetch") is not None for fold in folds] == [False, False, False, True, True, True]


def test_each_parcel_shows_its_own_items_link_and_state() -> None:
    parcels = render(stores.full_section()).details.find_all(class_="parcel")
    assert [re.sub(r"\s+", " ", parcel.get_text(" ", strip=True)) for parcel in parcels[1:]] == [
        parcels[1].get_text(" ", strip=True),
        "Not shipped yet Unfulfilled 2 × Linen apron, Natural",
    ]
    first, second = parcels[:2]
    assert first.find("a", class_="track").text == "1Z999AA10123456784"
    assert first.find(class_="badge").text == "In transit"
    assert "Expected" in first.text
    assert second.li.text == "4 × Enamel mug, 350 ml"
    assert "Delivered Delivered" not in second.get_text(" ", strip=True)


def test_a_store_that_knows_nobody_is_one_quiet_line_with_its_reason() -> None:
    section = render(stores.quiet_section())
    assert "quiet" in section["class"]
    assert section.find("h3") is None
    assert "No customer and no guest order" in section.find(class_="reason").text


def test_only_those_who_may_mend_a_store_are_offered_the_way() -> None:
    agent = render(stores.section("problem", banners=(stores.REVOKED,)))
    owner = render(stores.section("problem", banners=(stores.FOR_OWNER,)))
    assert agent.find("a", class_="link") is None
    assert owner.find("a", class_="link").text == "Reconnect store"


def test_old_data_stays_under_its_banner() -> None:
    section = render(stores.full_section(banners=(stores.OLD,)))
    assert section.find(class_="banner")["class"] == ["banner", "wait"]
    assert section.find(class_="banner").a.text == "Try again"
    assert len(section.find_all("article")) == 6


def test_a_filter_appears_over_more_than_ten_orders() -> None:
    assert render(stores.full_section()).find("input") is None
    long = render(stores.full_section(orders=stores.many_orders(11, 1)))
    assert long.find("input", attrs={"data-filter": True}) is not None
    assert long.find("input")["data-filter"] == "/_gallery/section/words/"


def test_what_a_store_writes_stays_text() -> None:
    hostile = next(sections[0] for title, _, sections in stores.states() if title == "Long and hostile")
    section = render(hostile)
    assert section.script is None
    assert section.find("i") is None
    assert "<script>alert(1)</script>" in section.text


def large_orders(count: int, lines: int) -> tuple[OrderCard, ...]:
    """As they come out of a store that sells many things under long names, each order in two parcels."""
    orders = []
    for n in range(count):
        items = tuple(
            replace(THROW, id=f"{n}.{m}", title=f"Linen apron with pockets {n * 100 + m}", variant_title="Natural / Large", sku=f"LA-{n}-{m}")
            for m in range(lines)
        )  # fmt: skip
        parcels = tuple(
            replace(
                SENT,
                id=f"{n}.{half}",
                tracking=(Tracking("UPS", f"1Z{n:08d}{half}", f"https://www.ups.com/track?tracknum=1Z{n:08d}{half}"),),
                items=tuple(ParcelItem(item.id, 2) for item in items[half::2]),
            )
            for half in (0, 1)
        )
        orders.append(
            replace(ORDER, name=f"#{9000 - n}", legacy_id=f"{5400000001009 - n}", lines=items, parcels=parcels)
        )
    return cards(*orders)


@pytest.mark.parametrize(("count", "lines"), [(50, 25), (50, 1), (3, 25)])
def test_the_largest_sections_stay_under_40_kilobytes(count: int, lines: int) -> None:
    orders = tuple(
        replace(order, detail_url=f"/harbor-and-pine/inbox/10042/stores/1/orders/{order.legacy_id}/")
        for order in large_orders(count, lines)
    )
    html = render_to_string("shopify/section.html", {"page": stores.full_section(orders=orders)})
    assert html.count("<article") == count
    assert len(html.encode()) < 40_000


def test_nothing_is_styled_or_scripted_inline() -> None:
    for _, _, sections in stores.states():
        for section in sections:
            html = render_to_string("shopify/section.html", {"page": section})
            assert not re.search(r"<(style|script)\b|\s(style|on\w+)=", re.sub(r"&lt;.*?&gt;", "", html))
