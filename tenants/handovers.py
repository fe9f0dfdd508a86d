"""Hand over a workspace: an owner offers it to a member, who becomes its owner by accepting, within a week.

One offer at a time. The giver becomes administrator in the same transaction.
"""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import audit, mails, members
from tenants.members import MemberError
from tenants.models import Handover, Membership
from tenants.numbering import next_number
from tenants.roles import Permission, Role

LIFETIME = timedelta(days=7)


def current() -> Handover | None:
    """The open offer of the current workspace, if there is one."""
    # Both people by statements of their own: there is hardly ever an offer, and planning the joins took longer than all else.
    rows = Handover.objects.prefetch_related("giver__user", "taker__user")
    row: Handover | None = rows.filter(accepted_at=None, ended_at=None, expires_at__gt=timezone.now()).first()
    return row


@transaction.atomic
def offer(*, taker: Membership, by: Membership) -> Handover:
    """Raises MemberError for somebody who cannot take it, while another offer is open, and in a closed workspace."""
    giver = members.authorise(by=by, permission=Permission.HAND_OVER)
    members.refuse_if_closed()
    if not members.present().filter(pk=taker.pk).exclude(role=Role.OWNER).exists():
        raise MemberError(_("A workspace is handed over to a member who does not own it yet."))
    if current():
        raise MemberError(_("The workspace is offered to somebody already. Withdraw that offer first."))
    now = timezone.now()
    Handover.objects.filter(accepted_at=None, ended_at=None).update(ended_at=now)  # expired ones
    handover: Handover = Handover.objects.create(
        number=next_number("handover"), giver=giver, taker=taker, expires_at=now + LIFETIME
    )
    audit.record(audit.Action.HANDOVER_OFFERED, by=giver, target=members.target_of(taker), handover=handover.number)
    _tell(handover, "handover_offered", taker, of=giver)
    _tell(handover, "handover_offer_made", giver, of=taker)
    return handover


@transaction.atomic
def accept(*, handover: Handover, by: Membership) -> Handover:
    """The taker becomes owner and the giver administrator. Not in a closed workspace: whoever closed it keeps the way back."""
    taker, handover = _answered(handover, by=by)
    members.refuse_if_closed()
    giver = members.present().filter(pk=handover.giver_id, role=Role.OWNER).first()
    if giver is None or taker.role == Role.OWNER:
        raise MemberError(_("This offer is not open any more."))
    Handover.objects.filter(pk=handover.pk).update(accepted_at=timezone.now())
    giver.role = Role.ADMINISTRATOR
    giver.save(update_fields=["role"])
    taking, giving = members.target_of(taker), members.target_of(giver)
    audit.record(
        audit.Action.HANDOVER_ACCEPTED,
        by=taker,
        target=taking,
        before={taking: taker.role, giving: Role.OWNER},
        after={taking: Role.OWNER, giving: giver.role},
        handover=handover.number,
        **members.end_what_rests_on(giver),
    )
    taker.role = Role.OWNER
    taker.save(update_fields=["role"])
    _tell(handover, "handover_accepted", giver, of=taker)
    _tell(handover, "handover_taken", taker, of=giver)
    return handover


@transaction.atomic
def decline(*, handover: Handover, by: Membership) -> Handover:
    taker, handover = _answered(handover, by=by)
    _end(handover, by=taker, reason="declined")
    _tell(handover, "handover_declined", handover.giver, of=taker)
    return handover


@transaction.atomic
def withdraw(*, handover: Handover, by: Membership) -> Handover:
    """By the giver, or by another owner: an offer that nobody could take back would block theirs."""
    owner = members.authorise(by=by, permission=Permission.HAND_OVER)
    handover = _open(handover)
    _end(handover, by=owner, reason="withdrawn")
    _tell(handover, "handover_withdrawn", handover.taker, of=owner)
    return handover


def _answered(handover: Handover, *, by: Membership) -> tuple[Membership, Handover]:
    """Behind the lock: the taker, and the offer if it is open and theirs."""
    taker = members.authorise(by=by, permission=Permission.SEE_MEMBERS)
    row = _open(handover)
    if row.taker_id != taker.pk:
        raise PermissionDenied
    return taker, row


def _open(handover: Handover) -> Handover:
    row = current()
    if row is None or row.pk != handover.pk:
        raise MemberError(_("This offer is not open any more."))
    return row


def _end(handover: Handover, *, by: Membership, reason: str) -> None:
    handover.ended_at = timezone.now()
    handover.save(update_fields=["ended_at"])
    target = members.target_of(handover.taker)
    audit.record(audit.Action.HANDOVER_ENDED, by=by, target=target, handover=handover.number, reason=reason)


def _tell(handover: Handover, name: str, person: Membership, *, of: Membership) -> None:
    where = {"workspace": handover.tenant.slug}
    path = reverse("tenants:members", kwargs=where)
    if name == "handover_offered":
        path = reverse("tenants:handover_offer", kwargs={**where, "number": handover.number})
    mails.send(name, to=[person.user.email], path=path, other=of.user.display_name, days=LIFETIME.days)
