"""As whom the workspace writes: name, address, where answers go, what stands below a mail, how long it can be taken back."""

from django.db import transaction
from django.utils import timezone

from inbox.models import MailIdentity
from tenants import audit, members
from tenants.addresses import normalise
from tenants.models import Membership, Tenant
from tenants.rls.context import current_tenant_id
from tenants.roles import Permission

UNDO_SECONDS = 10  # of a workspace that has not said otherwise


class NotOurs(Exception):
    """A workspace writes from one of its own support addresses alone."""


def current() -> MailIdentity | None:
    """As whom this workspace writes; None before anybody has said so, and then it sends nothing."""
    return MailIdentity.objects.first()


def addresses() -> tuple[str, ...]:
    """From which it may write."""
    return tuple(Tenant.objects.get(pk=current_tenant_id()).support_addresses)


@transaction.atomic
def change(
    *, from_name: str, from_email: str, reply_to: str, signature: str, undo_seconds: int, by: Membership
) -> MailIdentity:
    """Write what differs, with one audit row that says what. Raises NotOurs, and AddressError for an address that is none."""
    actor = members.authorise(by=by, permission=Permission.CHANGE_SETTINGS)
    wanted: dict[str, object] = {
        "from_name": from_name,
        "from_email": normalise(from_email),
        "reply_to": normalise(reply_to) if reply_to else "",
        "signature": signature,
        "undo_seconds": undo_seconds,
    }
    # Behind the workspace's row: of two who set it up at once, the second changes what the first has made.
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    if wanted["from_email"] not in tenant.support_addresses:
        raise NotOurs
    row = MailIdentity.objects.first() or MailIdentity()
    changed = {name: value for name, value in wanted.items() if row.pk is None or getattr(row, name) != value}
    if not changed:
        return row
    before = {name: getattr(row, name) for name in changed} if row.pk else None
    for name, value in wanted.items():
        setattr(row, name, value)
    row.updated_at = timezone.now()
    row.save()
    audit.record(audit.Action.MAIL_IDENTITY_CHANGED, by=actor, target=tenant.slug, before=before, after=changed)
    return row
