"""An answer is sent, and taken back.

By htmx the composer comes back with the thread's entries and head; what was refused comes as the line below the box alone, so
that the text stays as it is being written.
"""

from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inbox import composer, pages, recipients, replies
from inbox.cards import NewerMessage, ReplyBox
from inbox.conversations import Erased
from inbox.drafts import Draft
from inbox.forms import SendForm
from inbox.models import Conversation, Message
from inbox.recipients import BadRecipients
from inbox.views.finding import conversation, view_of
from inbox.views.work import CHANGED
from tenants.access import MemberRequest, requires
from tenants.names import shown
from tenants.roles import Permission
from versana.rendering import render_page

NEWER_SHOWN = 5
_WORDS = 1_000  # characters of each that are shown beside the box; all of it stands in the thread


@require_POST
@requires(Permission.WORK_INBOX)
def send(request: MemberRequest, number: int) -> HttpResponse:
    """Queue what stands in the box."""
    must_be_theirs(request)
    found, form = conversation(number), SendForm(request.POST)
    if not form.is_valid():
        said = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _refused(request, found, error=said)
    try:
        _reply(request, found, form)
    except (replies.CannotReply, BadRecipients) as refused:
        return _refused(request, found, error=refused.reason)
    except replies.NewerMessages as newer:
        return _refused(request, found, newer=newer.messages)
    except replies.TakenBack:
        return done(request, number, _("You have taken this reply back."))
    except Erased:
        raise Http404 from None
    return done(request, number, _("Reply queued. It can be taken back for a moment."))


@require_POST
@requires(Permission.WORK_INBOX)
def take_back(request: MemberRequest, number: int) -> HttpResponse:
    """Undo sending, as long as it has not left."""
    found, named = conversation(number), request.POST.get("message", "")
    pk = int(named) if named.isascii() and named.isdigit() and len(named) < 19 else 0
    message = Message.objects.filter(conversation=found, writer=request.visit.membership, pk=pk).first()
    if message is None:  # by a second click, or in another window
        return done(request, number, _("This reply was taken back already."))
    try:
        replies.take_back(message=message, by=request.visit.membership)
    except replies.TooLate:
        return done(request, number, _("Too late: this reply is on its way."), failed=True)
    except Erased:
        raise Http404 from None
    return done(request, number, _("Taken back. Your text stands in the box again."), writing=composer.REPLY)


def must_be_theirs(request: MemberRequest) -> None:
    """Raises PermissionDenied where somebody else has signed in beside the page: what stands there is not theirs."""
    if request.POST.get("writer", "") not in ("", str(request.visit.membership.pk)):
        raise PermissionDenied


def done(request: MemberRequest, number: int, said: str, *, writing: str = "", failed: bool = False) -> HttpResponse:
    """The thread as it is now, with a word on what happened; `failed`: which must not be missed."""
    view, found = view_of(request), conversation(number)
    if not request.htmx:  # type: ignore[attr-defined]
        if failed:
            whole = pages.inbox_page(request.visit, view=view, conversation=found, error=said)
            return render_page(request, "inbox/inbox.html", whole, status=409)
        return redirect(f"{composer.thread_url(request.visit, found, view=view)}#composer")
    asked = composer.Asked(writing=writing)
    page = pages.wrote(request.visit, found, view=view, said=said, failed=failed, asked=asked)
    answer = render_page(request, "inbox/_wrote.html", page)
    answer["HX-Trigger"] = CHANGED
    return answer


def kept_open(request: MemberRequest, found: Conversation, box: ReplyBox) -> HttpResponse:
    """What was not done, and why, below the text as it stands."""
    if request.htmx:  # type: ignore[attr-defined]
        answer = render_page(request, "inbox/_reply_state.html", box)
        answer["HX-Retarget"], answer["HX-Reswap"] = f"#{box.kind}-state", "outerHTML"
        return answer
    asked = composer.Asked(writing=box.kind, box=box, given=request.POST.dict())
    page = pages.inbox_page(request.visit, view=view_of(request), conversation=found, asked=asked)
    return render_page(request, "inbox/inbox.html", page, status=409 if box.newer else 422)


def _reply(request: MemberRequest, found: Conversation, form: SendForm) -> Message:
    given = form.cleaned_data
    return replies.reply(
        conversation=found,
        text=given["text"],
        by=request.visit.membership,
        to=recipients.split(given["to"]),
        cc=recipients.split(given["cc"]),
        bcc=recipients.split(given["bcc"]),
        close=given["close"],
        seen_message=max(given["seen"] or 0, given["newest"] or 0),
        key=given["key"],
    )


def _refused(
    request: MemberRequest, found: Conversation, *, error: str = "", newer: tuple[Message, ...] = ()
) -> HttpResponse:
    draft = Draft(request.POST.get("text", ""))
    box = composer.with_draft(request.visit, found, draft, view=view_of(request))
    box = replace(box, base=request.POST.get("base", "")[:40], error=error)
    if newer:
        shown_ones = tuple(NewerMessage(_who(each), each.sent_at, each.text[:_WORDS]) for each in newer[-NEWER_SHOWN:])
        box = replace(box, newer=shown_ones, newest=max(each.pk for each in newer))
    return kept_open(request, found, box)


def _who(message: Message) -> str:
    writer = message.writer.user.display_name if message.writer else ""
    return writer or shown(message.from_name) or message.from_email
