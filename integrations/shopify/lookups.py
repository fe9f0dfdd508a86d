"""Questions about one person or order by something else than an address: Shopify's number of either, an order's name, a
telephone number, an agent's words. What comes back is compared with what was asked for; all else is dropped (parsing.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from integrations.errors import CostExceeded, MalformedAnswer
from integrations.shopify import parsing, queries
from integrations.shopify.client import Connection, Result, execute, kept_short, order_lines
from integrations.shopify.phones import e164
from integrations.shopify.types import CustomerOrders, Found, LineItem
from tenants.addresses import AddressError, normalise

_CUSTOMER: Final = "gid://shopify/Customer/"
_ORDER: Final = "gid://shopify/Order/"
_NO_ANSWER: Final = CustomerOrders(customer=None)


def customer_by_id(connection: Connection, *, customer_id: str) -> CustomerOrders:
    """A customer by Shopify's digits, with orders. Nobody when they were deleted or merged into another."""
    result = _sized(
        connection,
        queries.CUSTOMER_BY_ID,
        "CustomerById",
        {"id": f"{_CUSTOMER}{customer_id}"},
        sizes=("orders", "lines"),
    )
    return parsing.customer_by_id(result.data, wanted=customer_id, denied=result.denied)


def orders_named(connection: Connection, *, names: Sequence[str]) -> CustomerOrders:
    """Every order that is called one of these, of whomever: each says whose it is (`customer_id`, `email`)."""
    search = queries.order_search(names)
    if search is None:
        return _NO_ANSWER
    result = _sized(
        connection,
        queries.ORDERS_NAMED,
        "OrdersNamed",
        {"search": search, "namesakes": queries.NAMESAKES},
        sizes=("lines",),
    )
    if result.search_ignored:  # It lists everybody's.
        return CustomerOrders(customer=None, denied=result.denied)
    return parsing.orders_named(result.data, wanted=names, denied=result.denied)


def order_whole(connection: Connection, *, order_id: str) -> CustomerOrders:
    """One order by Shopify's digits with all of its lines, page by page; it says whose it is. Nothing when it is gone. Of an
    order that has more lines than the pages hold, the first ones (`more_lines`)."""
    gid, sizes = f"{_ORDER}{order_id}", (queries.WHOLE, queries.WHOLE_SMALL)
    result = _sized(connection, queries.ORDER_WHOLE, "OrderWhole", {"id": gid}, sizes=("lines",), full_and_small=sizes)
    answer, after = parsing.order_whole(result.data, wanted=order_id, denied=result.denied)
    if after is None:
        return answer
    (order,) = answer.orders
    lines, more = _lines_after(connection, gid, after)
    every = {line.id: line for line in (*order.lines, *lines)}
    return replace(answer, orders=(replace(order, lines=tuple(every.values()), more_lines=more),))


def _lines_after(connection: Connection, gid: str, after: str | None) -> tuple[list[LineItem], bool]:
    """The lines of the next pages, and whether there are still others."""
    lines: list[LineItem] = []
    for _ in range(queries.MOST_PAGES - 1):
        page = order_lines(connection, order_id=gid, after=after)
        if not page.lines:  # promised a moment ago: what we have is a part, and would pass for the whole
            raise MalformedAnswer(detail="data.order.lineItems")
        lines += page.lines
        after = page.next_cursor
        if after is None:
            break
    return lines, after is not None


def customer_by_phone(connection: Connection, *, phone: str) -> CustomerOrders:
    """Who has this number (E.164) in their profile, without orders: numbers are shared, so that is no more than a hint."""
    result = execute(connection, queries.CUSTOMER_BY_PHONE, "CustomerByPhone", {"phone": phone})
    return parsing.customer_by_phone(result.data, wanted=phone, denied=result.denied)


def people(connection: Connection, *, words: str, names: Sequence[str] = ()) -> CustomerOrders:
    """Whom an agent's words may mean: an address, a telephone number, a person's name, or that of an order (`names`: in the
    forms that it may have in this store)."""
    email, phone = _address(words), e164(words)
    named = queries.order_search(names)
    called = None if email or phone else queries.person_search(words)
    if not (email or phone or named or called):
        return _NO_ANSWER
    variables = {
        "email": email,
        "phone": phone,
        "named": named or "",
        "called": called or "",
        "byEmail": bool(email),
        "byPhone": bool(phone),
        "byOrder": named is not None,
        "byName": called is not None,
        "people": queries.PEOPLE_FOUND,
    }
    result = execute(connection, queries.PEOPLE, "People", variables)
    ignored = result.search_ignored
    found = parsing.people(result.data, email=email, phone=phone, names=names, words=words, trust_search=not ignored)
    return CustomerOrders(customer=None, people=_once(found), denied=result.denied)


def _once(found: Sequence[Found]) -> tuple[Found, ...]:
    """Each person once, by the surest way in which they were found."""
    by_id: dict[str, Found] = {}
    for one in found:
        by_id.setdefault(one.customer.legacy_id, one)
    return tuple(by_id.values())[: queries.PEOPLE_FOUND]


def _sized(
    connection: Connection,
    query: str,
    operation: str,
    variables: Mapping[str, object],
    *,
    sizes: Sequence[str],
    full_and_small: Sequence[Mapping[str, int]] = (queries.FULL, queries.SMALL),
) -> Result:
    """As in client.customer_orders: smaller when it became too dear, and without destinations when those drown it."""
    given = {**variables, "destinations": True}
    full, small = ({name: size[name] for name in sizes} for size in full_and_small)
    try:
        return kept_short(connection, query, operation, {**given, **full}, without={"destinations": False})
    except CostExceeded:
        return execute(connection, query, operation, {**given, **small})


def _address(words: str) -> str:
    try:
        return normalise(words)
    except AddressError:
        return ""
