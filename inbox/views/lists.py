"""What is done in the list: to many conversations at once, taken back, kept as a view; and what is new in an open one."""

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inbox import bulk, listing, outcomes_told, pages, saved_views, snoozing, tags
from inbox.bulk import Deed, Outcome
from inbox.conversations import BadTime, NotAMember
from inbox.list_cards import InboxPage, Said
from inbox.models import SavedView
from inbox.views.finding import view_of
from tenants import members
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page

CHANGED = "list-changed"  # told to the page, whose list looks anew


class LiveForm(forms.Form):
    seen = forms.CharField(required=False, max_length=40)
    rows = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)


class BulkForm(forms.Form):
    """`deed` as its button says it: "close", "assign 12", "assign" (to nobody), "snooze tomorrow", "snooze" (with `at`)."""

    deed = forms.CharField(max_length=60)
    tag = forms.CharField(required=False, max_length=1_000)
    at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


class KeepForm(forms.Form):
    name = forms.CharField(max_length=200)
    shared = forms.BooleanField(required=False)


@require_GET
@requires(Permission.READ_INBOX)
def live(request: MemberRequest) -> HttpResponse:
    """Nothing, while all is as it was when the list was painted; else the list anew, as long as it is there."""
    view, form = view_of(request), LiveForm(request.GET)
    if not form.is_valid():
        raise BadRequest("no such list")
    if listing.state(request.visit.membership) == form.cleaned_data["seen"]:
        return HttpResponse(status=204)
    most = min(max(form.cleaned_data["rows"] or 0, listing.PAGE), listing.MOST)
    page = InboxPage(list=listing.list_pane(request.visit, view=view, most=most), thread=None)
    return render_page(request, "inbox/_live.html", page)


@require_POST
@requires(Permission.WORK_INBOX)
def do(request: MemberRequest) -> HttpResponse:
    """One deed to all the conversations that were chosen."""
    form, numbers = BulkForm(request.POST), _numbers(request.POST.getlist("number"))
    if not form.is_valid():
        return _refused(request, _("That cannot be done to conversations. Choose something else."))
    if not numbers:
        return _refused(request, _("Choose conversations first."))
    try:
        outcome = bulk.act(numbers=numbers, deed=_deed(form), by=request.visit.membership)
    except bulk.TooMany:
        return _refused(request, _("At most %(most)d conversations at once.") % {"most": bulk.MOST})
    except NotAMember:
        return _refused(request, _("They have left the workspace meanwhile."))
    except BadTime:
        return _refused(request, _("A conversation sleeps until a time to come, within a year."))
    except tags.BadTag as refused:
        return _refused(request, refused.reason)
    return _told(request, outcome)


@require_POST
@requires(Permission.WORK_INBOX)
def undo(request: MemberRequest) -> HttpResponse:
    """Take back what was just done to many."""
    by = request.visit.membership
    try:
        outcome = bulk.unsealed(request.POST.get("undo", ""), by=by)
        if outcome.undone:
            raise bulk.NothingToUndo
    except bulk.NothingToUndo:
        return _refused(request, _("That can be undone no more."))
    return _told(request, bulk.undo(outcome=outcome, by=by))


@require_POST
@requires(Permission.WORK_INBOX)
def keep(request: MemberRequest) -> HttpResponse:
    """Keep the list as it is under a name."""
    form, view, by = KeepForm(request.POST), view_of(request), request.visit.membership
    if not form.is_valid():
        return _refused(request, _("A view needs a name."))
    name, shared = form.cleaned_data["name"], form.cleaned_data["shared"]
    return _kept(request, lambda: saved_views.keep(name=name, words=view, shared=shared, by=by))


@require_POST
@requires(Permission.WORK_INBOX)
def rename(request: MemberRequest, number: int) -> HttpResponse:
    view, name, by = _saved(request, number), request.POST.get("name", "")[:200], request.visit.membership
    return _kept(request, lambda: saved_views.rename(view=view, name=name, by=by))


@require_POST
@requires(Permission.WORK_INBOX)
def delete(request: MemberRequest, number: int) -> HttpResponse:
    view, by = _saved(request, number), request.visit.membership
    return _kept(request, lambda: saved_views.delete(view=view, by=by))


def _saved(request: MemberRequest, number: int) -> SavedView:
    """One that this member sees; somebody else's own is not there for them."""
    seen = [row.pk for row in saved_views.of(request.visit.membership)]
    return get_object_or_404(SavedView, number=number, pk__in=seen)


def _kept(request: MemberRequest, deed: Callable[[], object]) -> HttpResponse:
    try:
        deed()
    except saved_views.BadView as refused:
        return _whole(request, Said("", problem=refused.reason), status=422)
    return redirect(_list(request))


def _numbers(given: list[str]) -> list[int]:
    """Public numbers, one or several in a field; what is none stands for a conversation that is not there."""
    several = [each for field in given for each in field.split(",", bulk.MOST + 1)]
    return [int(each) if each.isascii() and each.isdigit() and len(each) < 16 else 0 for each in several]


def _deed(form: BulkForm) -> Deed:
    """Raises BadRequest for what no button says."""
    kind, _, what = form.cleaned_data["deed"].partition(" ")
    if kind not in bulk.KINDS:
        raise BadRequest("no such deed")
    if kind == "assign":
        (number,) = _numbers([what]) if what else (None,)
        return Deed(kind, to=get_object_or_404(members.present(), number=number) if what else None)
    return Deed(kind, until=_until(form, what) if kind == "snooze" else None, tag=form.cleaned_data["tag"])


def _until(form: BulkForm, what: str) -> datetime:
    """The time that was named, or what an offered word means now; the past where neither is one."""
    now = timezone.now()
    named: datetime | None = None if what else form.cleaned_data["at"]
    return named or snoozing.time_of(what, now, timezone.get_current_timezone()) or now


def _list(request: MemberRequest) -> str:
    return f"{reverse('inbox:list', kwargs={'workspace': request.visit.workspace.slug})}?view={view_of(request)}"


def _told(request: MemberRequest, outcome: Outcome) -> HttpResponse:
    """By htmx the sentence alone; without it the list, whose address carries what it has to say."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{_list(request)}&said={bulk.sealed(outcome, by=request.visit.membership)}")
    answer = render_page(request, "inbox/_said.html", outcomes_told.said(request.visit, outcome, view=view_of(request)))
    answer["HX-Trigger"] = CHANGED
    return answer


def _refused(request: MemberRequest, why: str) -> HttpResponse:
    said = Said("", problem=why)
    if request.htmx:  # type: ignore[attr-defined]
        return render_page(request, "inbox/_said.html", said)
    return _whole(request, said, status=422)


def _whole(request: MemberRequest, said: Said, *, status: int) -> HttpResponse:
    return render_page(
        request, "inbox/inbox.html", pages.inbox_page(request.visit, view=view_of(request), said=said), status=status
    )
