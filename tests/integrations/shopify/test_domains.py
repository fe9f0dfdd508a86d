"""A shop domain decides where a token goes: it is matched whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.shopify import domains
from integrations.shopify.domains import ShopDomainError

SHOP = "harbor-goods.myshopify.com"


@pytest.mark.parametrize(
    "value",
    [SHOP, "Harbor-Goods.MyShopify.com", "1a.myshopify.com", "a--b-.myshopify.com", "a" * 63 + ".myshopify.com"],
)
def test_shop_domains_are_taken_in_lower_case(value: str) -> None:
    assert domains.shop_domain(value) == value.lower()


HOSTILE = [
    "",
    "harbor-goods",
    "harbor-goods.myshopify.com\n",
    "harbor-goods.myshopify.com\r\n.evil.example",
    " harbor-goods.myshopify.com",
    "harbor-goods.myshopify.com/",
    "harbor-goods.myshopify.com:443",
    "harbor-goods.myshopify.com.evil.example",
    "evil.example?harbor-goods.myshopify.com",
    "evil.example/harbor-goods.myshopify.com",
    "evil.example#.myshopify.com",
    "user@harbor-goods.myshopify.com",
    "harbor_goods.myshopify.com",
    "-a.myshopify.com",
    ".myshopify.com",
    "a.b.myshopify.com",
    "harbor-goodsXmyshopify.com",
    "harbor-goods.myshopifyXcom",
    "harbor-goods.shopify.com",
    "\u212a.myshopify.com",
    "hаrbor.myshopify.com",
    "harbor。myshopify.com",
    "harbor-goods.myshopify.com\x00",
    "a" * 64 + ".myshopify.com",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_anything_else_is_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(ShopDomainError) as refused:
        domains.shop_domain(value)
    assert str(refused.value) == "This is not a shop domain of the form name.myshopify.com."


@pytest.mark.parametrize(
    "typed",
    [
        "harbor-goods",
        " Harbor-Goods ",
        "https://Harbor-Goods.myshopify.com/",
        "http://harbor-goods.myshopify.com",
        "harbor-goods.myshopify.com/admin/orders?x=1#y",
        "HTTPS://harbor-goods.myshopify.com/admin",
        "https://admin.shopify.com/store/harbor-goods",
        "admin.shopify.com/store/harbor-goods/orders?selectedView=all",
    ],
)
def test_what_people_type_is_understood(typed: str) -> None:
    assert domains.shop_domain_as_typed(typed) == SHOP


@pytest.mark.parametrize(
    "typed",
    ["", " ", "https://", "www.harbor-goods.com", "https://user@harbor-goods.myshopify.com/", "javascript:alert(1)", "harbor goods",
     "https://evil.example/harbor-goods.myshopify.com", "https://https://harbor-goods.myshopify.com", "admin.shopify.com/store/", "\u212a"],
)  # fmt: skip
def test_what_names_no_shop_is_refused(typed: str) -> None:
    with pytest.raises(ShopDomainError):
        domains.shop_domain_as_typed(typed)


@settings(deadline=None)
@given(st.text(max_size=100))
def test_the_form_never_yields_another_host(typed: str) -> None:
    try:
        domain = domains.shop_domain_as_typed(typed)
    except ShopDomainError:
        return
    assert domains.shop_domain(domain) == domain


def test_links_are_made_of_the_handle_and_digits_only() -> None:
    assert (
        domains.order_link(SHOP, "5400000001009") == "https://admin.shopify.com/store/harbor-goods/orders/5400000001009"
    )
    assert domains.customer_link(SHOP, "7") == "https://admin.shopify.com/store/harbor-goods/customers/7"


@pytest.mark.parametrize("legacy_id", ["", "1a", "../2", "1\n", "-1", "١٢", "1" * 21, "1?x"])
def test_there_is_no_link_for_an_id_that_is_not_digits(legacy_id: str) -> None:
    assert domains.order_link(SHOP, legacy_id) is None
    assert domains.customer_link(SHOP, legacy_id) is None


def test_there_is_no_link_into_another_host() -> None:
    assert domains.order_link("evil.example/x", "1") is None
