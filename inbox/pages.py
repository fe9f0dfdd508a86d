"""The inbox's pages, built from rows: page objects of `cards.py`. Reads only what this workspace may see."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _

from inbox import chips, composer, desk, history, message_files, sent
from inbox.beside import sections_of, viewer
from inbox.cards import (
    AttachmentChip,
    EventLine,
    MessageCard,
    NoteCard,
    Person,
    PicturesBar,
    PrintedPage,
    Thread,
    Wrote,
)
from inbox.email.people import normalised
from inbox.faces import face
from inbox.list_cards import InboxPage, Said
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
    rows_only: bool = False,
    conversation: Conversation | None = None,
    error: str = "",
    said: Said | None = None,
    asked: composer.Asked = composer.NOTHING_ASKED,
) -> InboxPage:
    """The list, and beside it the thread when there is one; with a word on why what was just asked was not done, or on what
    was done to many. `rows_only`: for a list that is there already. Raises ValueError as `list_pane` does."""
    number = conversation.number if conversation else 0
    pane = list_pane(visit, view=view, after=after, selected=number, rows_only=rows_only, said=said)
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
    facts = _facts(visit, conversation)
    messages = _messages(visit, conversation, facts["addresses"])
    return Wrote(
        entries=_entries(visit, conversation, messages, facts),
        work=desk.work(visit, conversation, view=view, facts=facts),
        composer=composer.composer(visit, conversation, view=view, facts=facts, asked=asked),
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
    facts = _facts(visit, conversation)
    addresses: list[str] = facts["addresses"]
    who = person_of(number=conversation.number)
    seen = interface.news(person=who).state  # before the sections: see there
    stores = interface.sections(
        person=who,
        addresses=sections_of(visit, conversation.number, who),
        viewer=viewer(visit),
    )
    may_connect = visit.may(Permission.CONNECT_STORES)
    messages = _messages(visit, conversation, addresses)
    return Thread(
        number=conversation.number,
        url=thread_url(slug, conversation.number, view),
        back_url=f"{reverse('inbox:list', kwargs={'workspace': slug})}?view={view}",
        subject=subject_of(conversation),
        person=_person(conversation, addresses),
        address=addresses[0] if addresses else "",
        more_addresses=max(len(addresses) - 1, 0),
        conversations=facts["theirs"],
        messages=messages,
        entries=_entries(visit, conversation, messages, facts),
        work=desk.work(visit, conversation, view=view, error=error, facts=facts),
        sections=stores,
        news_url=reverse("inbox:news", kwargs={"workspace": slug, "number": conversation.number}) if stores else "",
        seen=seen,
        no_stores_text="" if stores else _no_stores(may_connect=may_connect),
        connect_url=reverse("tenants:general", kwargs={"workspace": slug}) if may_connect and not stores else "",
        topics=None if conversation.erased_at else chips.topic_bar(visit, conversation, view=view, facts=facts),
        composer=composer.composer(visit, conversation, view=view, facts=facts, asked=asked),
    )


def printed_page(visit: Visit, conversation: Conversation) -> PrintedPage:
    """The whole conversation for paper: nothing is folded."""
    addresses = Conversation.objects.filter(pk=conversation.pk).values_list(_addresses(), flat=True).get()
    return PrintedPage(
        number=conversation.number,
        subject=subject_of(conversation),
        person=_person(conversation, addresses),
        addresses=tuple(addresses),
        messages=_messages(visit, conversation, addresses),
        workspace=visit.workspace.name,
        back_url=thread_url(visit.workspace.slug, conversation.number, "all"),
    )


def _addresses() -> ArraySubquery:
    """The contact's addresses as typed, the first one first."""
    mine = ContactAddress.objects.filter(contact=OuterRef("contact")).order_by("-is_main", "pk")
    return ArraySubquery(mine.values("email"))


def _facts(visit: Visit, conversation: Conversation) -> dict[str, Any]:
    """All that a thread shows beside its messages and its stores, by one statement: `addresses`, how many conversations there
    are with the contact (`theirs`), and what its parts want."""
    with_them = Conversation.objects.filter(contact=OuterRef("contact")).order_by().values("contact")
    facts: dict[str, Any] = (
        Conversation.objects.filter(pk=conversation.pk)
        .values(
            addresses=_addresses(),
            theirs=Subquery(with_them.annotate(n=Count("pk")).values("n")),
            **history.wanted(),
            **desk.wanted(),
            **chips.wanted(),
            **composer.wanted(visit),
        )
        .get()
    )
    return facts


def _entries(
    visit: Visit, conversation: Conversation, messages: tuple[MessageCard, ...], facts: dict[str, Any]
) -> tuple[MessageCard | NoteCard | EventLine, ...]:
    known = {one.pk: one.user.display_name for one in desk.colleagues(facts)}
    return history.entries(conversation, messages, visit=visit, facts=facts, known=known)


def _person(conversation: Conversation, addresses: list[str]) -> Person:
    if conversation.erased_at:
        return face(_("Erased contact"), conversation.contact_id)
    name = shown(conversation.contact.name) or (addresses[0] if addresses else _("Unknown"))
    return face(name, conversation.contact_id)


def _messages(visit: Visit, conversation: Conversation, addresses: list[str]) -> tuple[MessageCard, ...]:
    """With the names and sizes of their files: what is in those stays in the database."""
    of = Attachment.objects.filter(message=OuterRef("pk")).order_by("pk")
    facts = JSONObject(pk="pk", name="name", size="size", content_type="content_type")
    found = conversation.messages.annotate(files=ArraySubquery(of.values(json=facts)), **sent.wanted())
    rows = list(found.select_related("writer__user").order_by("sent_at", "pk"))
    theirs = normalised(addresses)
    last = len(rows) - NEWEST_OPEN
    return tuple(
        _message(
            visit,
            row,
            conversation,
            message_files.chips(visit, row.files, number=conversation.number),
            pictures=message_files.pictures_bar(
                visit, row, conversation.contact, theirs, number=conversation.number, position=position
            ),
            position=position,
            folded=position <= last and len(rows) > NEWEST_OPEN + 1,
            state=sent.state_of_message(visit, row) if row.writer_id else None,
        )
        for position, row in enumerate(rows, 1)
    )


def _message(
    visit: Visit,
    row: Message,
    conversation: Conversation,
    files: tuple[AttachmentChip, ...],
    *,
    pictures: PicturesBar | None,
    position: int,
    folded: bool,
    state: sent.SentState | None,
) -> MessageCard:
    own_url = message_files.html_url(visit, row, number=conversation.number, position=position)
    return MessageCard(
        anchor=f"m{position}",
        kind=row.kind,
        person=_writer(row, conversation),
        address=row.from_email,
        to=_receivers(row),
        at=row.sent_at,
        text=_("The content was erased.") if row.message_id == f"erased.{row.pk}" and not row.text else row.text,
        quoted=row.quoted,
        html_url=(pictures.show_url if pictures and pictures.shown else own_url) if row.html else "",
        attachments=files,
        folded=folded,
        snippet=" ".join(row.text.split())[:160],
        disowned=row.authentication == Message.Authentication.FAIL,
        pictures=pictures,
        state=state,
    )


def _writer(row: Message, conversation: Conversation) -> Person:
    """Who wrote it: the member, where it was written here; else whoever the mail says it is from."""
    if row.writer is not None:
        return face(row.writer.user.display_name, row.writer_id or 0, colleague=True)
    ours = row.kind == Message.Kind.SENT
    name = shown(row.from_name) or row.from_email or (_("The shop") if ours else _("Erased contact"))
    return face(name, sum(map(ord, row.from_email)) if ours else conversation.contact_id, colleague=ours)


def _receivers(row: Message) -> str:
    """To whom, and who got a copy: a hidden one is known of what was written here."""
    said = [", ".join(shown(name) or address for name, address in people) for people in (row.to, row.cc, row.bcc)]
    words = (said[0], _("copy to %(people)s"), _("hidden copy to %(people)s"))
    return "; ".join(
        [words[0], *(word % {"people": who} for word, who in zip(words[1:], said[1:], strict=True) if who)]
    )


def _no_stores(*, may_connect: bool) -> str:
    if may_connect:
        return _("Connect a Shopify store to see here who wrote, and what they ordered.")
    return _("No Shopify store is connected yet. An owner of this workspace can connect one under Settings → General.")
