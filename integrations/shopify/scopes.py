"""What we ask a store to let us read, and why. The permissions page and the consent are made from this table.

Comparing scopes (a write scope implies its read scope) is done by Shopify's own `ApiAccess`; nothing else of
`shopifyapi` is used (docs/decisions.md says why), and it is imported here only.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from shopify.api_access import ApiAccess, ApiAccessError


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission: Shopify's handle, a name people understand, what is read with it, why, and may it be missing."""

    handle: str
    name: str
    reads: str
    why: str
    required: bool


READ_CUSTOMERS = Scope(
    handle="read_customers",
    name="Customers",
    reads="Name, e-mail, phone, number of orders, total spent, tags, note.",
    why="To find the customer who wrote, by their e-mail address, and show who they are.",
    required=True,
)
READ_ORDERS = Scope(
    handle="read_orders",
    name="Orders of the last 60 days",
    reads="Line items, totals, payment and fulfillment status, destination, parcels, tracking.",
    why="To show what the customer ordered and where it is, beside their message.",
    required=True,
)
# shopify.dev, access scopes: granted on request only, and only together with read_orders.
READ_ALL_ORDERS = Scope(
    handle="read_all_orders",
    name="Orders older than 60 days",
    reads="The same of older orders.",
    why="To answer questions about older orders. Shopify approves this permission app by app.",
    required=False,
)

REQUIRED = (READ_CUSTOMERS, READ_ORDERS)
OPTIONAL = (READ_ALL_ORDERS,)
TABLE = REQUIRED + OPTIONAL

NEVER = (
    "Payment details: no card number, no bank account, no payment token.",
    "Full postal addresses: of the destination only the town, the province and the country.",
    "Anything about people who did not write to you: looked up is whoever wrote, by e-mail address, or by an order or telephone number in their messages, and what a member of the workspace searches for. When an order changes, Shopify tells us whose; for anybody else than who wrote, that is forgotten at once.",
    "Nothing is ever written to Shopify. The only change we ask for is our own removal when you disconnect.",
)


def requested(*, all_orders: bool = False) -> tuple[str, ...]:
    """The handles to ask for."""
    return tuple(scope.handle for scope in (TABLE if all_orders else REQUIRED))


def normalise(granted: str | Iterable[str]) -> frozenset[str]:
    """Handles as a set. Kinds of scope that Shopify's library does not know are left out: they grant us nothing."""
    handles = granted.split(",") if isinstance(granted, str) else granted
    return frozenset(scope for handle in handles for scope in _known(handle))


def missing(granted: Iterable[str]) -> tuple[Scope, ...]:
    """The required permissions that were not given."""
    return tuple(scope for scope in REQUIRED if not covers(granted, scope))


def covers(granted: Iterable[str], scope: Scope) -> bool:
    """Whether this permission is among the granted ones, by itself or implied."""
    return bool(ApiAccess(list(normalise(granted))).covers(ApiAccess([scope.handle])))


def _known(handle: str) -> tuple[str, ...]:
    try:
        return tuple(ApiAccess([handle]))
    except ApiAccessError:
        return ()
