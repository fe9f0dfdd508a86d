"""The doors of a handover: an owner's offer, and the answer of who is to take it."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants import handovers
from tenants.access import MemberRequest, requires
from tenants.forms.members import HandoverForm
from tenants.members import MemberError, present
from tenants.models import Handover
from tenants.pages.members import url
from tenants.pages.people import HandoverPage, OfferedPage
from tenants.roles import Permission, Role
from tenants.views.members import back, refused
from versana.rendering import render_page


@require_http_methods(["GET", "POST"])
@requires(Permission.HAND_OVER)
def offer(request: MemberRequest) -> HttpResponse:
    visit = request.visit
    takers = list(present().exclude(role=Role.OWNER).order_by("user__name", "number"))
    form = HandoverForm(request.POST or None, slug=visit.workspace.slug, takers=takers)
    if request.method == "POST" and form.is_valid():
        taker = next(member for member in takers if member.number == form.cleaned_data["taker"])
        try:
            handovers.offer(taker=taker, by=visit.membership)
        except MemberError as error:
            return refused(request, error)
        return back(request, "offered")
    here, members = url(visit, "handover"), url(visit, "members")
    page = HandoverPage(visit.workspace.name, visit.workspace.slug, form, bool(takers), here, members)
    return render_page(request, "tenants/handover.html", page, status=422 if form.errors else 200)


@require_GET
@requires(Permission.SEE_MEMBERS)
def offered(request: MemberRequest, number: int) -> HttpResponse:
    """What the taker reads before the answer. Nobody else has this page."""
    visit, row = request.visit, _handover(number)
    if row.taker_id != visit.membership.pk:
        raise Http404
    current = handovers.current()
    if current is None or current.pk != row.pk:
        return back(request, "over")
    page = OfferedPage(
        workspace=visit.workspace.name,
        giver=current.giver.user.display_name,
        until=current.expires_at,
        accept_url=url(visit, "handover_accept", number=number),
        decline_url=url(visit, "handover_decline", number=number),
        back_url=url(visit, "members"),
    )
    return render_page(request, "tenants/offered.html", page)


@require_POST
@requires(Permission.SEE_MEMBERS)
def accept(request: MemberRequest, number: int) -> HttpResponse:
    try:
        handovers.accept(handover=_handover(number), by=request.visit.membership)
    except MemberError as error:
        return refused(request, error)
    return back(request, "accepted")


@require_POST
@requires(Permission.SEE_MEMBERS)
def decline(request: MemberRequest, number: int) -> HttpResponse:
    try:
        handovers.decline(handover=_handover(number), by=request.visit.membership)
    except MemberError as error:
        return refused(request, error)
    return back(request, "declined")


@require_POST
@requires(Permission.HAND_OVER)
def withdraw(request: MemberRequest, number: int) -> HttpResponse:
    try:
        handovers.withdraw(handover=_handover(number), by=request.visit.membership)
    except MemberError as error:
        return refused(request, error)
    return back(request, "withdrawn")


def _handover(number: int) -> Handover:
    row: Handover | None = Handover.objects.filter(number=number).first()
    if row is None:
        raise Http404
    return row
