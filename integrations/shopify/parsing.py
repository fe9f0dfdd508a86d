"""Shopify's JSON to our types. Pure, and the only place that knows the shape of the answers.

Whatever arrives becomes a value of `types` or a MalformedAnswer that names the field; nothing else is raised. Shopify hides
fields by sending null, so null is accepted wherever a page can do without the value.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from integrations.errors import MalformedAnswer
from integrations.shopify import reading
from integrations.shopify.phones import e164
from integrations.shopify.reading import Node
from integrations.shopify.scopes import normalise as normalise_scopes
from integrations.shopify.types import (
    Customer,
    CustomerOrders,
    Denied,
    Found,
    LineItem,
    LinePage,
    Money,
    Order,
    Parcel,
    ParcelItem,
    ShopProfile,
    TokenGrant,
    Tracking,
)
from tenants.addresses import AddressError, normalise
from tenants.crypto.secret import Secret

_MAX_TOKEN_LENGTH: Final = 512
_WORD: Final = re.compile(r"[^\W_]+")


def customer_orders(
    data: object, *, wanted: str, denied: Sequence[Denied] = (), trust_search: bool = True
) -> CustomerOrders:
    """The answer to the combined query. `wanted` is a normalised address; whoever carries another one is dropped.

    With `trust_search` off (Shopify warned that it ignored the filter) the orders found by search are dropped whole.
    """
    root = Node.of(data, "data")
    found = root.child("customer")
    customer = _customer(found) if found and is_address(_email(found), wanted) else None
    own = found.child("orders") if found and customer else None
    guests = root.child("guests") if trust_search else None
    by_id = {order.id: order for order in _orders(own)}
    for order in _orders(guests):
        if is_address(order.email, wanted):
            by_id.setdefault(order.id, order)
    return CustomerOrders(
        customer=customer,
        orders=tuple(sorted(by_id.values(), key=lambda order: order.created_at, reverse=True)),
        more_orders=_has_more(own if customer else guests),
        denied=tuple(denied),
    )


def customer_by_id(data: object, *, wanted: str, denied: Sequence[Denied] = ()) -> CustomerOrders:
    """The customer with these digits and their orders; whoever has others is dropped."""
    found = Node.of(data, "data").child("customer")
    if found is None or found.digits("legacyResourceId") != wanted:
        return CustomerOrders(customer=None, denied=tuple(denied))
    own = found.child("orders")
    orders = {order.id: order for order in _orders(own)}
    newest = tuple(sorted(orders.values(), key=lambda order: order.created_at, reverse=True))
    return CustomerOrders(_customer(found), newest, more_orders=_has_more(own), denied=tuple(denied))


def orders_named(data: object, *, wanted: Collection[str], denied: Sequence[Denied] = ()) -> CustomerOrders:
    """The orders that are called one of these; others are dropped. Each with the digits of its customer and its address in
    normal form, where it has them."""
    names = {comparable(name) for name in wanted}
    connection = Node.of(data, "data").child("orders")
    found = {}
    for node in connection.nodes() if connection else ():
        order = _order(node)
        if comparable(order.name) in names:
            found[order.id] = _with_owner(node, order)
    newest = tuple(sorted(found.values(), key=lambda order: order.created_at, reverse=True))
    return CustomerOrders(None, newest, more_orders=_has_more(connection), denied=tuple(denied))


def customer_by_phone(data: object, *, wanted: str, denied: Sequence[Denied] = ()) -> CustomerOrders:
    """The customer with this number; whoever has another one is dropped."""
    found = Node.of(data, "data").child("customer")
    customer = _customer(found) if found else None
    if customer is not None and e164(customer.phone or "") != wanted:
        customer = None
    return CustomerOrders(customer, denied=tuple(denied))


def people(
    data: object, *, email: str, phone: str, names: Collection[str], words: str, trust_search: bool = True
) -> list[Found]:
    """Everybody who carries what was asked for: the surest way first. `email` and `phone` in the form that is compared."""
    root = Node.of(data, "data")
    by_email, by_phone = ((_customer(node) if (node := root.child(name)) else None) for name in ("email", "phone"))
    found = [Found(by_email, "email")] if by_email and email and is_address(by_email.email, email) else []
    if by_phone and phone and e164(by_phone.phone or "") == phone:
        found.append(Found(by_phone, "phone"))
    if not trust_search:
        return found
    called = {comparable(name) for name in names}
    for order in _nodes(root, "orders"):
        customer = order.child("customer")
        if customer and comparable(order.text("name") or "") in called:
            found.append(Found(_customer(customer), "order"))
    wanted = _parts(words)
    named = map(_customer, _nodes(root, "customers"))
    return found + [Found(one, "name") for one in named if wanted and wanted <= _parts(one.display_name)]


def comparable(name: str) -> str:
    """An order's name as it is compared: without the number sign, whatever the case."""
    return name.strip().lstrip("#").casefold()


def order_whole(data: object, *, wanted: str, denied: Sequence[Denied] = ()) -> tuple[CustomerOrders, str | None]:
    """The order with these digits and whose it is, and the cursor of the lines after these. Nothing when it is gone; another
    order is no answer."""
    node = Node.of(data, "data").child("order")
    if node is None:
        return CustomerOrders(None, denied=tuple(denied)), None
    order = _order(node)
    if order.legacy_id != wanted:
        raise MalformedAnswer(detail="data.order.legacyResourceId")
    return CustomerOrders(None, (_with_owner(node, order),), denied=tuple(denied)), _next(node.child("lineItems"))


def line_page(data: object, *, wanted: str) -> LinePage:
    """The answer to a query for more lines of the order with this id; no lines when it is gone. Another order is no answer."""
    order = Node.of(data, "data").child("order")
    if order is None:
        return LinePage(())
    if order.required_text("id") != wanted:
        raise MalformedAnswer(detail="data.order.id")
    connection = order.child("lineItems")
    return LinePage(tuple(_line(node) for node in connection.nodes()) if connection else (), _next(connection))


def shop_profile(data: object) -> ShopProfile:
    """The answer to the probe after connecting."""
    root = Node.of(data, "data")
    shop = root.required("shop")
    installation = root.required("currentAppInstallation")
    return ShopProfile(
        id=shop.required_text("id"),
        name=shop.required_text("name"),
        domain=shop.required_text("myshopifyDomain").lower(),
        currency=shop.required_text("currencyCode"),
        time_zone=shop.required_text("ianaTimezone"),
        scopes=normalise_scopes(scope.required_text("handle") for scope in installation.children("accessScopes")),
    )


def uninstalled(data: object) -> bool:
    """Whether Shopify uninstalled the app."""
    result = Node.of(data, "data").child("appUninstall")
    return result is not None and not list(result.children("userErrors"))


def token_grant(body: object) -> TokenGrant:
    """The token endpoint's answer. A token must fit into a header, and one that expires must come with its successor."""
    root = Node.of(body, "answer")
    expires_in = root.positive("expires_in")
    refresh_token = _token(root, "refresh_token") if root.has("refresh_token") else None
    if expires_in is not None and refresh_token is None:
        raise MalformedAnswer(detail="refresh_token")
    return TokenGrant(
        access_token=_token(root, "access_token"),
        scopes=normalise_scopes(root.text("scope") or ""),
        expires_in=expires_in,
        refresh_token=refresh_token,
        refresh_expires_in=root.positive("refresh_token_expires_in"),
    )


def is_address(given: str | None, wanted: str) -> bool:
    """Whether an address that Shopify returned is the wanted one, which is in normal form already."""
    try:
        return given is not None and normalise(given) == wanted
    except AddressError:
        return False


def _normal(address: str | None) -> str | None:
    """The form in which addresses are compared; as it is, where it is none."""
    try:
        return normalise(address) if address else None
    except AddressError:
        return address


def _parts(name: str) -> frozenset[str]:
    """The words of a name, without accents and case."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return frozenset(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


def _nodes(root: Node, name: str) -> Iterator[Node]:
    connection = root.child(name)
    return connection.nodes() if connection else iter(())


def _token(root: Node, name: str) -> Secret:
    value = root.required_text(name)
    if len(value) > _MAX_TOKEN_LENGTH or not value.isascii() or not value.isprintable() or " " in value:
        raise MalformedAnswer(detail=name)
    return Secret(value)


def _email(customer: Node) -> str | None:
    address = customer.child("defaultEmailAddress")
    return address.text("emailAddress") if address else None


def _customer(node: Node) -> Customer:
    phone = node.child("defaultPhoneNumber")
    return Customer(
        id=node.required_text("id"),
        legacy_id=node.digits("legacyResourceId"),
        display_name=node.text("displayName") or _email(node) or "",
        email=_email(node),
        phone=phone.text("phoneNumber") if phone else None,
        created_at=node.moment("createdAt"),
        number_of_orders=node.count("numberOfOrders"),
        spent=_money(node.child("amountSpent")),
        tags=node.texts("tags"),
        note=node.text("note"),
    )


def _orders(connection: Node | None) -> Iterator[Order]:
    return map(_order, connection.nodes()) if connection else iter(())


def _with_owner(node: Node, order: Order) -> Order:
    """With the digits of its customer and its address in normal form, where it has them."""
    customer = node.child("customer")
    whose = customer.digits("legacyResourceId") if customer else None
    return replace(order, customer_id=whose, email=_normal(order.email))


def _next(connection: Node | None) -> str | None:
    page = connection.child("pageInfo") if connection else None
    return page.text("endCursor") if page and page.flag("hasNextPage") else None


def _has_more(connection: Node | None) -> bool:
    page = connection.child("pageInfo") if connection else None
    return page is not None and page.flag("hasNextPage")


def _order(node: Node) -> Order:
    total = node.child("currentTotalPriceSet")
    lines = node.child("lineItems")
    return Order(
        id=node.required_text("id"),
        legacy_id=node.digits("legacyResourceId"),
        name=node.required_text("name"),
        created_at=node.required_moment("createdAt"),
        processed_at=node.moment("processedAt"),
        updated_at=node.moment("updatedAt"),
        cancelled_at=node.moment("cancelledAt"),
        cancel_reason=node.text("cancelReason"),
        closed_at=node.moment("closedAt"),
        test=node.flag("test"),
        fulfillment_status=node.text("displayFulfillmentStatus"),
        financial_status=node.text("displayFinancialStatus"),
        return_status=node.text("returnStatus"),
        total=_money(total.child("presentmentMoney")) if total else None,
        shop_total=_money(total.child("shopMoney")) if total else None,
        ship_to=_destination(node.child("shippingAddress")),
        lines=tuple(_line(line) for line in lines.nodes()) if lines else (),
        more_lines=_has_more(lines),
        parcels=tuple(_parcel(parcel) for parcel in node.children("fulfillments")),
        email=node.text("email"),
    )


def _line(node: Node) -> LineItem:
    quantity = node.required_integer("quantity")
    current = node.integer("currentQuantity")
    return LineItem(
        id=node.required_text("id"),
        title=node.text("title") or "",
        variant_title=node.text("variantTitle"),
        sku=node.text("sku"),
        quantity=quantity,
        current_quantity=quantity if current is None else current,
        unfulfilled_quantity=node.integer("unfulfilledQuantity") or 0,
    )


def _parcel(node: Node) -> Parcel:
    items = node.child("fulfillmentLineItems")
    return Parcel(
        id=node.required_text("id"),
        status=node.text("status"),
        display_status=node.text("displayStatus"),
        created_at=node.moment("createdAt"),
        estimated_delivery_at=node.moment("estimatedDeliveryAt"),
        in_transit_at=node.moment("inTransitAt"),
        delivered_at=node.moment("deliveredAt"),
        total_quantity=node.integer("totalQuantity"),
        tracking=tuple(_tracking(entry) for entry in node.children("trackingInfo")),
        items=tuple(_parcel_items(items)) if items else (),
    )


def _parcel_items(connection: Node) -> Iterator[ParcelItem]:
    for node in connection.nodes():
        line = node.child("lineItem")
        if line is not None:
            yield ParcelItem(line_id=line.required_text("id"), quantity=node.integer("quantity") or 0)


def _tracking(node: Node) -> Tracking:
    return Tracking(company=node.text("company"), number=node.text("number"), url=reading.web_address(node.text("url")))


def _money(node: Node | None) -> Money | None:
    if node is None:
        return None
    amount, currency = node.amount("amount"), node.text("currencyCode")
    return Money(amount, currency) if amount is not None and currency else None


def _destination(node: Node | None) -> str | None:
    if node is None:
        return None
    parts = (node.text("city"), node.text("provinceCode"), node.text("countryCodeV2"))
    return ", ".join(part for part in parts if part) or None
