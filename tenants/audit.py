"""What happened: one row in the transaction of the change it tells of. The vocabulary of actions stands here."""

from enum import StrEnum

from tenants.models import AuditEvent, Membership


class Action(StrEnum):
    WORKSPACE_OPENED = "workspace.opened"
    WORKSPACE_CHANGED = "workspace.changed"
    MEMBER_ADDED = "member.added"
    STORE_CONNECTED = "store.connected"
    STORE_RECONNECTED = "store.reconnected"
    STORE_DISCONNECTED = "store.disconnected"


def record(action: Action, *, by: Membership | None, target: str, **detail: object) -> AuditEvent:
    """Write the row. `by` is None for the system itself; `detail` must hold no secret and no message body."""
    return AuditEvent.objects.create(
        action=action,
        actor=by,
        actor_name=by.user.display_name if by else "VersanaCX",
        actor_role=by.role if by else "system",
        target=target,
        detail=detail,
    )
