"""The inbox's pages, built from rows: page objects of `cards.py`. Reads only what this workspace may see."""

from urllib.parse import urlencode

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _

from inbox import composer, desk, history
from inbox.beside import sections_of, viewer
from inbox.cards import AttachmentChip, InboxPage, MessageCard, Person, Thread, Wrote
from inbox.chips import topic_bar
from inbox.faces import face
from inbox.listing import list_pane, subject_of, thread_url
from inbox.models import Attachment, ContactAddress, Conversation, Message
from inbox.persons import person_of
from integrations.shopify import interface
from tenants.access import Visit
from tenants.names import shown
from tenants.roles import Permission

NEWEST_OPEN = 3  # messages of a long thread that are not folded


def inbox_page(
    visit: Visit,
    *,
    view: str,
    after: str = "",
    conversation: Conversation | None = None,
    error: str = "",
    asked: composer.Asked = composer.NOTHING_ASKED,
) -> InboxPage:
    """The list, and beside it the thread when there is one; with a word on why what was just asked was not done."""
    pane = list_pane(visit, view=view, after=after, selected=conversation.number if conversation else 0)
    beside = thread(visit, conversation, view=view, error=error, asked=asked) if conversation else None
    return InboxPage(list=pane, thread=beside)


def thread_page(
    visit: Visit, *, view: str, conversation: Conversation, asked: composer.Asked = composer.NOTHING_ASKED
) -> InboxPage:
    """The thread alone, for a list that is already there."""
    return InboxPage(list=None, thread=thread(visit, conversation, view=view, asked=asked))


def wrote(
    visit: Visit,
    conversation: Conversation,
    *,
    view: str,
    said: str = "",
    failed: bool = False,
    asked: composer.Asked = composer.NOTHING_ASKED,
) -> Wrote:
    """What an open thread shows anew once something was sent, taken back or noted; the stores beside it stay as they are."""
    return Wrote(
        entries=history.entries(conversation, _messages(conversation, visit.workspace.slug), visit=visit),
        work=desk.work(visit, conversation, view=view),
        composer=composer.composer(visit, conversation, view=view, asked=asked),
        said=said,
        failed=failed,
    )


def thread(
    visit: Visit,
    conversation: Conversation,
    *,
    view: str,
    error: str = "",
    asked: composer.Asked = composer.NOTHING_ASKED,
) -> Thread:
    """A conversation with its messages, and a section for each connected store."""
    slug = visit.workspace.slug
    addresses, count = _facts(conversation)
    who = person_of(number=conversation.number)
    seen = interface.news(person=who).state  # before the sections: see there
    stores = interface.sections(
        person=who,
        addresses=sections_of(visit, conversation.number, who),
        viewer=viewer(visit),
    )
    may_connect = visit.may(Permission.CONNECT_STORES)
    messages = _messages(conversation, slug)
    return Thread(
        number=conversation.number,
        url=thread_url(slug, conversation.number, view),
        back_url=f"{reverse('inbox:list', kwargs={'workspace': slug})}?{urlencode({'view': view})}",
        subject=subject_of(conversation),
        person=_person(conversation, addresses),
        address=addresses[0] if addresses else "",
        more_addresses=max(len(addresses) - 1, 0),
        conversations=count,
        messages=messages,
        entries=history.entries(conversation, messages, visit=visit),
        work=desk.work(visit, conversation, view=view, error=error),
        sections=stores,
        news_url=reverse("inbox:news", kwargs={"workspace": slug, "number": conversation.number}) if stores else "",
        seen=seen,
        no_stores_text="" if stores else _no_stores(may_connect=may_connect),
        connect_url=reverse("tenants:general", kwargs={"workspace": slug}) if may_connect and not stores else "",
        topics=None if conversation.erased_at else topic_bar(visit, conversation, view=view),
        composer=composer.composer(visit, conversation, view=view, asked=asked),
    )


def _facts(conversation: Conversation) -> tuple[list[str], int]:
    """The contact's addresses as typed, the first one first, and how many conversations there are with them. One query."""
    mine = ContactAddress.objects.filter(contact=OuterRef("contact")).order_by("pk").values("email")
    theirs = (
        Conversation.objects.filter(contact=OuterRef("contact")).order_by().values("contact").annotate(n=Count("pk"))
    )
    row = Conversation.objects.filter(pk=conversation.pk).values_list(ArraySubquery(mine), Subquery(theirs.values("n")))
    addresses, count = row.get()
    return addresses, count


def _person(conversation: Conversation, addresses: list[str]) -> Person:
    if conversation.erased_at:
        return face(_("Erased contact"), conversation.contact_id)
    name = shown(conversation.contact.name) or (addresses[0] if addresses else _("Unknown"))
    return face(name, conversation.contact_id)


def _messages(conversation: Conversation, slug: str) -> tuple[MessageCard, ...]:
    """With the names and sizes of their files: what is in those stays in the database."""
    of = Attachment.objects.filter(message=OuterRef("pk")).order_by("pk")
    files = ArraySubquery(of.values(json=JSONObject(name="name", size="size")))
    rows = list(conversation.messages.annotate(files=files).order_by("sent_at", "pk"))
    last = len(rows) - NEWEST_OPEN
    return tuple(
        _message(
            row,
            conversation,
            slug,
            [(file["name"], file["size"]) for file in row.files],
            position=position,
            folded=position <= last and len(rows) > NEWEST_OPEN + 1,
        )
        for position, row in enumerate(rows, 1)
    )


def _message(
    row: Message, conversation: Conversation, slug: str, files: list[tuple[str, int]], *, position: int, folded: bool
) -> MessageCard:
    sent = row.kind == Message.Kind.SENT
    key = row.pk if sent else conversation.contact_id
    here = {"workspace": slug, "number": conversation.number, "position": position}
    chips = [
        AttachmentChip(name, _size(size), reverse("inbox:attachment", kwargs={**here, "file": n}))
        for n, (name, size) in enumerate(files, 1)
    ]
    return MessageCard(
        anchor=f"m{position}",
        kind=row.kind,
        person=face(
            shown(row.from_name) or row.from_email or (_("The shop") if sent else _("Erased contact")),
            sum(map(ord, row.from_email)) if sent else key,
            colleague=sent,
        ),
        address=row.from_email,
        to=", ".join(shown(name) or address for name, address in row.to),
        at=row.sent_at,
        text=_("The content was erased.") if row.message_id == f"erased.{row.pk}" and not row.text else row.text,
        quoted=row.quoted,
        html_url=reverse("inbox:message_html", kwargs=here) if row.html else "",
        attachments=tuple(chips),
        folded=folded,
        snippet=" ".join(row.text.split())[:160],
    )


def _size(size: int) -> str:
    return f"{size} B" if size < 1000 else f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _no_stores(*, may_connect: bool) -> str:
    if may_connect:
        return _("Connect a Shopify store to see here who wrote, and what they ordered.")
    return _("No Shopify store is connected yet. An owner of this workspace can connect one under Settings → General.")
