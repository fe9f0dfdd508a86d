"""Whom a conversation is with, as the stores' sections are asked about them: addresses, what the messages name, and what
members said. One query, because sections are polled."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from inbox.models import ContactAddress, Conversation, CustomerLink, Mention, OrderConfirmation
from integrations.shopify.person import Confirmation, Link, Person
from tenants.names import shown

MENTIONS = 10  # of each kind: whoever names more orders than this is not asking about one


def person_of(*, number: int) -> Person:
    """The contact of the conversation with this number. Raises Conversation.DoesNotExist."""
    row = Conversation.objects.filter(number=number).values(
        emails=ArraySubquery(ContactAddress.objects.filter(contact=OuterRef("contact")).order_by("pk").values("email_norm")),
        orders=ArraySubquery(_mentions(Mention.Kind.ORDER)),
        phones=ArraySubquery(_mentions(Mention.Kind.PHONE)),
        links=ArraySubquery(_said(CustomerLink, "linked", of="customer_id")),
        confirmed=ArraySubquery(_said(OrderConfirmation, "confirmed", of="order_id", reason="reason")),
    ).get()  # fmt: skip
    return Person(
        emails=tuple(row["emails"]),
        phones=tuple(row["phones"]),
        orders=tuple(row["orders"]),
        links={each["store"]: Link(each["of"], _name(each), _at(each)) for each in row["links"]},
        confirmed=_confirmations(row["confirmed"]),
    )


def _mentions(kind: str) -> QuerySet[Mention, Any]:
    """The newest first."""
    rows = Mention.objects.filter(conversation=OuterRef("pk"), kind=kind)
    return rows.order_by("-pk").values("value")[:MENTIONS]


def _said(model: Any, verb: str, **fields: str) -> Any:
    """What members said about this contact: of which store, by whom and when."""
    member = f"{verb}_by__user"
    shape = JSONObject(
        store="store_number", at=f"{verb}_at", name=f"{member}__name", email=f"{member}__email", **fields
    )
    return model.objects.filter(contact=OuterRef("contact")).order_by("pk").values(said=shape)


def _confirmations(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[int, str], Confirmation]:
    return {(each["store"], each["of"]): Confirmation(_name(each), _at(each), each["reason"]) for each in rows}


def _name(row: Mapping[str, Any]) -> str:
    """As User.display_name has it."""
    return shown(row["name"]) or str(row["email"]).partition("@")[0]


def _at(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(row["at"])
