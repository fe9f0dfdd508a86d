"""Shop domains and the links that are built from them.

A domain decides where a token is sent, so it is matched whole and in ASCII; nothing is repaired on the way, except
what a person typed into the form.
"""

import re

SUFFIX = ".myshopify.com"

# shopify.dev, authorization code grant (read 2026-09-28) allows capitals; callers lower-case first. 63: a DNS label.
_SHOP = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\.myshopify\.com")
_HANDLE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ADMIN_ADDRESS = re.compile(r"admin\.shopify\.com/store/([a-z0-9][a-z0-9-]{0,62})(?:[/?#].*)?")
_DIGITS = re.compile(r"[0-9]{1,20}")


class ShopDomainError(ValueError):
    """Not the domain of a Shopify store. The text never repeats what was given."""


def shop_domain(value: str) -> str:
    """The domain in lower case, or ShopDomainError. For whatever arrives from outside."""
    domain = value.lower() if value.isascii() else ""  # The Kelvin sign's lower case is "k".
    if not _SHOP.fullmatch(domain):
        raise ShopDomainError("This is not a shop domain of the form name.myshopify.com.")
    return domain


def shop_domain_as_typed(value: str) -> str:
    """The domain a person meant: a bare handle, an address with scheme and path, an address of the admin. For forms only."""
    text = value.strip().lower() if value.isascii() else ""
    text = re.sub(r"https?://", "", text, count=1) if text.startswith(("http://", "https://")) else text
    if admin := _ADMIN_ADDRESS.fullmatch(text):
        return admin[1] + SUFFIX
    host = re.split(r"[/?#]", text, maxsplit=1)[0]
    return shop_domain(host + SUFFIX if _HANDLE.fullmatch(host) else host)


def handle(shop: str) -> str:
    """The store's name in Shopify's own admin."""
    return shop_domain(shop).removesuffix(SUFFIX)


def order_link(shop: str, legacy_id: str) -> str | None:
    """The order in Shopify's admin; None when the id is not plain digits, or the domain no shop's."""
    return _admin_link(shop, "orders", legacy_id)


def customer_link(shop: str, legacy_id: str) -> str | None:
    """The customer in Shopify's admin; None as above."""
    return _admin_link(shop, "customers", legacy_id)


def _admin_link(shop: str, kind: str, legacy_id: str) -> str | None:
    if not (_DIGITS.fullmatch(legacy_id) and _SHOP.fullmatch(shop)):
        return None
    return f"https://admin.shopify.com/store/{handle(shop)}/{kind}/{legacy_id}"
