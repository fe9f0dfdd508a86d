"""Page objects of Members: who is here, who is invited, and whether the workspace is about to change hands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.core.paginator import Page, Paginator
from django.db.models import Case, Value, When
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants import handovers
from tenants.access import Visit
from tenants.context_processors import initials
from tenants.forms.members import InviteForm
from tenants.members import present
from tenants.models import Handover, Invitation, Membership
from tenants.pages.nav import SettingsNav, settings_nav
from tenants.roles import Permission, Role, may_give

PAGE_SIZE = 50
_ORDER = Case(*[When(role=role, then=Value(rank)) for rank, role in enumerate(Role.values)])
# What was done, by the word in the address that a form redirects to.
NOTICES: Mapping[str, object] = {
    "invited": gettext_lazy("The invitation is on its way."),
    "resent": gettext_lazy("The invitation is on its way again. The link of the mail before does not work any more."),
    "revoked": gettext_lazy("The invitation is revoked; its link does not work any more."),
    "role": gettext_lazy("The role is changed."),
    "removed": gettext_lazy("The person is removed and cannot open this workspace any more."),
    "offered": gettext_lazy("The workspace is offered. You stay its owner until the offer is accepted."),
    "withdrawn": gettext_lazy("The offer is withdrawn. Nothing has changed."),
    "declined": gettext_lazy("You declined. Nothing has changed."),
    "accepted": gettext_lazy("You are the owner of this workspace now."),
    "over": gettext_lazy("This offer is not open any more."),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as word, shape and colour, for the badge."""

    tone: str
    shape: str
    word: str


@dataclass(frozen=True, slots=True)
class Person:
    """A member as this viewer may see them. Empty addresses: not for this viewer."""

    number: int
    name: str
    initials: str
    hue: int
    email: str
    role: str
    since: datetime
    is_you: bool
    second_factor: Mark | None
    role_url: str = ""
    remove_url: str = ""
    leave_url: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """An invitation that is open, or has expired."""

    number: int
    email: str
    role: str
    by: str
    sent_at: datetime
    expires_at: datetime
    state: Mark
    resend_url: str
    revoke_url: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The offered workspace, for its taker and for owners."""

    giver: str
    taker: str
    until: datetime
    answer_url: str = ""
    withdraw_url: str = ""


@dataclass(frozen=True, slots=True)
class MembersPage:
    people: tuple[Person, ...]
    count: int
    notice: str
    error: str
    form: InviteForm | None
    invite_url: str
    invitations: tuple[Asked, ...]
    offer: Offer | None
    hand_over_url: str
    only_owner: bool
    earlier_url: str
    later_url: str
    shown: str
    settings_nav: SettingsNav


def members_page(
    visit: Visit, *, number: str = "", form: InviteForm | None = None, notice: str = "", error: str = ""
) -> MembersPage:
    manages, hands_over = visit.may(Permission.MANAGE_MEMBERS), visit.may(Permission.HAND_OVER)
    ordered = present().order_by(_ORDER, Lower("user__name"), "number")
    page: Page[Membership] = Paginator(ordered, PAGE_SIZE).get_page(number)
    owners = present().filter(role=Role.OWNER).count()
    offer = handovers.current()
    return MembersPage(
        people=_people(visit, page.object_list, only_owner=owners == 1),
        count=page.paginator.count,
        notice=str(NOTICES.get(notice, "")),
        error=error,
        form=(form or InviteForm(giver=visit.workspace.role)) if manages else None,
        invite_url=url(visit, "invite") if manages else "",
        invitations=_invitations(visit) if manages else (),
        offer=_offer(visit, offer) if offer else None,
        hand_over_url=url(visit, "handover") if hands_over and not offer else "",
        only_owner=owners == 1 and visit.workspace.role == Role.OWNER,
        earlier_url=f"?page={page.previous_page_number()}" if page.has_previous() else "",
        later_url=f"?page={page.next_page_number()}" if page.has_next() else "",
        shown=f"{page.start_index()}–{page.end_index()}",
        settings_nav=settings_nav(visit, selected="tenants:members"),
    )


def url(visit: Visit, name: str, **kwargs: object) -> str:
    return reverse(f"tenants:{name}", kwargs={"workspace": visit.workspace.slug, **kwargs})


def _people(visit: Visit, rows: Iterable[Membership], *, only_owner: bool) -> tuple[Person, ...]:
    rows = list(rows)
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    protected: set[int] | None = None
    if visit.may(Permission.MANAGE_MEMBERS):
        factors = Authenticator.objects.filter(user__in=[row.user_id for row in rows], type__in=kinds)
        protected = set(factors.values_list("user_id", flat=True))
    return tuple(_person(visit, row, protected, only_owner=only_owner) for row in rows)


def _person(visit: Visit, row: Membership, protected: set[int] | None, *, only_owner: bool) -> Person:
    is_you = row.pk == visit.membership.pk
    manages = visit.may(Permission.MANAGE_MEMBERS) and may_give(visit.workspace.role, row.role)
    stays = only_owner and row.role == Role.OWNER
    return Person(
        number=row.number,
        name=row.user.display_name,
        initials=initials(row.user.display_name),
        hue=row.number % 6,
        email=row.user.email,
        role=str(Role(row.role).label),
        since=row.joined_at,
        is_you=is_you,
        second_factor=None if protected is None else _second_factor(row.user_id in protected),
        role_url=url(visit, "member_role", number=row.number) if manages and not stays else "",
        remove_url=url(visit, "member_remove", number=row.number) if manages and not is_you and not stays else "",
        leave_url=url(visit, "leave") if is_you and not stays else "",
    )


def _second_factor(there: bool) -> Mark:
    return Mark("done", "lock", _("Second factor")) if there else Mark("idle", "slashed", _("Password only"))


def _invitations(visit: Visit) -> tuple[Asked, ...]:
    rows = Invitation.objects.select_related("invited_by__user").filter(accepted_at=None, revoked_at=None)
    return tuple(_asked(visit, row) for row in rows.order_by("-sent_at", "-number"))


def _asked(visit: Visit, row: Invitation) -> Asked:
    manages, expired = may_give(visit.workspace.role, row.role), row.expires_at <= timezone.now()
    return Asked(
        number=row.number,
        email=row.email,
        role=str(Role(row.role).label),
        by=row.invited_by.user.display_name,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        state=Mark("wait", "clock", _("Expired")) if expired else Mark("move", "dashed", _("Open")),
        resend_url=url(visit, "resend", number=row.number) if manages else "",
        revoke_url=url(visit, "revoke", number=row.number) if manages else "",
    )


def _offer(visit: Visit, row: Handover) -> Offer | None:
    takes, owns = row.taker_id == visit.membership.pk, visit.may(Permission.HAND_OVER)
    if not (takes or owns):
        return None
    return Offer(
        giver=row.giver.user.display_name,
        taker=row.taker.user.display_name,
        until=row.expires_at,
        answer_url=url(visit, "handover_offer", number=row.number) if takes else "",
        withdraw_url=url(visit, "handover_withdraw", number=row.number) if owns else "",
    )
