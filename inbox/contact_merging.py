"""Two contacts who are one person: everything of the one moves to the other. Where members said different things of the two,
whoever merges them says which holds; nothing is guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from inbox import indexing
from inbox.contact_changes import NOTE_LIMIT
from inbox.contacts import ErasedContact, is_erased
from inbox.models import Contact, ContactAddress, Conversation, CustomerLink, MovedContact, OrderConfirmation, RuledOut
from tenants import audit
from tenants.audit import Action
from tenants.models import Membership, Tenant
from tenants.rls.context import current_tenant_id

OURS, THEIRS, NEITHER = "ours", "theirs", "neither"


class SamePerson(ValueError):
    """A contact cannot be merged with itself."""


class Undecided(ValueError):
    """Members said different things of the two, and whoever merges them has not said which holds."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """What members said differently. `kind`: "link" (other customers of one store), "customer" (linked, and ruled out),
    "order" (confirmed, and ruled out), "block". `ours` and `theirs`: Shopify's numbers, or words of the code."""

    kind: str
    store_number: int
    ours: str
    theirs: str

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.store_number}-{self.ours}-{self.theirs}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would move, as numbers, and what must be decided first."""

    addresses: int
    conversations: int
    links: int
    confirmations: int
    ruled_out: int
    conflicts: tuple[Conflict, ...]


def preview(*, into: Contact, other: Contact) -> Preview:
    """What merging `other` into `into` would do."""
    return Preview(
        addresses=ContactAddress.objects.filter(contact=other).count(),
        conversations=Conversation.objects.filter(contact=other).count(),
        links=CustomerLink.objects.filter(contact=other).count(),
        confirmations=OrderConfirmation.objects.filter(contact=other).count(),
        ruled_out=RuledOut.objects.filter(contact=other).count(),
        conflicts=tuple(_conflicts(into, other)),
    )


@transaction.atomic
def merge(*, into: Contact, other: Contact, decided: Mapping[str, str], by: Membership) -> Contact:
    """Make `other` a part of `into`; its number leads there from now on. `decided`: for each conflict's key OURS (of `into`),
    THEIRS or NEITHER. Raises SamePerson, Undecided and contacts.ErasedContact."""
    # No mail meanwhile: it would open a conversation with the contact who goes.
    Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=current_tenant_id())
    ours, theirs = _locked(into, other)
    moved = preview(into=ours, other=theirs)
    for conflict in moved.conflicts:
        if decided.get(conflict.key) not in (OURS, THEIRS, NEITHER):
            raise Undecided
    for conflict in moved.conflicts:
        _decide(conflict, decided[conflict.key], ours, theirs)
    _move(ours, theirs)
    _describe(ours, theirs)
    MovedContact.objects.filter(into=theirs).update(into=ours)
    MovedContact.objects.create(number=theirs.number, into=ours)
    theirs.delete()
    indexing.contact(contact_id=ours.pk)
    audit.record(
        Action.CONTACTS_MERGED, by=by, target=f"contact {ours.number}", merged=theirs.number, addresses=moved.addresses,
        conversations=moved.conversations, links=moved.links, confirmations=moved.confirmations, ruled_out=moved.ruled_out,
    )  # fmt: skip
    return ours


def _locked(into: Contact, other: Contact) -> tuple[Contact, Contact]:
    if into.pk == other.pk:
        raise SamePerson
    found = {
        row.pk: row for row in Contact.objects.select_for_update().filter(pk__in=[into.pk, other.pk]).order_by("pk")
    }
    if len(found) < 2 or any(is_erased(row) for row in found.values()):
        raise ErasedContact
    return found[into.pk], found[other.pk]


def _conflicts(into: Contact, other: Contact) -> list[Conflict]:
    def said(model: Any, *fields: str, **only: str) -> list[set[tuple[int, str]]]:
        return [set(model.objects.filter(contact=one, **only).values_list(*fields)) for one in (into, other)]

    links = said(CustomerLink, "store_number", "customer_id")
    orders = said(OrderConfirmation, "store_number", "order_id")
    not_customers = said(RuledOut, "store_number", "shopify_id", kind=RuledOut.Kind.CUSTOMER)
    not_orders = said(RuledOut, "store_number", "shopify_id", kind=RuledOut.Kind.ORDER)
    theirs = dict(links[1])
    found = [Conflict("link", s, c, theirs[s]) for s, c in links[0] if theirs.get(s, c) != c]
    for kind, yes, no in (("customer", links, not_customers), ("order", orders, not_orders)):
        found += [Conflict(kind, store, each, "ruled out") for store, each in yes[0] & no[1]]
        found += [Conflict(kind, store, "ruled out", each) for store, each in no[0] & yes[1]]
    if bool(into.blocked_at) != bool(other.blocked_at):
        words = ("blocked", "not blocked")
        found.append(Conflict("block", 0, *(words if into.blocked_at else words[::-1])))
    return sorted(found, key=lambda one: (one.kind, one.store_number, one.ours))


def _decide(conflict: Conflict, choice: str, ours: Contact, theirs: Contact) -> None:
    """Takes away what does not hold."""
    if conflict.kind == "block":
        blocked = {OURS: ours.blocked_at, THEIRS: theirs.blocked_at, NEITHER: None}[choice]
        Contact.objects.filter(pk=ours.pk).update(blocked_at=blocked)
        return
    for contact, word, kept in ((ours, conflict.ours, OURS), (theirs, conflict.theirs, THEIRS)):
        if choice != kept:
            _unsay(conflict, contact, word)


def _unsay(conflict: Conflict, contact: Contact, word: str) -> None:
    named = conflict.theirs if word == "ruled out" and conflict.ours == word else conflict.ours
    store = {"contact": contact, "store_number": conflict.store_number}
    if word == "ruled out":
        RuledOut.objects.filter(**store, kind=conflict.kind, shopify_id=named).delete()
    elif conflict.kind == "order":
        OrderConfirmation.objects.filter(**store, order_id=word).delete()
    else:
        CustomerLink.objects.filter(**store, customer_id=word).delete()


def _move(ours: Contact, theirs: Contact) -> None:
    ContactAddress.objects.filter(contact=theirs, is_main=True).update(is_main=False)
    ContactAddress.objects.filter(contact=theirs).update(contact=ours)
    Conversation.objects.filter(contact=theirs).update(contact=ours)
    for model, same in (
        (CustomerLink, ("store_number",)),
        (OrderConfirmation, ("store_number", "order_id")),
        (RuledOut, ("store_number", "kind", "shopify_id")),
    ):
        known = set(model.objects.filter(contact=ours).values_list(*same))
        for row in model.objects.filter(contact=theirs).order_by("pk"):
            if tuple(getattr(row, field) for field in same) in known:
                row.delete()  # both said the same: the first is who said it
            else:
                model.objects.filter(pk=row.pk).update(contact=ours)


def _describe(ours: Contact, theirs: Contact) -> None:
    notes = [note for note in (ours.note, theirs.note) if note.strip()]
    Contact.objects.filter(pk=ours.pk).update(
        name=ours.name or theirs.name, note="\n\n".join(dict.fromkeys(notes))[: 2 * NOTE_LIMIT + 2]
    )
