"""Notices by mail: what came within a few minutes is one mail, what fell into quiet hours is mailed once after them.

A mail says who did what and where, in a subject and a link each; never what anybody wrote. A notice that was read before its
mail was due is not mailed. `mail_at` is taken in the transaction that writes the mail, so nothing is mailed twice: not by two
workers, and not in the hour that comes twice when the clocks go back.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from inbox import notice_rules
from inbox.models import Notification
from tenants import mails
from tenants.models import Membership, Tenant
from tenants.rls.context import current_tenant_id
from versana.moments import zone

MOST = 20  # named in one mail; of others it says how many there are
MOST_MEMBERS = 500  # found due at once; the others in the next minute


def due(*, now: datetime) -> list[int]:
    """The members for whom it is time for a mail."""
    rows = Notification.objects.filter(mail_at__lte=now, member__removed_at=None).order_by().values_list("member_id")
    ids = [pk for (pk,) in rows.distinct()[:MOST_MEMBERS]]
    if not ids or (workspace := _open_workspace()) is None:
        return []
    local, rules = now.astimezone(zone(workspace.time_zone)), notice_rules.of_members(ids)
    return [pk for pk in ids if not rules.get(pk, notice_rules.Rule()).quiet(local)]


@transaction.atomic
def send(*, member_id: int, now: datetime) -> int:
    """Write the mail of everything that a member has not read, if it is time for it. How many notices it holds."""
    workspace = _open_workspace()
    member = Membership.objects.select_related("user").filter(pk=member_id, removed_at=None).first()
    if workspace is None or member is None or not member.user.is_active:
        return 0
    if notice_rules.of(member).quiet(now.astimezone(zone(workspace.time_zone))):
        return 0
    # What is not due yet goes along: it would be another mail a minute later.
    waiting = Notification.objects.select_for_update(of=("self",)).filter(member=member, mail_at__isnull=False)
    # Locked in the order of ids, as whoever tells of many conversations does (notices.py); told with the newest first.
    found = waiting.select_related("conversation", "by__user").order_by("pk")
    rows = sorted(found, key=lambda row: (row.at, row.pk), reverse=True)
    if not any(row.mail_at is not None and row.mail_at <= now for row in rows):
        return 0
    _write(rows, member=member, workspace=workspace)
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(mail_at=None, mailed_at=now)
    return len(rows)


def _write(rows: list[Notification], *, member: Membership, workspace: Tenant) -> None:
    kwargs = {"workspace": workspace.slug}
    mails.send(
        "inbox/mail/notices",
        to=[member.user.email],
        path=reverse("inbox:notices", kwargs=kwargs),
        title=sentence(rows[0]) if len(rows) == 1 else "",
        count=len(rows),
        lines=[line for row in rows[:MOST] for line in (_line(row), _link(row, workspace.slug))],
        more=max(len(rows) - MOST, 0) or "",
        rules=f"{settings.PUBLIC_URL}{reverse('inbox:notice_rules', kwargs=kwargs)}",
    )


def sentence(row: Notification) -> str:
    """What happened, in a few words: "Olivia gave you a conversation"."""
    name = row.by.user.display_name if row.by else ""
    match row.kind:
        case Notification.Kind.ASSIGNED:
            return (
                _("%(name)s gave you a conversation") % {"name": name} if name else _("A conversation was given to you")
            )
        case Notification.Kind.MENTIONED:
            return _("%(name)s mentioned you in a note") % {"name": name} if name else _("You were mentioned in a note")
        case Notification.Kind.FAILED:
            return _("A reply of yours could not be sent")
        case Notification.Kind.UNKNOWN:
            return _("It is not known whether a reply of yours was sent")
    return _("There is a new message in a conversation of yours")


def _line(row: Notification) -> str:
    subject = "" if row.conversation.erased_at else row.conversation.subject
    return f"{sentence(row)}: {subject or _('(no subject)')}"


def _link(row: Notification, slug: str) -> str:
    return settings.PUBLIC_URL + reverse("inbox:thread", kwargs={"workspace": slug, "number": row.conversation.number})


def _open_workspace() -> Tenant | None:
    """The workspace, unless it is being closed: nobody but its owners gets in, and they look after its data alone."""
    return Tenant.objects.filter(pk=current_tenant_id(), closed_at=None).first()
