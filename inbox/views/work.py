"""What a member does to a conversation: give it to somebody, close it, let it sleep, tag it.

By htmx the head of the thread comes back, with a line for what was done; without it, the thread.
"""

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inbox import conversations, desk, history, pages, snoozing, tags
from inbox.models import Conversation, Tag
from inbox.views.finding import conversation, view_of
from tenants import members
from tenants.access import MemberRequest, requires
from tenants.models import Membership
from tenants.roles import Permission
from versana.rendering import render_page

CHANGED = "conversation-changed"  # told to the page, whose list may show it


class StateForm(forms.Form):
    deed = forms.ChoiceField(choices=[(each, each) for each in ("close", "reopen", "spam", "snooze")])
    until = forms.CharField(required=False, max_length=20)
    at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


class PriorityForm(forms.Form):
    priority = forms.TypedChoiceField(choices=Conversation.Priority.choices, coerce=int)


@require_POST
@requires(Permission.WORK_INBOX)
def assign(request: MemberRequest, number: int) -> HttpResponse:
    """To the member whose number is given, or to nobody."""
    given = request.POST.get("member", "")
    to = _member(given) if given else None
    return _done(
        request, number, lambda found: conversations.assign(conversation=found, to=to, by=request.visit.membership)
    )


@require_POST
@requires(Permission.WORK_INBOX)
def state(request: MemberRequest, number: int) -> HttpResponse:
    """Close it, open it again, call it spam, or let it sleep until a time that is offered or named."""
    form, by = StateForm(request.POST), request.visit.membership
    if not form.is_valid():
        return _done(request, number, error=_("That is no time at which this could wake. Choose another one."))
    deed = form.cleaned_data["deed"]
    if deed == "snooze":
        until = _until(form)
        return _done(request, number, lambda found: conversations.snooze(conversation=found, until=until, by=by))
    deeds = {"close": conversations.close, "reopen": conversations.reopen, "spam": conversations.mark_spam}
    return _done(request, number, lambda found: deeds[deed](conversation=found, by=by))


@require_POST
@requires(Permission.WORK_INBOX)
def priority(request: MemberRequest, number: int) -> HttpResponse:
    form = PriorityForm(request.POST)
    if not form.is_valid():
        return _done(request, number, error=_("That is no priority."))
    chosen, by = form.cleaned_data["priority"], request.visit.membership
    return _done(request, number, lambda found: conversations.set_priority(conversation=found, priority=chosen, by=by))


@require_POST
@requires(Permission.WORK_INBOX)
def tag(request: MemberRequest, number: int) -> HttpResponse:
    name, by = request.POST.get("name", ""), request.visit.membership
    return _done(request, number, lambda found: tags.add(conversation=found, name=name[:1_000], by=by))


@require_POST
@requires(Permission.WORK_INBOX)
def untag(request: MemberRequest, number: int) -> HttpResponse:
    row, by = (
        Tag.objects.filter(number=_number(request.POST.get("tag", ""))).order_by("number").first(),
        request.visit.membership,
    )
    if row is None:
        return _done(request, number, error=_("This tag is not there any more."))
    return _done(request, number, lambda found: tags.remove(conversation=found, tag=row, by=by))


def _member(given: str) -> Membership:
    return get_object_or_404(members.present(), number=_number(given))


def _number(given: str) -> int:
    """A public number; 0, which nothing has, for what is none."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0


def _until(form: StateForm) -> datetime:
    """The time that was named, or what an offered word means now; the past where neither is one."""
    now = timezone.now()
    named: datetime | None = form.cleaned_data["at"]
    zone = timezone.get_current_timezone()
    return named or snoozing.time_of(form.cleaned_data["until"], now, zone) or now


def _done(
    request: MemberRequest, number: int, deed: Callable[[Conversation], object] | None = None, *, error: str = ""
) -> HttpResponse:
    found = conversation(number)
    before = history.last_event(found)
    try:
        if deed is not None:
            deed(found)
    except conversations.Erased:
        raise Http404 from None
    except conversations.NotAMember:
        error = _("They have left the workspace meanwhile.")
    except conversations.BadTime:
        error = _("A conversation sleeps until a time to come, within a year.")
    except tags.BadTag as refused:
        error = refused.reason
    return _answer(request, number, before=before, error=error)


def _answer(request: MemberRequest, number: int, *, before: int, error: str) -> HttpResponse:
    view, found = view_of(request), conversation(number)
    if not request.htmx:  # type: ignore[attr-defined]
        if not error:
            thread = reverse("inbox:thread", kwargs={"workspace": request.visit.workspace.slug, "number": number})
            return redirect(f"{thread}?view={view}")
        page = pages.inbox_page(request.visit, view=view, conversation=found, error=error)
        return render_page(request, "inbox/inbox.html", page, status=422)
    head = desk.work(request.visit, found, view=view, error=error, events=tuple(history.events(found, after=before)))
    answer = render_page(request, "inbox/_work_done.html", head)
    answer["HX-Trigger"] = CHANGED
    return answer
