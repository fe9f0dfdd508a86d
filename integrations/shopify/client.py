"""Asks a store's Admin API. One `execute()`, and one function per question.

Every answer that is not the expected one is an error of `integrations.errors`; data that Shopify hides (a missing scope, no
approval for personal data) is not an error but listed as `Denied` beside the rest.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from integrations import errors, http
from integrations.shopify import costs, parsing, queries
from integrations.shopify.domains import shop_domain
from integrations.shopify.statuses import raise_for_status
from integrations.shopify.types import CustomerOrders, Denied, LinePage, ShopProfile
from tenants.addresses import normalise
from tenants.crypto.secret import Secret

_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_QUIET_FIELDS: Final = frozenset({"nodes"})


@dataclass(frozen=True, slots=True)
class Result:
    """An answer: its data, what was hidden from us, whether Shopify ignored a part of a search, and what it cost."""

    data: dict[str, object] = field(repr=False)
    denied: tuple[Denied, ...] = ()
    search_ignored: bool = False
    answered_at: datetime | None = None  # by Shopify's clock
    cost: costs.Cost = costs.UNKNOWN


# Sends one request (the second argument) when its turn has come; the first tells what it is (asking.py).
Turnstile = Callable[[costs.Shape, Callable[[], Result]], Result]


@dataclass(frozen=True, slots=True)
class Connection:
    """What it takes to ask one store. Tasks get theirs from asking.py, with a turnstile before each request."""

    shop: str
    access_token: Secret
    api_version: str = queries.API_VERSION
    turnstile: Turnstile | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if shop_domain(self.shop) != self.shop or not _VERSION.fullmatch(self.api_version):
            raise errors.DestinationRefused


class _Truncated(errors.AnswerTruncated):
    """Cut off, with what was known to be forbidden until then."""

    denied: tuple[Denied, ...] = ()


def customer_orders(connection: Connection, *, email: str) -> CustomerOrders:
    """Who has this address in this store, and what they ordered. Raises AddressError for what is no address.

    Two things are tried once more in another form: a query that became too dear, smaller; an answer that drowned in
    forbidden personal fields, without those.
    """
    wanted = normalise(email)
    search = queries.email_search(wanted)
    variables: dict[str, object] = {
        "email": email.strip(),
        "search": search or "",
        "guests": search is not None,
        "destinations": True,
    }
    without = {"guests": False, "destinations": False}
    try:
        result = kept_short(
            connection, queries.CUSTOMER_ORDERS, "CustomerOrders", {**variables, **queries.FULL}, without=without
        )
    except errors.CostExceeded:
        result = execute(connection, queries.CUSTOMER_ORDERS, "CustomerOrders", {**variables, **queries.SMALL})
    return parsing.customer_orders(
        result.data, wanted=wanted, denied=result.denied, trust_search=not result.search_ignored
    )


def kept_short(
    connection: Connection,
    query: str,
    operation: str,
    variables: Mapping[str, object],
    *,
    without: Mapping[str, object],
) -> Result:
    """`execute`, and once more with these variables where the answer drowned in fields that we may not see."""
    try:
        return execute(connection, query, operation, variables)
    except _Truncated as truncated:
        hidden = truncated.denied
    result = execute(connection, query, operation, {**variables, **without})
    return replace(result, denied=tuple(dict.fromkeys((*hidden, *result.denied))))


def order_lines(connection: Connection, *, order_id: str, after: str | None = None) -> LinePage:
    """Up to 250 lines of one order, for orders that have more than the sidebar asks for."""
    result = execute(connection, queries.ORDER_LINES, "OrderLines", {"id": order_id, "after": after})
    return parsing.line_page(result.data, wanted=order_id)


def shop_profile(connection: Connection) -> ShopProfile:
    """What the store says of itself and of our permissions. Its own domain must be the one we asked."""
    profile = parsing.shop_profile(execute(connection, queries.CONNECT_PROBE, "ConnectProbe", {}).data)
    if profile.domain != connection.shop:
        raise errors.MalformedAnswer(detail="data.shop.myshopifyDomain")
    return profile


@dataclass(frozen=True, slots=True)
class Identity:
    """What the store says of itself, and when it said so by Shopify's clock."""

    profile: ShopProfile
    answered_at: datetime | None


def identity(connection: Connection) -> Identity:
    """As `shop_profile`, with the time of the answer."""
    result = execute(connection, queries.CONNECT_PROBE, "ConnectProbe", {})
    profile = parsing.shop_profile(result.data)
    if profile.domain != connection.shop:
        raise errors.MalformedAnswer(detail="data.shop.myshopifyDomain")
    return Identity(profile, result.answered_at)


def customer_sample(connection: Connection) -> tuple[Denied, ...]:
    """What of one customer we may not see; nothing of them is kept."""
    return execute(connection, queries.CUSTOMER_SAMPLE, "CustomerSample", {}).denied


def order_sample(connection: Connection) -> tuple[Denied, ...]:
    """What of one order we may not see; nothing of it is kept."""
    return execute(connection, queries.ORDER_SAMPLE, "OrderSample", {}).denied


def uninstall(connection: Connection) -> bool:
    """Asks the store to uninstall this app, for good. False when Shopify would not; TokenRefused when it is gone already."""
    return parsing.uninstalled(execute(connection, queries.APP_UNINSTALL, "AppUninstall", {}).data)


def execute(connection: Connection, query: str, operation: str, variables: Mapping[str, object]) -> Result:
    """One GraphQL request: no retry, no cache. An error carries what Shopify said of the cost (`cost`), as a result does."""
    send = partial(_send, connection, query, operation, variables)
    if connection.turnstile is None:
        return send()
    return connection.turnstile(costs.shape(operation, variables), send)


def _send(connection: Connection, query: str, operation: str, variables: Mapping[str, object]) -> Result:
    answer = http.post(
        host=connection.shop,
        path=f"/admin/api/{connection.api_version}/graphql.json",
        headers={"X-Shopify-Access-Token": connection.access_token},
        body={"query": query, "operationName": operation, "variables": dict(variables)},
    )
    cost = costs.measured(answer.body)
    try:
        raise_for_status(answer)
        body = _object(answer.body, "answer")
        denied = _judge_errors(body, cost)
        data = {} if body.get("data") is None and denied else body.get("data")
        return Result(_object(data, "data"), denied, _search_ignored(body), answer.sent_at, cost)
    except errors.IntegrationError as error:
        error.cost = cost
        raise


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise errors.MalformedAnswer(detail=where)
    return value


def _judge_errors(body: Mapping[str, object], cost: costs.Cost) -> tuple[Denied, ...]:
    """The fields we may not see. Any other error is raised; what wants us to wait goes before what is our own fault."""
    listed = body.get("errors") or []
    if not isinstance(listed, list):
        raise errors.QueryRefused
    denied: list[Denied] = []
    raised: list[errors.IntegrationError] = []
    for entry in listed:
        problem = _problem(_object(entry, "errors"), cost)
        if isinstance(problem, Denied):
            denied.append(problem)
        else:
            raised.append(problem)
    unique = tuple(dict.fromkeys(denied))
    if raised:
        worst = min(raised, key=lambda error: error.permanent)
        if isinstance(worst, _Truncated):
            worst.denied = unique
        raise worst
    return unique


def _problem(entry: Mapping[str, object], cost: costs.Cost) -> Denied | errors.IntegrationError:
    extensions = entry.get("extensions")
    code = str(extensions.get("code", "")) if isinstance(extensions, dict) else ""
    message = str(entry.get("message", ""))
    if code == "ACCESS_DENIED":
        return Denied(field=_field(entry.get("path")), reason=_reason(message))
    if code == "THROTTLED":
        return errors.RateLimited(retry_after=cost.wait())
    if code == "MAX_COST_EXCEEDED":
        return errors.CostExceeded()
    if code == "INTERNAL_SERVER_ERROR":
        return errors.VendorFailed()
    if "max error limit reached" in message:
        return _Truncated()
    return errors.QueryRefused(detail=code if _WORD.fullmatch(code) else "")


def _field(path: object) -> str:
    """`["customer", "orders", "nodes", 3, "email"]` as "customer.orders.email": the same for every row."""
    parts = path if isinstance(path, list) else []
    words = [part for part in parts if isinstance(part, str) and _WORD.fullmatch(part) and part not in _QUIET_FIELDS]
    return ".".join(words[:10])


def _reason(message: str) -> str:
    """A missing scope and a missing approval share their code; only the wording tells them apart (seen 2024 to 2026)."""
    approval = "protected-customer-data" in message or "not approved" in message
    return "protected_data" if approval else "scope"


def _search_ignored(body: Mapping[str, object]) -> bool:
    """An unknown search field is no error: Shopify warns and returns everybody. Any warning spoils the search."""
    extensions = body.get("extensions")
    searches = (extensions.get("search") or []) if isinstance(extensions, dict) else []
    if not isinstance(searches, list):
        return True
    return any(not isinstance(search, dict) or search.get("warnings") for search in searches)
