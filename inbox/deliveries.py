"""How far a mail of ours got with each of its receivers: from the server's word, a provider's tracking, or a bounce."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from inbox import unsent
from inbox.models import Delivery, OutgoingMail
from tenants.addresses import AddressError, normalise

State = Delivery.State
# What is told later counts when it is further on: delays are told late, and complaints come from who has it.
_FURTHER = {State.DEFERRED: 0, State.DELIVERED: 1, State.REJECTED: 2, State.BOUNCED: 2, State.COMPLAINED: 3}


@transaction.atomic
def note(*, outgoing: OutgoingMail, recipient: str, state: str, at: datetime) -> bool:
    """Note what was told of one receiver, in whatever order and however often. False when nothing is new, or when the mail
    did not go to that address. Raises ValueError for what is no state.

    Whoever tells of a mail has it: one of which we did not know whether it was sent, was.
    """
    state, address = State(state), _address(recipient)
    # Behind the mail's row, so that two who tell of one receiver take turns.
    row = OutgoingMail.objects.select_for_update(of=("self",)).select_related("message").filter(pk=outgoing.pk).first()
    if row is None or address not in _receivers(row):
        return False
    _proven(row, state)
    known = Delivery.objects.filter(outgoing=row, recipient=address).first()
    if known is None:
        Delivery.objects.create(outgoing=row, recipient=address, state=state, at=at)
        return True
    if not _newer(known, state, at):
        return False
    known.state, known.at = state, at
    known.save(update_fields=["state", "at"])
    return True


def _proven(row: OutgoingMail, state: str) -> None:
    if row.state == OutgoingMail.State.UNKNOWN and state != State.REJECTED:
        sent = Coalesce(F("handed_over_at"), Now())
        OutgoingMail.objects.filter(pk=row.pk).update(state=OutgoingMail.State.SENT, sent_at=sent, error="")
        unsent.note(outgoing_id=row.pk)


def _newer(known: Delivery, state: str, at: datetime) -> bool:
    """Further on; or arrived after all, when that was told after the bounce."""
    arrived = state == State.DELIVERED and known.state in (State.BOUNCED, State.REJECTED) and at > known.at
    return arrived or _FURTHER[State(state)] > _FURTHER[State(known.state)]


def _receivers(row: OutgoingMail) -> set[str]:
    message = row.message
    return {_address(pair[1]) for pair in (*message.to, *message.cc, *message.bcc)} - {""}


def _address(text: str) -> str:
    try:
        return normalise(text)
    except AddressError:
        return ""
