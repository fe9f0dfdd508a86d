"""What of a person's second factor is a workspace's business: that somebody gave up the one which the workspace asks for.

The rest of a person's own security (password, sessions, a factor added) belongs to the person, who may be in ten workspaces
that have no part in each other; none of them is told.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled

from tenants import audit, doors, members
from tenants.models import Membership, User
from tenants.rls.context import tenant_context


def note_removal(*, user: User, authenticator: Authenticator, **of_the_signal: Any) -> None:
    """allauth tells that a factor is gone. Recorded where it was the last one, in each workspace that asks for one."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES or is_mfa_enabled(user):
        return
    for workspace in doors.workspaces_of(user.pk):
        if workspace.requires_second_factor:
            with tenant_context(workspace.id):
                own = Membership.objects.select_related("user").get(pk=workspace.membership_id)
                target = members.target_of(own)  # not the name, which a person chooses: one may be called "member 1"
                audit.record(audit.Action.SECOND_FACTOR_REMOVED, by=own, target=target, kind=authenticator.type)
