"""For a person who lost phone, passkey and recovery codes: the operator takes the second factor away."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext

from tenants import accounts, audit, doors, members
from tenants.models import Membership, User
from tenants.rls.context import tenant_context


def reset(*, user: User) -> int:
    """Delete a person's factors, end their sessions, tell them and each of their workspaces. How many factors there were."""
    with transaction.atomic():
        count, _ = Authenticator.objects.filter(user=user).delete()
        accounts.end_sessions(user=user)
        for workspace in doors.workspaces_of(user.pk):
            with tenant_context(workspace.id):
                target = members.target_of(Membership.objects.get(pk=workspace.membership_id))
                audit.record(audit.Action.SECOND_FACTOR_RESET, by=None, target=target, factors=count)
        text = render_to_string("account/email/second_factor_reset_message.txt", {"public_url": settings.PUBLIC_URL})
        send_mail(gettext("Your second factor was reset"), text.strip() + "\n", None, [user.email])
    return count
