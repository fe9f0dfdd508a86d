"""Faces: a contact or a colleague as a few letters on a ground."""

from django.utils.translation import gettext as _

from inbox.cards import Person
from inbox.models import Contact
from tenants.names import shown


def person(contact: Contact) -> Person:
    """A contact's face: the letters of the name, or of the address."""
    name = shown(contact.name)
    first = contact.addresses.all()[:1] if not name else ()
    return face(name or (first[0].email if first else _("Unknown")), contact.pk)


def face(name: str, key: int, *, colleague: bool = False) -> Person:
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    letters = (words[0][0] + (words[1][0] if len(words) > 1 else words[0][1:2])) if words else "?"
    return Person(name=name, initials=letters.upper(), hue=key % 6, colleague=colleague)
