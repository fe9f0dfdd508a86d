"""The door that an invitation's link opens, for people who are in no workspace yet."""

from contextlib import suppress
from urllib.parse import urlencode

# allauth's way of a sign-in by password: second factors and the list of sessions follow from it.
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from tenants import invitations
from tenants.access import public
from tenants.forms.members import JoinForm
from tenants.invitations import Found, InvitationError, State
from tenants.members import MemberError
from tenants.models import User
from tenants.pages.people import InvitationPage, masked
from tenants.roles import Role
from versana.rendering import render_page


@never_cache
@require_http_methods(["GET", "POST"])
@public("Whoever follows an invitation is in no workspace yet, and may have no account; the link's token is the key.")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Look at an invitation by GET, and take it by POST."""
    found = invitations.find(token=token)
    if found is None:
        return _page(request, InvitationPage("unknown"), status=404)
    if found.state != State.OPEN:
        return _page(request, InvitationPage(found.state, workspace=found.workspace, again_url="/"), status=410)
    try:
        if isinstance(request.user, User):
            return _for_account(request, token, found, request.user)
        return _for_nobody(request, token, found)
    except InvitationError:  # the invitation, or who has an account, is not what it was a moment ago
        return redirect("tenants:invitation", token=token)


def _for_account(request: HttpRequest, token: str, found: Found, user: User) -> HttpResponse:
    if not invitations.belongs_to(found, user):
        page = InvitationPage(
            "wrong", email=masked(found.email), own_email=user.email, again_url=_link(token), workspace=found.workspace
        )
        return _page(request, page, status=403)
    if request.method == "GET":
        return _page(request, _about(found, "accept"))
    with suppress(MemberError):  # a member already: in by another way meanwhile
        invitations.accept(token=token, user=user)
    return redirect("inbox:home", workspace=found.slug)


def _for_nobody(request: HttpRequest, token: str, found: Found) -> HttpResponse:
    if invitations.account_of(found.email_norm):
        sign_in = f"{reverse('account_login')}?{urlencode({'next': _link(token)})}"
        return _page(request, _about(found, "sign-in", sign_in_url=sign_in))
    form = JoinForm(request.POST if request.method == "POST" else None, email=found.email)
    if not form.is_valid():
        return _page(request, _about(found, "join", form=form), status=422 if form.errors else 200)
    member = invitations.join(token=token, **form.cleaned_data)
    inbox = reverse("inbox:home", kwargs={"workspace": found.slug})
    login = Login(user=member.user, redirect_url=inbox)
    return perform_password_login(request, {"email": found.email}, login)


def _about(found: Found, step: str, *, form: JoinForm | None = None, sign_in_url: str = "") -> InvitationPage:
    return InvitationPage(
        step,
        workspace=found.workspace,
        inviter=found.inviter,
        role=str(Role(found.role).label),
        email=found.email,
        form=form,
        sign_in_url=sign_in_url,
    )


def _page(request: HttpRequest, page: InvitationPage, *, status: int = 200) -> HttpResponse:
    response = render_page(request, "tenants/invitation.html", page, status=status)
    # The address holds the token: nobody is told it. Not "no-referrer", with which browsers send the form with
    # `Origin: null`, which Django's protection against forged requests refuses.
    response["Referrer-Policy"] = "strict-origin"
    return response


def _link(token: str) -> str:
    return reverse("tenants:invitation", kwargs={"token": token})
