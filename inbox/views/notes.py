"""A note is written, and taken away."""

from dataclasses import replace

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inbox import composer, notes
from inbox.conversations import Erased
from inbox.drafts import Draft
from inbox.forms import SendForm
from inbox.models import Note
from inbox.views.finding import conversation, view_of
from inbox.views.replies import done, kept_open, must_be_theirs
from tenants.access import MemberRequest, requires
from tenants.roles import Permission


@require_POST
@requires(Permission.WORK_INBOX)
def add(request: MemberRequest, number: int) -> HttpResponse:
    must_be_theirs(request)
    found, form = conversation(number), SendForm(request.POST)
    text = form.cleaned_data.get("text", "") if form.is_valid() else ""
    try:
        notes.add(conversation=found, text=text, by=request.visit.membership)
    except notes.BadNote as bad:
        said = " ".join(str(error) for errors in form.errors.values() for error in errors) or bad.reason
        draft = Draft(request.POST.get("text", ""))
        box = composer.with_draft(request.visit, found, draft, view=view_of(request), kind=composer.NOTE)
        return kept_open(request, found, replace(box, base=request.POST.get("base", "")[:40], error=said))
    except Erased:
        raise Http404 from None
    return done(request, number, _("Note added."), writing=composer.NOTE)


@require_POST
@requires(Permission.WORK_INBOX)
def remove(request: MemberRequest, number: int) -> HttpResponse:
    """One's own, or as an administrator anybody's."""
    found, named = conversation(number), request.POST.get("note", "")
    pk = int(named) if named.isascii() and named.isdigit() and len(named) < 19 else 0
    note = Note.objects.select_related("conversation").filter(conversation=found, pk=pk).first()
    if note is None:  # by a second click, or in another window
        return done(request, number, _("This note is not there any more."))
    notes.remove(note=note, by=request.visit.membership)
    return done(request, number, _("Note deleted."))
