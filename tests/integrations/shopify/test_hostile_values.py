"""Values that a store, a carrier or an older version may have written, each through the rendered section: links into Shopify's
admin come of digits and valid handles alone, tracking links of http and https alone."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from django.template.loader import render_to_string

from integrations.errors import MalformedAnswer
from integrations.shopify import order_cards, parsing, questions, sidebar, stored
from integrations.shopify.interface import Addresses, Person
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.order_context import Answers
from integrations.shopify.types import CustomerOrders
from tests.factories import SHOP
from tests.integrations.shopify.answers import EMAIL, customer, data, guests, order
from tests.integrations.shopify.persons import VIEWER

# As of whoever may look and not write: forms have a token, which needs a request.
READS = Addresses(section=lambda store: f"/{store}/", order=lambda store, order: f"/{store}/orders/{order}/")
IDS = (
    "1/../x",
    "javascript:alert(1)",
    "１２３４",
    "١٢٣",
    "9" * 40,
    "1?x=y",
    "1#x",
    "-1",
    "1\n",
    " 1",
    "",
    '1"><script>alert(1)</script>',
)
DOMAINS = (
    "evil.example", "harbor.myshopify.com.evil.example", "harbor.myshopify.com/x", "harbor.myshopify.com@evil.example", "../evil",
    "HARBOR.myshopify.com\n", "hаrbor.myshopify.com", ".myshopify.com", "-x.myshopify.com", 'x".myshopify.com', "",
)  # fmt: skip
ADDRESSES_OF_PARCELS = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "vbscript:x", "file:///etc/passwd", "//evil.example/x", "/account/logout/", "http:/evil", "https:", "https://", "ftp://evil.example/x",
    "https://ups.com@evil.example/", "https://evil.example\\@ups.com/", 'https://x.example/" onclick="alert(1)', "https://x.example/\x00",
    "ups.com/track", "http://[::1", "https://x.example/" + "x" * 3000, "blob:https://x.example/1", "",
)  # fmt: skip


def answer(**changes: Any) -> CustomerOrders:
    return parsing.customer_orders(data(**changes), wanted=EMAIL)


def rendered(found: CustomerOrders, domain: str = SHOP) -> Tag:
    """The section, as it is painted of what would be stored."""
    store = Store(
        pk=1, tenant_id=1, number=1, shop_domain=domain, state="connected", scopes=["read_customers", "read_orders"]
    )
    asked = questions.asked(Person(emails=(EMAIL,)), store)
    head, rest = stored.split(found)
    row = OrderContext(
        tenant_id=1, kind="email", key=EMAIL, head=head, rest=rest, found=True, fetched_at=datetime.now(UTC)
    )
    section = sidebar.build(
        Answers(asked, {asked.who[0]: row}), Person(emails=(EMAIL,)), addresses=READS, viewer=VIEWER
    )
    return BeautifulSoup(render_to_string("shopify/section.html", {"page": section}), "html.parser")


def out(soup: Tag) -> list[str]:
    """Every address that leads out of the installation, wherever it stands."""
    values = [str(value) for tag in soup.find_all(True) for name, value in tag.attrs.items() if name in ("href", "src", "action", "hx-get", "hx-post")]  # fmt: skip
    return [value for value in values if urlsplit(value.strip()).scheme or value.strip().startswith("//")]


def into_admin(soup: Tag) -> list[str]:
    return [address for address in out(soup) if "admin.shopify.com" in address]


def test_ordinary_values_are_links() -> None:
    soup = rendered(answer())
    assert "https://admin.shopify.com/store/harbor/customers/7" in into_admin(soup)
    assert "https://admin.shopify.com/store/harbor/orders/1042" in into_admin(soup)
    assert "https://www.ups.com/track?tracknum=1Z999" in out(soup)


@pytest.mark.parametrize("digits", IDS)
def test_an_answer_with_an_id_that_is_no_number_is_none(digits: str) -> None:
    with pytest.raises(MalformedAnswer) as refused:
        answer(customer=customer(legacyResourceId=digits))
    assert not digits.strip() or digits not in str(refused.value)
    with pytest.raises(MalformedAnswer):
        answer(customer=customer(orders=guests(order(1, legacyResourceId=digits))))


@pytest.mark.parametrize("digits", IDS)
def test_of_a_stored_id_that_is_no_number_no_link_is_made(digits: str) -> None:
    """As though something had been stored before there were checks."""
    good = answer()
    assert good.customer is not None
    orders = tuple(replace(one, legacy_id=digits) for one in good.orders)
    soup = rendered(replace(good, customer=replace(good.customer, legacy_id=digits), orders=orders))
    assert into_admin(soup) == []
    assert soup.script is None
    assert all(address.startswith("https://www.ups.com/") for address in out(soup))
    alone = order_cards.fetched(orders[0], time_zone="UTC", shop_domain=SHOP)
    assert alone.admin_url == ""


@pytest.mark.parametrize("domain", DOMAINS)
def test_of_a_domain_that_is_no_shops_no_link_is_made(domain: str) -> None:
    soup = rendered(answer(), domain)
    assert into_admin(soup) == []
    assert all(address.startswith("https://www.ups.com/") for address in out(soup))


@pytest.mark.parametrize("address", ADDRESSES_OF_PARCELS)
def test_a_tracking_address_that_is_not_of_the_web_is_no_link(address: str) -> None:
    hostile = order(1042)
    hostile["fulfillments"][0]["trackingInfo"] = [{"company": "UPS", "number": "1Z", "url": address}]
    soup = rendered(answer(customer=customer(orders=guests(hostile)), guests=guests()))
    assert [found for found in out(soup) if "admin.shopify.com" not in found] == []
    assert soup.find(class_="track").name == "span"
    assert (soup.script, soup.find(onclick=True)) == (None, None)
    offered = [entry for entry in soup.find_all(attrs={"data-insert": True}) if "Tracking link" in entry.text]
    assert offered == [], "nor is it put into a reply"


@pytest.mark.parametrize(
    "address", ["http://ups.example/1", "HTTPS://ups.example/1", "https://пошта.example/1?a=1&b=<2>"]
)
def test_a_tracking_address_of_the_web_is_a_link_that_tells_the_carrier_nothing(address: str) -> None:
    fine = order(1042)
    fine["fulfillments"][0]["trackingInfo"] = [{"company": "UPS", "number": "1Z", "url": address}]
    link = rendered(answer(customer=customer(orders=guests(fine)), guests=guests())).find("a", class_="track")
    assert (link["href"], link["rel"]) == (address, ["noopener", "noreferrer", "nofollow"])
