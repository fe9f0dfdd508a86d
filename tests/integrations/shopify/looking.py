"""A look at the answers to one address, for tests that are about how answers are kept and not about whose they are."""

from collections.abc import Iterable
from dataclasses import dataclass

from integrations.shopify.models import OrderContext, Store
from integrations.shopify.order_context import look_up
from integrations.shopify.questions import Asked, Kind, Question


@dataclass(frozen=True, slots=True)
class Look:
    """One store's row for an address (None when it was never asked and cannot be), and whether an answer is on its way."""

    store: Store
    row: OrderContext | None
    refreshing: bool


def look(*, stores: Iterable[Store], email_norm: str, force: bool = False) -> list[Look]:
    """The stored rows of one address alone, one per store in the order given; stale ones are being refreshed when it returns."""
    question = Question(Kind.EMAIL, email_norm)
    found = look_up([Asked(store, (question,)) for store in stores], force=force)
    return [Look(one.store, one.rows.get(question), one.refreshing) for one in found]
