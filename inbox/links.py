"""Which customer of a store a contact is, because a member said so."""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from inbox.contacts import locked
from inbox.models import Conversation, CustomerLink, RuledOut
from integrations.shopify.person import is_id
from tenants import audit
from tenants.audit import Action
from tenants.models import Membership


class NoCustomer(ValueError):
    """What was sent is no customer's number."""


class LinkedMeanwhile(Exception):
    """Somebody linked the contact otherwise since the page was painted. Nothing was changed."""

    def __init__(self, link: CustomerLink | None) -> None:
        super().__init__("The contact was linked otherwise meanwhile.")
        self.by: str = link.linked_by.user.display_name if link else ""
        self.at: datetime | None = link.linked_at if link else None

    @property
    def unlinked(self) -> bool:
        return self.at is None


def link(*, conversation: Conversation, store_number: int, customer_id: str, seen: str, by: Membership) -> None:
    """The contact of this conversation is this customer of that store, which the caller has found to be the workspace's.

    `seen`: the customer who was linked when the member decided (empty: nobody). Raises NoCustomer, LinkedMeanwhile, and
    contacts.ErasedContact.
    """
    if not is_id(customer_id):
        raise NoCustomer
    with transaction.atomic():
        contact = locked(conversation)
        found = link_of(contact.pk, store_number)
        before = found.customer_id if found else ""
        if before == customer_id:
            return  # Two members said the same: the first is who said it.
        if before != seen:
            raise LinkedMeanwhile(found)
        CustomerLink.objects.update_or_create(
            contact=contact,
            store_number=store_number,
            defaults={"customer_id": customer_id, "linked_by": by, "linked_at": Now()},
        )
        otherwise = RuledOut.objects.filter(contact=contact, store_number=store_number, kind=RuledOut.Kind.CUSTOMER)
        otherwise.filter(shopify_id=customer_id).delete()
        audit.record(
            Action.CUSTOMER_LINKED, by=by, target=f"contact {contact.number}", store=store_number,
            before={"customer": before} if before else None, after={"customer": customer_id},
        )  # fmt: skip


def unlink(*, conversation: Conversation, store_number: int, seen: str, by: Membership) -> None:
    """Nobody's word any more who the contact is in that store; what the addresses say counts again.

    Nothing to do when the link has gone. Raises LinkedMeanwhile when it is another one than the member saw.
    """
    with transaction.atomic():
        contact = locked(conversation)
        found = link_of(contact.pk, store_number)
        if found is None:
            return
        if found.customer_id != seen:
            raise LinkedMeanwhile(found)
        found.delete()
        audit.record(
            Action.CUSTOMER_UNLINKED, by=by, target=f"contact {contact.number}", store=store_number,
            before={"customer": seen},
        )  # fmt: skip


def link_of(contact_id: int, store_number: int) -> CustomerLink | None:
    """What a member has said of this contact and that store."""
    rows = CustomerLink.objects.select_related("linked_by__user")
    return next(iter(rows.filter(contact=contact_id, store_number=store_number)), None)
