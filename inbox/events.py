"""What happens in the inbox that others may want to know. Ids only."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """Somebody wrote, less than a day ago, into a conversation. What old mail an import brings in is not told."""

    conversation_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class ViewLookedAt:
    """Somebody looks at a view of the list, for the first time in a minute. `position`: how far down its top we are."""

    view_id: int
    position: int = 0
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class ReplyQueued:
    """A mail of ours is on its way out, or is to be tried again."""

    outgoing_id: int
    queue: ClassVar[str] = "background"
