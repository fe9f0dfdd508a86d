"""An order's total as Shopify states it: in the shop's currency and in the customer's."""

from decimal import Decimal
from typing import Any

from integrations.shopify.sandbox.row_checks import StoreFileError, amount, choice
from integrations.shopify.sandbox.stores import Row


def current_total(raw: Row, where: str, currency: str, lines: list[Row]) -> Row:
    """The order's current total: as given, or total less refunds, or the sum of its lines."""
    given = raw.get("currentTotalPriceSet")
    if isinstance(given, dict):
        shop = _money(given.get("shopMoney"), f"{where}.currentTotalPriceSet.shopMoney", currency)
        presented = given.get("presentmentMoney") or shop
        return {
            "shopMoney": shop,
            "presentmentMoney": _money(presented, f"{where}.currentTotalPriceSet.presentmentMoney", currency),
        }
    total = sum((line["_unit"] * line["quantity"] for line in lines), Decimal(0))
    if isinstance(raw.get("totalPriceSet"), dict):
        total = amount(
            _money(raw["totalPriceSet"].get("shopMoney"), f"{where}.totalPriceSet", currency)["amount"], where
        )
    if isinstance(raw.get("totalRefundedSet"), dict):
        total -= amount(
            _money(raw["totalRefundedSet"].get("shopMoney"), f"{where}.totalRefundedSet", currency)["amount"], where
        )
    money = {"amount": f"{total:.2f}", "currencyCode": currency}
    return {"shopMoney": money, "presentmentMoney": money}


def _money(raw: Any, where: str, currency: str) -> Row:
    if not isinstance(raw, dict):
        raise StoreFileError(f"{where}: must be an object with amount and currencyCode")
    return {
        "amount": f"{amount(raw.get('amount'), where):.2f}",
        "currencyCode": choice(raw, "currencyCode", "CurrencyCode", where, currency),
    }
