"""Which customers and orders of a store are not a contact's, because a member said so. They are offered no more."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from inbox.contacts import locked
from inbox.links import LinkedMeanwhile, link_of
from inbox.models import Contact, Conversation, OrderConfirmation, RuledOut
from integrations.shopify.person import is_id
from tenants import audit
from tenants.audit import Action
from tenants.models import Membership

MOST = 50  # no section offers more


class NobodyNamed(ValueError):
    """What was sent names no customers, or more than a section offers."""


class ConfirmedMeanwhile(Exception):
    """Somebody confirmed the order since the page was painted. Nothing was changed."""

    def __init__(self, by: str) -> None:
        super().__init__("The order was confirmed meanwhile.")
        self.by = by


def none_of(*, conversation: Conversation, store_number: int, customers: Sequence[str], by: Membership) -> None:
    """The contact is none of these customers of that store. Others who are found later are offered.

    The caller has found that the store told of them. Raises NobodyNamed, links.LinkedMeanwhile, contacts.ErasedContact.
    """
    if not 0 < len(customers) <= MOST or not all(is_id(customer) for customer in customers):
        raise NobodyNamed
    with transaction.atomic():
        contact = locked(conversation)
        if link := link_of(contact.pk, store_number):
            raise LinkedMeanwhile(link)
        new = _rule_out(contact, store_number, RuledOut.Kind.CUSTOMER, customers, by)
        if new:
            audit.record(
                Action.CUSTOMERS_RULED_OUT, by=by, target=f"contact {contact.number}", store=store_number,
                after={"customers": ", ".join(new)},
            )  # fmt: skip


def not_theirs(*, conversation: Conversation, store_number: int, order_id: str, by: Membership) -> None:
    """This order is not the contact's. The caller has found that the messages name it.

    Raises ConfirmedMeanwhile and contacts.ErasedContact.
    """
    with transaction.atomic():
        contact = locked(conversation)
        confirmed = OrderConfirmation.objects.filter(contact=contact, store_number=store_number, order_id=order_id)
        if said := confirmed.select_related("confirmed_by__user").first():
            raise ConfirmedMeanwhile(said.confirmed_by.user.display_name)
        if _rule_out(contact, store_number, RuledOut.Kind.ORDER, [order_id], by):
            audit.record(
                Action.ORDER_RULED_OUT, by=by, target=f"contact {contact.number}", store=store_number, order=order_id
            )


def reconsider_customers(*, conversation: Conversation, store_number: int, by: Membership) -> None:
    """Whoever was ruled out in that store is offered again. Nothing to do when somebody else was first."""
    with transaction.atomic():
        contact = locked(conversation)
        rows = _ruled_out(contact, store_number, RuledOut.Kind.CUSTOMER)
        before = sorted(rows.values_list("shopify_id", flat=True))
        if before:
            rows.delete()
            audit.record(
                Action.CUSTOMERS_RECONSIDERED, by=by, target=f"contact {contact.number}", store=store_number,
                before={"customers": ", ".join(before)},
            )  # fmt: skip


def reconsider_order(*, conversation: Conversation, store_number: int, order_id: str, by: Membership) -> None:
    """The order is covered again, and may be confirmed. Nothing to do when somebody else was first."""
    with transaction.atomic():
        contact = locked(conversation)
        if _ruled_out(contact, store_number, RuledOut.Kind.ORDER).filter(shopify_id=order_id).delete()[0]:
            audit.record(
                Action.ORDER_RECONSIDERED, by=by, target=f"contact {contact.number}", store=store_number, order=order_id
            )


def _rule_out(contact: Contact, store_number: int, kind: str, ids: Sequence[str], by: Membership) -> list[str]:
    """Those of whom nobody had said so yet: the first to say it is who said it."""
    known = set(_ruled_out(contact, store_number, kind).values_list("shopify_id", flat=True))
    new = sorted(set(ids) - known)
    RuledOut.objects.bulk_create(
        RuledOut(contact=contact, store_number=store_number, kind=kind, shopify_id=each, ruled_out_by=by)
        for each in new
    )
    return new


def _ruled_out(contact: Contact, store_number: int, kind: str) -> QuerySet[RuledOut]:
    return RuledOut.objects.filter(contact=contact, store_number=store_number, kind=kind)
