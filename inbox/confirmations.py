"""That an order under another address is a contact's, because a member made sure. Shown to people; never used by a machine."""

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox.contacts import locked
from inbox.models import Conversation, OrderConfirmation, RuledOut
from integrations.shopify.person import is_id
from tenants import audit
from tenants.audit import Action
from tenants.models import Membership
from tenants.names import shown

SHORTEST, LONGEST = 3, 500


class NotConfirmed(ValueError):
    """Why nothing was confirmed, for whoever tried."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__("The order was not confirmed.")
        self.sentence = sentence


def confirm(*, conversation: Conversation, store_number: int, order_id: str, reason: str, by: Membership) -> None:
    """This order of that store is the contact's; `reason` says how the member knows. The first to say so is who said it.

    The caller has found that the order is one which the messages name. Raises NotConfirmed and contacts.ErasedContact.
    """
    kept = _reason(reason)
    if not is_id(order_id):
        raise NotConfirmed(_("This is not the number of an order."))
    with transaction.atomic():
        contact = locked(conversation)
        _row, new = OrderConfirmation.objects.get_or_create(
            contact=contact,
            store_number=store_number,
            order_id=order_id,
            defaults={"reason": kept, "confirmed_by": by},
        )
        otherwise = RuledOut.objects.filter(contact=contact, store_number=store_number, kind=RuledOut.Kind.ORDER)
        otherwise.filter(shopify_id=order_id).delete()
        if new:
            # The reason is not in the record, which nobody can erase: it may say something about the person.
            audit.record(
                Action.ORDER_CONFIRMED, by=by, target=f"contact {contact.number}", store=store_number, order=order_id
            )


def withdraw(*, conversation: Conversation, store_number: int, order_id: str, by: Membership) -> None:
    """Nobody says so any more. Nothing to do when somebody else was first."""
    with transaction.atomic():
        contact = locked(conversation)
        rows = OrderConfirmation.objects.filter(contact=contact, store_number=store_number, order_id=order_id)
        if rows.delete()[0]:
            audit.record(
                Action.ORDER_CONFIRMATION_WITHDRAWN, by=by, target=f"contact {contact.number}", store=store_number,
                order=order_id,
            )  # fmt: skip


def _reason(text: str) -> str:
    line = " ".join(text.split())
    if shown(line) != line:
        raise NotConfirmed(_("The reason holds characters that nobody can see. Type it again."))
    if len(line) < SHORTEST:
        raise NotConfirmed(_("Say in a few words how you know that this is the same person."))
    if len(line) > LONGEST:
        raise NotConfirmed(_("The reason is too long: 500 characters at most."))
    return line
