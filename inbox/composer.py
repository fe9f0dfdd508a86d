"""The box under a thread in which a reply is written."""

from django.urls import reverse
from django.utils.translation import gettext as _

from inbox import drafts, looking
from inbox.cards import ReplyBox
from inbox.drafts import Draft
from inbox.models import Conversation
from tenants.access import Visit
from tenants.names import shown
from tenants.roles import Permission


def box(visit: Visit, conversation: Conversation, *, view: str) -> ReplyBox | None:
    """With what this member has begun to write. None where nothing can be written."""
    if conversation.erased_at or not visit.may(Permission.WORK_INBOX):
        return None
    return with_draft(visit, conversation, drafts.of(conversation, writer=visit.membership), view=view)


def with_draft(visit: Visit, conversation: Conversation, draft: Draft, *, view: str) -> ReplyBox:
    """A text that is kept as it stands in the box."""
    here = {"workspace": visit.workspace.slug, "number": conversation.number}
    query = "" if view == looking.DEFAULT else f"?view={view}"
    name = shown(conversation.contact.name)
    return ReplyBox(
        url=reverse("inbox:draft", kwargs=here) + query,
        discard_url=reverse("inbox:discard_draft", kwargs=here) + query,
        thread_url=reverse("inbox:thread", kwargs=here) + query,
        label=_("Reply to %(name)s") % {"name": name} if name else _("Reply"),
        text=draft.text,
        base=draft.base,
        saved_at=draft.at,
        max_length=drafts.MAX_LENGTH,
        writer=visit.membership.pk,
    )
