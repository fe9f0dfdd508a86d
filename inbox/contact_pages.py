"""The page of a contact, and the one on which two become one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from inbox import contact_merging
from inbox.beside import sections_of, viewer
from inbox.cards import Person
from inbox.contact_changes import NAME_LIMIT, NOTE_LIMIT, wrote_from
from inbox.contact_listing import ContactRow, rows_of
from inbox.contact_merging import NEITHER, OURS, THEIRS, Conflict
from inbox.contacts import addresses_of, is_erased
from inbox.faces import face, person
from inbox.listing import subject_of, thread_url
from inbox.models import Contact, ContactAddress, Conversation
from inbox.persons import person_of
from integrations.shopify import interface
from integrations.shopify.sections import Section
from tenants.access import Visit
from tenants.roles import Permission
from versana import keyset

PAGE = 40


@dataclass(frozen=True, slots=True)
class AddressLine:
    """`removable`: no mail came from it, and it is not the only one."""

    email: str
    email_norm: str
    written_to: bool
    removable: bool


@dataclass(frozen=True, slots=True)
class Talk:
    url: str
    number: int
    subject: str
    snippet: str
    last_at: datetime
    state: str  # "Open"; empty for an erased one


@dataclass(frozen=True, slots=True)
class ContactUrls:
    """Where what is said of a contact is sent; all empty for whoever may not, `erase` for all but owners."""

    describe: str = ""
    address: str = ""
    block: str = ""
    pictures: str = ""
    merge: str = ""
    erase: str = ""


@dataclass(frozen=True, slots=True)
class ContactPage:
    """`newest`: the conversation beside which the stores' sections are, or 0. `error` is said of the field `of`."""

    number: int
    person: Person
    name: str
    note: str
    addresses: tuple[AddressLine, ...]
    address: str  # the one that is written to, or empty
    blocked_at: datetime | None
    pictures: bool
    erased: bool
    urls: ContactUrls
    list_url: str
    talks: tuple[Talk, ...]
    count: int
    older_url: str
    newest: int
    sections: tuple[Section, ...]
    error: str | Promise = ""
    of: str = ""
    entered: str = ""
    other_url: str = ""  # the contact who has the address that was entered
    name_limit: int = NAME_LIMIT
    note_limit: int = NOTE_LIMIT


@dataclass(frozen=True, slots=True)
class Question:
    """What members said differently of two contacts, with its answers as (value, words, whether it was chosen)."""

    key: str
    text: str
    answers: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class MergeContactsPage:
    url: str
    back_url: str
    into: ContactRow
    entered: str = ""
    found: tuple[ContactRow, ...] = ()
    other: ContactRow | None = None
    moves: tuple[tuple[str, int], ...] = ()
    questions: tuple[Question, ...] = ()
    error: str | Promise = ""


def contact_page(
    visit: Visit,
    contact: Contact,
    *,
    after: str = "",
    error: str | Promise = "",
    of: str = "",
    entered: str = "",
    other: int = 0,
) -> ContactPage:
    """A contact with everything that is theirs. Raises ValueError for a position that is none of ours."""
    erased, addresses = is_erased(contact), addresses_of(contact)
    talks, older = _talks(visit, contact, after)
    living = Conversation.objects.filter(contact=contact, erased_at=None).order_by("-last_message_at", "-pk")
    newest = next(iter(living.values_list("number", flat=True)[:1]), 0)
    url = _url(visit, "contact", contact)
    return ContactPage(
        number=contact.number,
        person=face(_("Erased contact"), contact.pk) if erased else person(contact),
        name=contact.name,
        note=contact.note,
        addresses=_addresses(contact),
        address=addresses[0] if addresses else "",
        blocked_at=contact.blocked_at,
        pictures=contact.pictures_at is not None,
        erased=erased,
        urls=_urls(visit, contact, has_address=bool(addresses)) if not erased else ContactUrls(),
        list_url=reverse("inbox:contacts", kwargs={"workspace": visit.workspace.slug}),
        talks=talks,
        count=Conversation.objects.filter(contact=contact).count(),
        older_url=f"{url}?{urlencode({'after': older})}" if older else "",
        newest=newest,
        sections=_sections(visit, newest) if newest else (),
        error=error,
        of=of,
        entered=entered,
        other_url=_url_of(visit, "contact", other) if other else "",
    )


def merge_page(
    visit: Visit,
    into: Contact,
    *,
    entered: str = "",
    found: list[int] | None = None,
    other: Contact | None = None,
    decided: Mapping[str, str] | None = None,
    error: str | Promise = "",
) -> MergeContactsPage:
    """Choose the other one, then see what would move and decide what members said differently."""
    (row,) = rows_of(visit, [into.pk])
    url, back_url = _url(visit, "contact_merge", into), _url(visit, "contact", into)
    if other is None:
        choices = rows_of(visit, [pk for pk in found or [] if pk != into.pk])
        return MergeContactsPage(url, back_url, into=row, entered=entered, found=choices, error=error)
    moved = contact_merging.preview(into=into, other=other)
    (theirs,) = rows_of(visit, [other.pk])
    return MergeContactsPage(
        url,
        back_url,
        into=row,
        other=theirs,
        moves=(
            (_("Addresses"), moved.addresses),
            (_("Conversations"), moved.conversations),
            (_("Links with customers"), moved.links),
            (_("Confirmed orders"), moved.confirmations),
            (_("Customers and orders ruled out"), moved.ruled_out),
        ),
        questions=tuple(_question(one, row, theirs, decided or {}) for one in moved.conflicts),
        error=error,
    )


def _question(conflict: Conflict, ours: ContactRow, theirs: ContactRow, decided: Mapping[str, str]) -> Question:
    said = {
        "link": _("In store %(store)d the two are linked with different customers. Which link holds?"),
        "customer": _("In store %(store)d one is linked with a customer who is ruled out for the other. What holds?"),
        "order": _("In store %(store)d an order is confirmed for one and ruled out for the other. What holds?"),
        "block": _("One of the two is blocked. What holds?"),
    }
    neither = _("Not blocked") if conflict.kind == "block" else _("Neither: both are taken away")
    words = (
        (OURS, f"{ours.person.name} (#{ours.number}): {_word(conflict.ours)}"),
        (THEIRS, f"{theirs.person.name} (#{theirs.number}): {_word(conflict.theirs)}"),
        *(() if conflict.kind == "block" else ((NEITHER, neither),)),
    )
    text = said[conflict.kind] % {"store": conflict.store_number}
    return Question(conflict.key, text, tuple((v, w, decided.get(conflict.key) == v) for v, w in words))


def _word(value: str) -> str:
    words = {"blocked": _("blocked"), "not blocked": _("not blocked"), "ruled out": _("ruled out")}
    return words.get(value, _("number %(number)s in Shopify") % {"number": value})


def _talks(visit: Visit, contact: Contact, after: str) -> tuple[tuple[Talk, ...], str]:
    rows = list(keyset.after(Conversation.objects.filter(contact=contact), after, by="last_message_at")[: PAGE + 1])
    older = keyset.position_of(rows[PAGE - 1].last_message_at, rows[PAGE - 1].pk) if len(rows) > PAGE else ""
    talks = tuple(
        Talk(
            url=thread_url(visit.workspace.slug, row.number, "all"),
            number=row.number,
            subject=subject_of(row),
            snippet=row.snippet,
            last_at=row.last_message_at,
            state="" if row.erased_at else str(Conversation.State(row.state).label),
        )
        for row in rows[:PAGE]
    )
    return talks, older


def _addresses(contact: Contact) -> tuple[AddressLine, ...]:
    rows = list(ContactAddress.objects.filter(contact=contact).order_by("-is_main", "pk"))
    used = wrote_from(contact) if len(rows) > 1 else frozenset()
    return tuple(
        AddressLine(row.email, row.email_norm, place == 0, len(rows) > 1 and row.email_norm not in used)
        for place, row in enumerate(rows)
    )


def _sections(visit: Visit, newest: int) -> tuple[Section, ...]:
    who = person_of(number=newest)
    return interface.sections(person=who, addresses=sections_of(visit, newest, who), viewer=viewer(visit))


def _urls(visit: Visit, contact: Contact, *, has_address: bool) -> ContactUrls:
    if not visit.may(Permission.WORK_INBOX):
        return ContactUrls()
    may_erase = has_address and visit.may(Permission.ANSWER_FOR_DATA)
    return ContactUrls(
        describe=_url(visit, "contact_describe", contact),
        address=_url(visit, "contact_address", contact),
        block=_url(visit, "contact_block", contact),
        pictures=_url(visit, "contact_pictures", contact),
        merge=_url(visit, "contact_merge", contact),
        erase=reverse("shopify:privacy-erase", kwargs={"workspace": visit.workspace.slug}) if may_erase else "",
    )


def _url(visit: Visit, name: str, contact: Contact) -> str:
    return _url_of(visit, name, contact.number)


def _url_of(visit: Visit, name: str, number: int) -> str:
    return reverse(f"inbox:{name}", kwargs={"workspace": visit.workspace.slug, "number": number})
