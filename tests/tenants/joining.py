"""Steps of the tests about people: invite, read the link from the mail, and do several things at the same moment."""

import re
import threading
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connections

from tenants import invitations
from tenants.models import AuditEvent, Invitation, Membership, Tenant, User
from tenants.rls.context import tenant_context
from tenants.roles import Role

PASSWORD = "a heron stands on one leg"
NINA = "nina@elsewhere.example"
_LINK = re.compile(r"https?://\S+?(/invitation/([A-Za-z0-9_-]+)/)")


def invite(by: Membership, email: str = NINA, role: Role = Role.AGENT) -> Invitation:
    with tenant_context(by.tenant_id):
        return invitations.invite(email=email, role=role, by=by)


def token_in_mail() -> str:
    """Of the newest mail that has one."""
    found = [match[2] for message in mail.outbox for match in _LINK.finditer(str(message.body))]
    return found[-1]


def link_in_mail() -> str:
    return f"/invitation/{token_in_mail()}/"


def proven(user: User, email: str = "") -> User:
    """The cast's addresses are proven only where a test says so: that is what an invitation asks."""
    EmailAddress.objects.create(user=user, email=email or user.email, verified=True, primary=not email)
    return user


def roles(tenant: Tenant) -> dict[str, str]:
    """Who is in a workspace, as what."""
    with tenant_context(tenant.pk):
        rows = Membership.objects.filter(removed_at=None).select_related("user")
        return {row.user.email.partition("@")[0]: row.role for row in rows}


def audited(tenant: Tenant, prefix: str = "") -> list[AuditEvent]:
    with tenant_context(tenant.pk):
        return list(AuditEvent.objects.filter(action__startswith=prefix).order_by("pk"))


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs at the same moment, each on a connection of its own. What each returned, or the error it raised."""
    results: list[Any] = [None] * len(jobs)
    barrier = threading.Barrier(len(jobs))

    def run(index: int) -> None:
        try:
            barrier.wait(timeout=10)
            results[index] = jobs[index]()
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results
