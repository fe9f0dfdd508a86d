"""What members change of a contact by hand: name, note, addresses, whether they are blocked, whether their pictures load.

The record names what was changed and never to what: nobody can erase it, and all of this is about a person.
"""

from django.db import transaction
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox import indexing
from inbox.contacts import ErasedContact, is_erased
from inbox.email.people import normalised
from inbox.models import Contact, ContactAddress, Message
from tenants import audit
from tenants.addresses import AddressError, normalise
from tenants.audit import Action
from tenants.models import Membership, Tenant
from tenants.names import shown
from tenants.rls.context import current_tenant_id

NAME_LIMIT, NOTE_LIMIT, MOST_ADDRESSES = 200, 10_000, 50


class NotChanged(ValueError):
    """Why nothing was changed, for whoever tried. `other`: the contact who has the address, by number."""

    def __init__(self, sentence: str | Promise, *, other: int = 0) -> None:
        super().__init__("Nothing was changed.")
        self.sentence, self.other = sentence, other


@transaction.atomic
def describe(*, contact: Contact, name: str, note: str, by: Membership) -> None:
    """Keep this name and this note. Nothing to do where they are the same. Raises NotChanged and contacts.ErasedContact."""
    row = _locked(contact)
    kept = {"name": shown(name), "note": note.strip()}
    if len(kept["name"]) > NAME_LIMIT or len(kept["note"]) > NOTE_LIMIT:
        raise NotChanged(_("This is too long."))
    changed = [field for field, value in kept.items() if getattr(row, field) != value]
    if changed:
        Contact.objects.filter(pk=row.pk).update(**{field: kept[field] for field in changed})
        indexing.contact(contact_id=row.pk)
        _record(row, by, changed)


@transaction.atomic
def add_address(*, contact: Contact, email: str, by: Membership) -> None:
    """They are known by this address too. Raises NotChanged (`other` has it) and contacts.ErasedContact."""
    email_norm = _normal(email)
    _wait_for_mail()
    row = _locked(contact)
    if email_norm in Tenant.objects.values_list("support_addresses", flat=True).get(pk=current_tenant_id()):
        raise NotChanged(_("This is an address of the shop."))
    known = ContactAddress.objects.select_related("contact").filter(email_norm=email_norm).first()
    if known is not None and known.contact_id != row.pk:
        raise NotChanged(_("Another contact has this address. Merge the two if they are one person."), other=known.contact.number)  # fmt: skip
    if known is not None:
        return
    if row.addresses.count() >= MOST_ADDRESSES:
        raise NotChanged(_("This contact has too many addresses."))
    ContactAddress.objects.create(contact=row, email=email.strip(), email_norm=email_norm)
    indexing.contact(contact_id=row.pk)
    _record(row, by, ["address added"])


@transaction.atomic
def remove_address(*, contact: Contact, email_norm: str, by: Membership) -> None:
    """They are not known by this address, from which no mail came. Raises NotChanged and contacts.ErasedContact."""
    _wait_for_mail()
    row = _locked(contact)
    address = row.addresses.filter(email_norm=email_norm).first()
    if address is None:
        return
    if row.addresses.count() < 2:
        raise NotChanged(_("A contact needs an address."))
    if email_norm in wrote_from(row):
        raise NotChanged(_("Mail came from this address, so it stays."))
    address.delete()
    indexing.contact(contact_id=row.pk)
    _record(row, by, ["address removed"])


@transaction.atomic
def write_to(*, contact: Contact, email_norm: str, by: Membership) -> None:
    """New answers to them go to this address of theirs. Raises NotChanged and contacts.ErasedContact."""
    row = _locked(contact)
    address = row.addresses.filter(email_norm=email_norm).first()
    if address is None:
        raise NotChanged(_("This address is not the contact’s any more."))
    if not address.is_main:
        row.addresses.filter(is_main=True).update(is_main=False)
        row.addresses.filter(pk=address.pk).update(is_main=True)
        _record(row, by, ["address written to"])


@transaction.atomic
def block(*, contact: Contact, by: Membership) -> None:
    """What they write from now on goes to spam. The first to say so is who said it."""
    row = _locked(contact)
    if row.blocked_at is None:
        Contact.objects.filter(pk=row.pk).update(blocked_at=Now())
        audit.record(Action.CONTACT_BLOCKED, by=by, target=f"contact {row.number}")


@transaction.atomic
def unblock(*, contact: Contact, by: Membership) -> None:
    """What they write from now on is mail again. What is in spam stays there until somebody takes it out."""
    row = _locked(contact)
    if row.blocked_at is not None:
        Contact.objects.filter(pk=row.pk).update(blocked_at=None)
        audit.record(Action.CONTACT_UNBLOCKED, by=by, target=f"contact {row.number}")


@transaction.atomic
def show_pictures(*, contact: Contact, always: bool, by: Membership) -> None:
    """Whether pictures that their mails fetch from elsewhere are shown without asking."""
    row = _locked(contact)
    if (row.pictures_at is not None) != always:
        Contact.objects.filter(pk=row.pk).update(pictures_at=Now() if always else None)
        _record(row, by, ["pictures from elsewhere"])


def wrote_from(contact: Contact) -> frozenset[str]:
    """The normalised addresses from which mail came into their conversations."""
    mails = Message.objects.filter(conversation__contact=contact, kind=Message.Kind.RECEIVED)
    return normalised(mails.order_by().values_list("from_email", flat=True).distinct())


def _record(contact: Contact, by: Membership, changed: list[str]) -> None:
    audit.record(Action.CONTACT_CHANGED, by=by, target=f"contact {contact.number}", changed=changed)


def _locked(contact: Contact) -> Contact:
    row = Contact.objects.select_for_update().filter(pk=contact.pk).first()
    if row is None or is_erased(row):
        raise ErasedContact
    return row


def _wait_for_mail() -> None:
    """A mail from the address, arriving now, finds its contact before or after: the lock of a mail (email/inbound.py)."""
    Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=current_tenant_id())


def _normal(email: str) -> str:
    try:
        return normalise(email)
    except AddressError as why:
        raise NotChanged(_("This is not an e-mail address.")) from why
