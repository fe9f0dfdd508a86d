"""The files of messages as a thread shows them: a line each, with what can be looked at here; and pictures in a mail's HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from inbox import file_kinds, file_links
from inbox.cards import AttachmentChip, PicturesBar
from inbox.email.html import fetches_pictures
from inbox.email.people import normalised
from inbox.listing import thread_url
from inbox.models import Attachment, Contact, Message
from tenants.access import Visit
from tenants.roles import Permission


@dataclass(frozen=True, slots=True)
class ExpiredPage:
    name: str
    size: str
    url: str
    back_url: str


def expired_page(visit: Visit, row: Attachment, *, number: int, url: str) -> ExpiredPage:
    return ExpiredPage(row.name, size(row.size), url, thread_url(visit.workspace.slug, number, "all"))


def chips(visit: Visit, files: Sequence[Mapping[str, Any]], *, number: int) -> tuple[AttachmentChip, ...]:
    """Files of a message, of which `pk`, `name`, `size` and `content_type` were read."""
    return tuple(_chip(visit, file, number=number) for file in files)


def _chip(visit: Visit, file: Mapping[str, Any], *, number: int) -> AttachmentChip:
    shown = file["content_type"] in file_kinds.PICTURES and file["size"] <= file_kinds.SHOWN_LIMIT
    return AttachmentChip(
        name=file["name"],
        size=size(file["size"]),
        url=file_links.url_of(visit, number=number, attachment_id=file["pk"]),
        preview_url=file_links.url_of(visit, number=number, attachment_id=file["pk"], shown=True) if shown else "",
        warning=_("Can run programs when it is opened") if file_kinds.may_run(file["name"]) else "",
    )


def inline(visit: Visit, message: Message, *, number: int) -> dict[str, str]:
    """The pictures that came with a message for its HTML, by Content-ID: where each is shown."""
    rows = Attachment.objects.filter(message=message, size__lte=file_kinds.SHOWN_LIMIT).exclude(content_id="")
    return {
        content_id: file_links.url_of(visit, number=number, attachment_id=pk, shown=True)
        for pk, content_id in rows.order_by("-pk").values_list("pk", "content_id")
    }


def html_url(visit: Visit, message: Message, *, number: int, position: int, pictures: bool = False) -> str:
    """Where a mail's HTML is. `pictures`: with those that it has its reader fetch."""
    here = {"workspace": visit.workspace.slug, "number": number, "position": position}
    asked = f"&pictures={file_links.asked_for_pictures(visit, message.pk)}" if pictures else ""
    return f"{reverse('inbox:message_html', kwargs=here)}?is={file_links.mark_of(message.pk)}{asked}"


def pictures_bar(
    visit: Visit, message: Message, contact: Contact, addresses: frozenset[str], *, number: int, position: int
) -> PicturesBar | None:
    """Whether a mail's pictures from elsewhere are shown, and what changes that. None for a mail without any."""
    if not fetches_pictures(message.html):
        return None
    theirs = are_theirs(message, addresses)
    may = theirs and visit.may(Permission.WORK_INBOX)
    return PicturesBar(
        shown=theirs and contact.pictures_at is not None,
        show_url=html_url(visit, message, number=number, position=position, pictures=True),
        always_url=reverse(
            "inbox:contact_pictures", kwargs={"workspace": visit.workspace.slug, "number": contact.number}
        )
        if may
        else "",
        back_url=thread_url(visit.workspace.slug, number, "all"),
    )


def are_theirs(message: Message, addresses: frozenset[str]) -> bool:
    """Whether the contact wrote it, as far as anybody can tell: what is remembered of them is not for who passes for them."""
    return message.authentication != Message.Authentication.FAIL and bool(normalised([message.from_email]) & addresses)


def size(length: int) -> str:
    if length < 1000:
        return f"{length} B"
    return f"{length / 1000:.0f} kB" if length < 1_000_000 else f"{length / 1_000_000:.1f} MB"
