"""A member is told when a reply of theirs could not be sent, or when it is not known whether it was; what they were told is read
once that is over."""

from inbox import notices
from inbox.models import Notification, OutgoingMail

State = OutgoingMail.State
KINDS = {State.FAILED: Notification.Kind.FAILED, State.UNKNOWN: Notification.Kind.UNKNOWN}


def note(*, outgoing_id: int) -> None:
    """To be called in the transaction in which the state of a mail changed."""
    row = OutgoingMail.objects.select_related("message__writer", "message__conversation").get(pk=outgoing_id)
    writer, conversation = row.message.writer, row.message.conversation
    if writer is None:
        return
    if row.state in KINDS:
        notices.tell(member=writer, kind=KINDS[State(row.state)], conversation=conversation)
    theirs = OutgoingMail.objects.filter(message__conversation=conversation, message__writer=writer, state__in=KINDS)
    open_ones = set(theirs.values_list("state", flat=True))
    over = [kind for state, kind in KINDS.items() if state not in open_ones]
    if over:
        notices.over(member=writer, kinds=over, conversation=conversation)
