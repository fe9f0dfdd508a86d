"""What happened: one row in the transaction of the change it tells of. The vocabulary of actions stands here."""

from collections.abc import Mapping
from enum import StrEnum

from tenants.models import AuditEvent, Membership
from versana.observability import context

Values = Mapping[str, object]


class Action(StrEnum):
    WORKSPACE_OPENED = "workspace.opened"
    WORKSPACE_CHANGED = "workspace.changed"
    WORKSPACE_CLOSED = "workspace.closed"
    WORKSPACE_REOPENED = "workspace.reopened"
    SECOND_FACTOR_REQUIRED = "security.second_factor_required"
    SECOND_FACTOR_OPTIONAL = "security.second_factor_optional"
    SECOND_FACTOR_RESET = "security.second_factor_reset"  # of one member, by the operator
    MEMBER_ADDED = "member.added"
    MEMBER_INVITED = "member.invited"
    INVITATION_RESENT = "invitation.resent"
    INVITATION_REVOKED = "invitation.revoked"
    INVITATION_ACCEPTED = "invitation.accepted"
    MEMBER_ROLE_CHANGED = "member.role_changed"
    MEMBER_REMOVED = "member.removed"
    MEMBER_LEFT = "member.left"
    HANDOVER_OFFERED = "ownership.offered"
    HANDOVER_ACCEPTED = "ownership.handed_over"
    HANDOVER_ENDED = "ownership.offer_ended"
    EXPORT_REQUESTED = "export.requested"
    EXPORT_FETCHED = "export.fetched"
    EXPORT_DELETED = "export.deleted"
    AUDIT_EXPORTED = "audit.exported"
    STORE_CONNECTED = "store.connected"
    STORE_RECONNECTED = "store.reconnected"
    STORE_DISCONNECTED = "store.disconnected"


def record(
    action: Action,
    *,
    by: Membership | None,
    target: str,
    before: Values | None = None,
    after: Values | None = None,
    **detail: object,
) -> AuditEvent:
    """Write the row. `by` is None for the system itself.

    `before` and `after` are the changed values; like `detail` they must hold no secret and no message body.
    """
    return AuditEvent.objects.create(
        action=action,
        actor=by,
        actor_name=by.user.display_name if by else "VersanaCX",
        actor_role=by.role if by else "system",
        target=target,
        before=before,
        after=after,
        client=context.current().get("client", ""),
        detail=detail,
    )
