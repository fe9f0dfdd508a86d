"""Whom a conversation is with, as the stores' sections are asked about them: addresses, what the messages name, and what
members said. One query, because sections are polled; one more for each kind of word of theirs, which most contacts lack.
"""

from functools import lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet

from inbox.models import ContactAddress, Conversation, CustomerLink, Mention, OrderConfirmation, RuledOut
from integrations.shopify.person import Confirmation, Link, Person, Ruling
from tenants.rls.compiled import Compiled, compiled
from tenants.rls.context import current_tenant_id

MENTIONS = 10  # of each kind: whoever names more orders than this is not asking about one


def person_of(*, number: int) -> Person:
    """The contact of the conversation with this number. Raises Conversation.DoesNotExist."""
    row = _asked(current_tenant_id()).first(number)
    if row is None:
        raise Conversation.DoesNotExist
    return Person(
        emails=tuple(row["emails"]),
        phones=tuple(row["phones"]),
        orders=tuple(row["orders"]),
        links=_links(row["contact_id"]) if row["linked"] else {},
        confirmed=_confirmations(row["contact_id"]) if row["confirmed"] else {},
        **(_ruled_out(row["contact_id"]) if row["ruled_out"] else {}),
    )


@lru_cache(maxsize=256)
def _asked(_tenant: int) -> Compiled:
    """Once a workspace, whose number its parts carry."""
    return compiled(_written)


def _written(number: int) -> QuerySet[Conversation, dict[str, Any]]:
    contact = OuterRef("contact")
    return Conversation.objects.filter(number=number).values(
        "contact_id",
        emails=ArraySubquery(ContactAddress.objects.filter(contact=contact).order_by("pk").values("email_norm")),
        orders=ArraySubquery(_mentions(Mention.Kind.ORDER)),
        phones=ArraySubquery(_mentions(Mention.Kind.PHONE)),
        linked=Exists(CustomerLink.objects.filter(contact=contact)),
        confirmed=Exists(OrderConfirmation.objects.filter(contact=contact)),
        ruled_out=Exists(RuledOut.objects.filter(contact=contact)),
    )


def _mentions(kind: str) -> QuerySet[Mention, Any]:
    """The newest first."""
    rows = Mention.objects.filter(conversation=OuterRef("pk"), kind=kind)
    return rows.order_by("-pk").values("value")[:MENTIONS]


def _links(contact: int) -> dict[int, Link]:
    """By store, with who said so and when."""
    rows = CustomerLink.objects.filter(contact=contact).select_related("linked_by__user")
    return {row.store_number: Link(row.customer_id, row.linked_by.user.display_name, row.linked_at) for row in rows}


def _confirmations(contact: int) -> dict[tuple[int, str], Confirmation]:
    rows = OrderConfirmation.objects.filter(contact=contact).select_related("confirmed_by__user")
    return {
        (row.store_number, row.order_id): Confirmation(row.confirmed_by.user.display_name, row.confirmed_at, row.reason)
        for row in rows
    }


def _ruled_out(contact: int) -> dict[str, dict[tuple[int, str], Ruling]]:
    """As the two fields of a person."""
    rows = RuledOut.objects.filter(contact=contact).select_related("ruled_out_by__user")
    customers: dict[tuple[int, str], Ruling] = {}
    orders: dict[tuple[int, str], Ruling] = {}
    for row in rows:
        among = customers if row.kind == RuledOut.Kind.CUSTOMER else orders
        among[row.store_number, row.shopify_id] = Ruling(row.ruled_out_by.user.display_name, row.ruled_out_at)
    return {"not_customers": customers, "not_orders": orders}
