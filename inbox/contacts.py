"""Who writes to the shop: contacts, each known by any number of addresses."""

from collections.abc import Collection

from inbox import indexing
from inbox.models import Contact, ContactAddress, Conversation
from tenants.addresses import normalise
from tenants.numbering import next_number


class ErasedContact(Exception):
    """The contact was erased: nothing more is kept about them."""


def contact_of(*, name: str, address: str) -> Contact:
    """The contact with this address, made when there is none. A contact without a name takes the one given.

    Raises AddressError for what is no address.
    """
    email_norm = normalise(address)
    known = ContactAddress.objects.select_related("contact").filter(email_norm=email_norm).first()
    if known is None:
        contact = Contact.objects.create(number=next_number("contact"), name=name)
        ContactAddress.objects.create(contact=contact, email=address, email_norm=email_norm)
        return contact
    if name and not known.contact.name:
        known.contact.name = name
        known.contact.save(update_fields=["name"])
        indexing.contact(contact_id=known.contact_id)
    return known.contact


def contact_ids(*, email_norms: Collection[str]) -> dict[str, int]:
    """The known ones among normalised addresses, with the id of the contact that each belongs to."""
    found = ContactAddress.objects.filter(email_norm__in=email_norms).values_list("email_norm", "contact_id")
    return dict(found)


def locked(conversation: Conversation) -> Contact:
    """The contact, for whoever is about to say something about them: others wait, an erasure too. Raises ErasedContact."""
    contact = Contact.objects.select_for_update().filter(pk=conversation.contact_id).first()  # gone: merged meanwhile
    if contact and Conversation.objects.filter(pk=conversation.pk, erased_at=None).exists():
        return contact
    raise ErasedContact


def numbered(number: int) -> Contact:
    """The contact with this number, or into which it was merged. Raises Contact.DoesNotExist."""
    try:
        return Contact.objects.get(number=number)
    except Contact.DoesNotExist:
        return Contact.objects.get(former_numbers__number=number)


def addresses_of(contact: Contact) -> list[str]:
    """As typed; the one that is written to first."""
    return list(contact.addresses.order_by("-is_main", "pk").values_list("email", flat=True))


def is_erased(contact: Contact) -> bool:
    """Whether nothing of them is left but the shells of conversations."""
    if contact.name or contact.addresses.exists():
        return False
    return Conversation.objects.filter(contact=contact).exclude(erased_at=None).exists()
