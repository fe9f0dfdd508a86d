"""The list of contacts, by whoever wrote last or by name, in keyset pages; and the search in it.

A search is for an address or for the beginning of an address, a name, or a number. "Begins with" is a range of a column that
is compared byte by byte: behind the wall an index answers that, and does not answer LIKE.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Q
from django.db.models.functions import Collate
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from inbox.cards import Person
from inbox.faces import face
from inbox.models import Contact, ContactAddress, Conversation
from tenants.access import Visit
from tenants.names import shown
from versana import keyset

PAGE, FOUND = 40, 50
ORDERS = ("activity", "name")
LAST = "\U0010ffff"  # nothing that begins with some text comes after that text and this


@dataclass(frozen=True, slots=True)
class ContactRow:
    number: int
    url: str
    person: Person
    address: str
    more_addresses: int
    conversations: int
    last_at: datetime | None
    blocked: bool


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    url: str
    selected: bool


@dataclass(frozen=True, slots=True)
class ContactsPage:
    """`words`: what was searched for, or empty. `cut`: there are more than are shown."""

    url: str
    tabs: tuple[Tab, ...]
    rows: tuple[ContactRow, ...]
    next_url: str
    words: str
    cut: bool = False


def contacts_page(visit: Visit, *, by: str, after: str = "", words: str = "") -> ContactsPage:
    """A page of the list, or what a search finds. Raises ValueError for a position that is none of ours."""
    url = reverse("inbox:contacts", kwargs={"workspace": visit.workspace.slug})
    names = {"activity": _("Newest activity"), "name": _("Name")}
    tabs = tuple(Tab(names[order], f"{url}?{urlencode({'by': order})}", order == by) for order in ORDERS)
    if words:
        ids = found(words, most=FOUND + 1)
        return ContactsPage(url, tabs, rows_of(visit, ids[:FOUND]), "", words, cut=len(ids) > FOUND)
    ids, position = _by_name(after) if by == "name" else _by_activity(after)
    query = urlencode({"by": by, "after": position})
    return ContactsPage(url, tabs, rows_of(visit, ids), f"{url}?{query}" if position else "", "")


def found(words: str, *, most: int) -> list[int]:
    """The ids of contacts with an address, a name or a number that begins with (a number: is) these words, best first."""
    wanted = " ".join(words.split()).lower()[:200]
    if not wanted or "\x00" in wanted:
        return []
    begins = {"key__gte": wanted, "key__lt": wanted + LAST}
    addresses = ContactAddress.objects.annotate(key=Collate("email_norm", "C")).filter(**begins).order_by("key", "pk")
    names = Contact.objects.filter(name_norm__gte=wanted, name_norm__lt=wanted + LAST).order_by("name_norm", "pk")
    digits = wanted.removeprefix("#")
    numbered = (
        Contact.objects.filter(number=int(digits))
        if digits.isdecimal() and len(digits) < 19
        else Contact.objects.none()
    )
    ids = [
        *numbered.values_list("pk", flat=True),
        *addresses.filter(email_norm=wanted).values_list("contact_id", flat=True),
        *names.values_list("pk", flat=True)[:most],
        *addresses.values_list("contact_id", flat=True)[:most],
    ]
    return list(dict.fromkeys(ids))[:most]


def rows_of(visit: Visit, ids: list[int]) -> tuple[ContactRow, ...]:
    """Contacts as rows, in the order of their ids here."""
    contacts = Contact.objects.in_bulk(ids)
    addresses: dict[int, list[str]] = {}
    known = ContactAddress.objects.filter(contact__in=ids).order_by("-is_main", "pk")
    for contact, email in known.values_list("contact_id", "email"):
        addresses.setdefault(contact, []).append(email)
    counted = Conversation.objects.filter(contact__in=ids).order_by().values_list("contact_id")
    talk = {pk: (n, last) for pk, n, last in counted.annotate(Count("pk"), Max("last_message_at"))}
    return tuple(
        _row(visit, contacts[pk], addresses.get(pk, []), *talk.get(pk, (0, None))) for pk in ids if pk in contacts
    )


def _row(visit: Visit, row: Contact, addresses: list[str], conversations: int, last_at: datetime | None) -> ContactRow:
    name = shown(row.name) or (addresses[0] if addresses else _("Erased contact"))
    return ContactRow(
        number=row.number,
        url=reverse("inbox:contact", kwargs={"workspace": visit.workspace.slug, "number": row.number}),
        person=face(name, row.pk),
        address=addresses[0] if addresses else "",
        more_addresses=max(len(addresses) - 1, 0),
        conversations=conversations,
        last_at=last_at,
        blocked=row.blocked_at is not None,
    )


def _by_activity(after: str) -> tuple[list[int], str]:
    """Each contact at the newest of their conversations. Who never had one is found by name."""
    of_them = Conversation.objects.filter(contact=OuterRef("contact"))
    newer = Q(last_message_at__gt=OuterRef("last_message_at")) | Q(
        last_message_at=OuterRef("last_message_at"), pk__gt=OuterRef("pk")
    )
    newest = Conversation.objects.filter(~Exists(of_them.filter(newer))).only("contact_id", "last_message_at")
    rows = list(keyset.after(newest, after, by="last_message_at")[: PAGE + 1])
    position = keyset.position_of(rows[PAGE - 1].last_message_at, rows[PAGE - 1].pk) if len(rows) > PAGE else ""
    return [row.contact_id for row in rows[:PAGE]], position


def _by_name(after: str) -> tuple[list[int], str]:
    """Those with a name, then those without. The position is a contact's number: a name does not stand in an address."""
    begin = _beginning(after)
    named = Contact.objects.exclude(name_norm="").order_by("name_norm", "pk")
    nameless = Contact.objects.filter(name_norm="").order_by("pk")
    if begin and begin.name_norm:
        further = Q(name_norm__gt=begin.name_norm) | Q(name_norm=begin.name_norm, pk__gt=begin.pk)
        named = named.filter(further, name_norm__gte=begin.name_norm)
    elif begin:
        named, nameless = named.none(), nameless.filter(pk__gt=begin.pk)
    rows = list(named.only("number")[: PAGE + 1])
    rows += nameless.only("number")[: PAGE + 1 - len(rows)]
    position = str(rows[PAGE - 1].number) if len(rows) > PAGE else ""
    return [row.pk for row in rows[:PAGE]], position


def _beginning(after: str) -> Contact | None:
    if not after:
        return None
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise ValueError("not a position in this list")
    row = next(iter(Contact.objects.filter(number=int(after))), None)
    if row is None:
        raise ValueError("not a position in this list")
    return row
