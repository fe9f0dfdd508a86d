"""What happens to a workspace that other packages may want to know. Ids only."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class WorkspaceClosed:
    """An owner closed the workspace: whatever reaches outside on its behalf ends. `by_id`: the owner's membership."""

    by_id: int
    closed_at: str
    queue: ClassVar[str] = "interactive"


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """Somebody was removed from the workspace, or left it: what was theirs to do is nobody's now."""

    member_id: int
    queue: ClassVar[str] = "interactive"


@dataclass(frozen=True, slots=True)
class ErasureNear:
    """The day of erasure comes near. Void when the workspace was opened again: `erase_after` is then another."""

    erase_after: str
    days: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class ExportContinues:
    """A stretch of work on an export, and how far the file had come before it (tenants/exporting.py explains the fields)."""

    export_id: int
    section: int = 0
    after: int = 0
    piece: int = 1
    position: int = 0
    size: int = 0
    entries: int = 0
    done: int = 0
    queue: ClassVar[str] = "background"
