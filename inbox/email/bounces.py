"""A mail server's report on a mail of ours: noted with the mail, for each receiver that it names.

A report can be forged, and so is believed only where it names a mail that was really sent, by its unguessable id, and a
receiver that this mail really had: nobody but its receivers knows both.
"""

from datetime import datetime

from django.utils import timezone

from inbox import deliveries
from inbox.email.parsing import InboundMail
from inbox.email.people import normalised
from inbox.models import Delivery, Message, OutgoingMail

_STATES = {
    "failed": Delivery.State.BOUNCED,
    "delayed": Delivery.State.DEFERRED,
    "delivered": Delivery.State.DELIVERED,
    "relayed": Delivery.State.DELIVERED,
    "expanded": Delivery.State.DELIVERED,
    "complained": Delivery.State.COMPLAINED,
}


def note(mail: InboundMail, *, at: datetime) -> Message | None:
    """Write down what the report in `mail` says of a message of ours, which is returned; None when it is about none."""
    if mail.report is None or not mail.report.message_id:
        return None
    sent = Message.objects.filter(message_id=mail.report.message_id, kind=Message.Kind.SENT)
    message = sent.select_related("conversation__contact").first()
    if message is None:
        return None
    receivers = {
        norm: address for _, address in (*message.to, *message.cc, *message.bcc) for norm in normalised([address])
    }
    known = [
        (receivers[norm], _STATES[outcome.action])
        for outcome in mail.report.outcomes
        for norm in normalised([outcome.recipient])
        if norm in receivers and outcome.action in _STATES
    ]
    for recipient, state in known:
        _write(message, recipient, state, at=min(at, timezone.now()))
    return message if known else None


def _write(message: Message, recipient: str, state: str, *, at: datetime) -> None:
    outgoing = OutgoingMail.objects.filter(message=message).first()
    if outgoing is not None:
        deliveries.note(outgoing=outgoing, recipient=recipient, state=state, at=at)
