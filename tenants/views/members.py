"""The doors of Members: the list, invitations to it, roles, and the ways out."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants import invitations
from tenants import members as people
from tenants.access import MemberRequest, requires
from tenants.addresses import AddressError
from tenants.forms.members import InviteForm, RoleForm
from tenants.members import MemberError
from tenants.models import Invitation, Membership
from tenants.pages.members import members_page, url
from tenants.pages.people import FarewellPage, RolePage
from tenants.roles import Permission
from versana.rendering import render_page


@require_GET
@requires(Permission.SEE_MEMBERS)
def members(request: MemberRequest) -> HttpResponse:
    """Settings -> Members."""
    page = members_page(request.visit, number=request.GET.get("page", ""), notice=request.GET.get("done", ""))
    return render_page(request, "tenants/members.html", page)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_MEMBERS)
def invite(request: MemberRequest) -> HttpResponse:
    if request.method == "GET":  # a reload after a form that was refused
        return back(request)
    form = InviteForm(request.POST, giver=request.visit.workspace.role)
    if form.is_valid():
        try:
            invitations.invite(**form.cleaned_data, by=request.visit.membership)
            return back(request, "invited")
        except (AddressError, MemberError) as error:
            form.add_error("email", str(error))
    return render_page(request, "tenants/members.html", members_page(request.visit, form=form), status=422)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def resend(request: MemberRequest, number: int) -> HttpResponse:
    try:
        invitations.resend(invitation=_invitation(number), by=request.visit.membership)
    except MemberError as error:
        return refused(request, error)
    return back(request, "resent")


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def revoke(request: MemberRequest, number: int) -> HttpResponse:
    try:
        invitations.revoke(invitation=_invitation(number), by=request.visit.membership)
    except MemberError as error:
        return refused(request, error)
    return back(request, "revoked")


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_MEMBERS)
def role(request: MemberRequest, number: int) -> HttpResponse:
    visit, member = request.visit, _member(number)
    form = RoleForm(request.POST or None, giver=visit.workspace.role, initial={"role": member.role})
    if request.method == "POST" and form.is_valid():
        try:
            people.change_role(member=member, role=form.cleaned_data["role"], by=visit.membership)
        except MemberError as error:
            return refused(request, error)
        return back(request, "role")
    page = RolePage(member.user.display_name, form, url(visit, "member_role", number=number), url(visit, "members"))
    return render_page(request, "tenants/member_role.html", page, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_MEMBERS)
def remove(request: MemberRequest, number: int) -> HttpResponse:
    visit, member = request.visit, _member(number)
    if request.method == "POST":
        try:
            people.remove(member=member, by=visit.membership)
        except MemberError as error:
            return refused(request, error)
        return back(request, "removed")
    here, members = url(visit, "member_remove", number=number), url(visit, "members")
    page = FarewellPage(member.user.display_name, visit.workspace.name, here, members)
    return render_page(request, "tenants/farewell.html", page)


@require_http_methods(["GET", "POST"])
@requires(Permission.SEE_MEMBERS)
def leave(request: MemberRequest) -> HttpResponse:
    visit = request.visit
    if request.method == "POST":
        try:
            people.leave(by=visit.membership)
        except MemberError as error:
            return refused(request, error)
        return redirect("tenants:home")
    page = FarewellPage("", visit.workspace.name, url(visit, "leave"), url(visit, "members"))
    return render_page(request, "tenants/farewell.html", page)


def back(request: MemberRequest, done: str = "") -> HttpResponse:
    """To the list, which says what was done."""
    return redirect(url(request.visit, "members") + (f"?done={done}" if done else ""))


def refused(request: MemberRequest, error: MemberError) -> HttpResponse:
    """The list as it is now, and why nothing was done."""
    return render_page(request, "tenants/members.html", members_page(request.visit, error=str(error)), status=409)


def _member(number: int) -> Membership:
    member = people.present().filter(number=number).first()
    if member is None:
        raise Http404
    return member


def _invitation(number: int) -> Invitation:
    invitation: Invitation | None = Invitation.objects.filter(number=number).first()
    if invitation is None:
        raise Http404
    return invitation
