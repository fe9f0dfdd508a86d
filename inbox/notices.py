"""What members are told of: a conversation was given to them, they were named in a note, theirs was answered."""

from inbox.models import Conversation, Notification
from tenants.models import Membership


def tell(*, member: Membership, kind: str, conversation: Conversation, by: Membership | None = None) -> bool:
    """Tell a member, once until they have read it. Not of what they did themselves. False when nothing was written."""
    if member.removed_at is not None or (by is not None and by.pk == member.pk):
        return False
    unread = Notification.objects.filter(member=member, kind=kind, conversation=conversation, read_at=None)
    if unread.exists():
        return False
    Notification.objects.create(member=member, kind=kind, conversation=conversation, by=by)
    return True
