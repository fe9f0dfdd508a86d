"""An answer or a note as far as it is written: kept while it is written, and thrown away."""

from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from inbox import composer, drafts, pages
from inbox.cards import ReplyBox
from inbox.drafts import Draft, Window
from inbox.forms import DraftForm
from inbox.models import Conversation
from inbox.views.finding import conversation, kind_of, view_of
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_POST
@requires(Permission.WORK_INBOX)
def save(request: MemberRequest, number: int) -> HttpResponse:
    """Keep what stands in the box. By htmx only the line below it is answered, so that nobody's typing is disturbed."""
    if request.POST.get("writer", "") not in ("", str(request.visit.membership.pk)):
        raise PermissionDenied  # somebody else has signed in beside the page: what stands there is not theirs
    found, form, kind = conversation(number), DraftForm(request.POST), kind_of(request)
    before = Draft(request.POST.get("text", ""))
    box = replace(
        composer.with_draft(request.visit, found, before, view=view_of(request), kind=kind),
        base=request.POST.get("base", "")[:40],
    )
    if not form.is_valid():
        said = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _answer(request, found, replace(box, error=said))
    try:
        kept = drafts.save(
            conversation=found,
            text=form.cleaned_data["text"],
            base=form.cleaned_data["base"],
            anyway=form.cleaned_data["anyway"],
            by=request.visit.membership,
            window=_window(form),
            looking=form.cleaned_data["looking"],
            kind=kind,
            recipients=_recipients(request, form),
            key=form.cleaned_data["key"],
        )
    except drafts.NewerDraft as newer:
        return _answer(request, found, replace(box, newer_at=newer.kept.at))
    except drafts.ThrownAway:
        return _answer(request, found, replace(box, thrown_away=True))
    except drafts.Erased:
        raise Http404 from None
    return _answer(request, found, replace(box, text=kept.text, base=kept.base, saved_at=kept.at))


@require_POST
@requires(Permission.WORK_INBOX)
def discard(request: MemberRequest, number: int) -> HttpResponse:
    """Throw it away, for a browser without scripts; with them the box is emptied, which can be undone."""
    drafts.discard(conversation=conversation(number), by=request.visit.membership, kind=kind_of(request))
    return redirect("inbox:thread", workspace=request.visit.workspace.slug, number=number)


def _recipients(request: MemberRequest, form: DraftForm) -> dict[str, str] | None:
    """None where the form has no such lines: a note has nobody whom it goes to."""
    lines = [line for line in composer.LINES if line in request.POST]
    return {line: form.cleaned_data[line] for line in lines} if lines else None


def _window(form: DraftForm) -> Window | None:
    key = form.cleaned_data["window"]
    return Window(key, form.cleaned_data["turn"] or 0) if key else None


def _answer(request: MemberRequest, found: Conversation, box: ReplyBox) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return render_page(request, "inbox/_reply_state.html", box)
    if not box.error and not box.newer_at:
        return redirect(f"{box.thread_url}#composer")
    asked = composer.Asked(writing=box.kind, box=box, given=request.POST.dict())
    page = pages.inbox_page(request.visit, view=view_of(request), conversation=found, asked=asked)
    return render_page(request, "inbox/inbox.html", page, status=422 if box.error else 409)
