"""The inbox's pages, built from rows: page objects of `cards.py`. Reads only what this workspace may see."""

from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox import composer
from inbox.cards import AttachmentChip, ConversationRow, InboxPage, ListPane, MessageCard, Person, Thread, ViewTab
from inbox.chips import topic_bar
from inbox.models import Attachment, Contact, Conversation, Message
from inbox.persons import person_of
from integrations.shopify import interface
from integrations.shopify.sections import Section
from tenants.access import Visit
from tenants.names import shown
from tenants.roles import Permission
from versana import keyset

PAGE = 40
COUNT_LIMIT = 999
NEWEST_OPEN = 3  # messages of a long thread that are not folded
VIEWS = {"needs-reply": True, "replied": False, "all": None}


def inbox_page(visit: Visit, *, view: str, after: str = "", conversation: Conversation | None = None) -> InboxPage:
    """The list, and beside it the thread when there is one."""
    pane = list_pane(visit, view=view, after=after, selected=conversation.number if conversation else 0)
    return InboxPage(list=pane, thread=thread(visit, conversation, view=view) if conversation else None)


def thread_page(visit: Visit, *, view: str, conversation: Conversation) -> InboxPage:
    """The thread alone, for a list that is already there."""
    return InboxPage(list=None, thread=thread(visit, conversation, view=view))


def list_pane(visit: Visit, *, view: str, after: str, selected: int = 0) -> ListPane:
    """One keyset page of a view, newest activity first. Raises ValueError for a cursor that is none of ours."""
    base = reverse("inbox:list", kwargs={"workspace": visit.workspace.slug})
    rows = list(keyset.after(_of_view(view), after, by="last_message_at")[: PAGE + 1])
    more = len(rows) > PAGE
    query = (
        urlencode({"view": view, "after": keyset.position_of(rows[PAGE - 1].last_message_at, rows[PAGE - 1].pk)})
        if more
        else ""
    )
    title, text = map(str, _EMPTY[view])
    return ListPane(
        tabs=tuple(_tab(name, base, selected=name == view) for name in VIEWS) if not after else (),
        rows=tuple(_row(row, visit.workspace.slug, view, selected=row.number == selected) for row in rows[:PAGE]),
        next_url=f"{base}?{query}" if more else "",
        empty_title=title,
        empty_text=text,
    )


def thread(visit: Visit, conversation: Conversation, *, view: str) -> Thread:
    """A conversation with its messages, and a section for each connected store."""
    slug = visit.workspace.slug
    contact = conversation.contact
    addresses = list(contact.addresses.order_by("pk").values_list("email", "email_norm"))
    who = person_of(number=conversation.number)
    seen = interface.news(person=who).state  # before the sections: see there
    stores = interface.sections(
        person=who,
        addresses=sections_of(visit, conversation.number, who),
        viewer=viewer(visit),
    )
    may_connect = visit.may(Permission.CONNECT_STORES)
    return Thread(
        number=conversation.number,
        url=_thread_url(slug, conversation.number, view),
        back_url=f"{reverse('inbox:list', kwargs={'workspace': slug})}?{urlencode({'view': view})}",
        subject=_subject(conversation),
        person=_face(_("Erased contact"), contact.pk) if conversation.erased_at else person(contact),
        address=addresses[0][0] if addresses else "",
        more_addresses=max(len(addresses) - 1, 0),
        conversations=contact.conversations.count(),
        messages=_messages(conversation, slug),
        sections=stores,
        news_url=reverse("inbox:news", kwargs={"workspace": slug, "number": conversation.number}) if stores else "",
        seen=seen,
        no_stores_text="" if stores else _no_stores(may_connect=may_connect),
        connect_url=reverse("tenants:general", kwargs={"workspace": slug}) if may_connect and not stores else "",
        topics=None if conversation.erased_at else topic_bar(visit, conversation, view=view),
        reply=composer.box(visit, conversation, view=view),
    )


def _subject(conversation: Conversation) -> str:
    if conversation.erased_at:
        return _("Erased conversation")
    return conversation.subject or _("(no subject)")


def sections_of(visit: Visit, number: int, person: interface.Person) -> interface.Addresses:
    """Where the sections beside a conversation answer. What may be undone or replaced is named as it was seen."""
    slug = visit.workspace.slug

    def seen(store: int, verb: str) -> str:
        link = person.links.get(store)
        return f"{_section_url(slug, number, store)}{verb}/" + (f"?seen={link.customer_id}" if link else "")

    reads = interface.Addresses(
        section=lambda store: _section_url(slug, number, store),
        order=lambda store, order: f"{_section_url(slug, number, store)}orders/{order}/",
    )
    if not visit.may(Permission.WORK_INBOX):
        return reads
    return replace(
        reads,
        link=lambda store: seen(store, "link"),
        unlink=lambda store: seen(store, "unlink"),
        search=lambda store: f"{_section_url(slug, number, store)}search/",
        confirm=lambda store, order: f"{_section_url(slug, number, store)}orders/{order}/confirm/",
        withdraw=lambda store, order: f"{_section_url(slug, number, store)}orders/{order}/withdraw/",
        rule_out=lambda store, order: f"{_section_url(slug, number, store)}orders/{order}/not-theirs/",
        reconsider=lambda store, order: f"{_section_url(slug, number, store)}orders/{order}/reconsider/",
        none_of=lambda store: f"{_section_url(slug, number, store)}none/",
        any_of=lambda store: f"{_section_url(slug, number, store)}reconsider/",
    )


@lru_cache(maxsize=1024)
def _section_url(slug: str, number: int, store: int) -> str:
    """What the addresses of a section begin with: it has fifty orders, and reversing an address is slow."""
    return reverse("inbox:section", kwargs={"workspace": slug, "number": number, "store": store})


def searching(section: Section) -> Section:
    """With its search open, and so again when it is brought up to date: a quiet line has no room for one."""
    url, poll, refresh = (
        f"{each}{'&' if '?' in each else '?'}find=1" for each in (section.url, section.poll_url, section.refresh_url)
    )
    return replace(section, searching=True, url=url, poll_url=poll, refresh_url=refresh)


def viewer(visit: Visit) -> interface.Viewer:
    return interface.Viewer(workspace=visit.workspace.slug, may_connect=visit.may(Permission.CONNECT_STORES))


def person(contact: Contact) -> Person:
    """A contact's face: the letters of the name, or of the address."""
    name = shown(contact.name)
    first = contact.addresses.all()[:1] if not name else ()
    return _face(name or (first[0].email if first else _("Unknown")), contact.pk)


def _face(name: str, key: int, *, colleague: bool = False) -> Person:
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    letters = (words[0][0] + (words[1][0] if len(words) > 1 else words[0][1:2])) if words else "?"
    return Person(name=name, initials=letters.upper(), hue=key % 6, colleague=colleague)


_EMPTY = {
    "needs-reply": (gettext_lazy("Nothing waits for a reply"), gettext_lazy("New mail from contacts appears here.")),
    "replied": (
        gettext_lazy("No answered conversations yet"),
        gettext_lazy("Conversations whose last word is yours appear here."),
    ),
    "all": (
        gettext_lazy("No conversations yet"),
        gettext_lazy("They appear here as soon as mail has been imported."),
    ),
}
_NAMES = {"needs-reply": gettext_lazy("Needs reply"), "replied": gettext_lazy("Replied"), "all": gettext_lazy("All")}


def _of_view(view: str) -> QuerySet[Conversation]:
    rows = Conversation.objects.select_related("contact")
    wanted = VIEWS[view]
    return rows if wanted is None else rows.filter(needs_reply=wanted)


def _tab(view: str, base: str, *, selected: bool) -> ViewTab:
    # Counting stops at the limit: a count that is shown must not cost more the larger the workspace is.
    wanted = VIEWS[view]
    rows = Conversation.objects.all() if wanted is None else Conversation.objects.filter(needs_reply=wanted)
    count = rows.values("pk")[: COUNT_LIMIT + 1].count()
    return ViewTab(
        str(_NAMES[view]), f"{base}?{urlencode({'view': view})}", min(count, COUNT_LIMIT), count > COUNT_LIMIT, selected
    )


def _row(row: Conversation, slug: str, view: str, *, selected: bool) -> ConversationRow:
    return ConversationRow(
        number=row.number,
        url=_thread_url(slug, row.number, view),
        person=_face(
            shown(row.contact.name) or row.subject or (_("Erased contact") if row.erased_at else "?"), row.contact_id
        ),
        subject=_subject(row),
        snippet=row.snippet,
        last_at=row.last_message_at,
        needs_reply=row.needs_reply,
        selected=selected,
    )


def _thread_url(slug: str, number: int, view: str) -> str:
    url = reverse("inbox:thread", kwargs={"workspace": slug, "number": number})
    return url if view == "needs-reply" else f"{url}?{urlencode({'view': view})}"


def _messages(conversation: Conversation, slug: str) -> tuple[MessageCard, ...]:
    rows = list(conversation.messages.order_by("sent_at", "pk"))
    files: dict[int, list[tuple[str, int]]] = {}
    for message_id, name, size in (
        Attachment.objects.filter(message__in=rows).order_by("pk").values_list("message_id", "name", "size")
    ):
        files.setdefault(message_id, []).append((name, size))
    last = len(rows) - NEWEST_OPEN
    return tuple(
        _message(
            row,
            conversation,
            slug,
            files.get(row.pk, []),
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
        person=_face(
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
