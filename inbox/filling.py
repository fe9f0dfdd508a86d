"""What stands for the places in a saved reply, in one conversation, for one member."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from inbox import placeholders
from inbox.models import Conversation, SavedReply
from inbox.persons import person_of
from inbox.placeholders import Filled, Value
from integrations.shopify import interface
from tenants.models import Membership
from tenants.names import shown


def fill(
    replies: Iterable[SavedReply], *, conversation: Conversation, by: Membership, workspace: str
) -> list[tuple[SavedReply, Filled]]:
    """Each with its text for this conversation, or with why there is none. Orders are looked for where one asks for them."""
    rows = list(replies)
    ordered = any(name.startswith("order.") for row in rows for name in placeholders.places(row.text))
    values = values_of(conversation, by=by, workspace=workspace, with_order=ordered)
    return [(row, placeholders.fill(row.text, values)) for row in rows]


def values_of(conversation: Conversation, *, by: Membership, workspace: str, with_order: bool) -> Mapping[str, Value]:
    name = shown(conversation.contact.name)
    nameless = _("It is not known what this contact is called.")
    return {
        "contact.name": Value(name, nameless),
        "contact.first_name": Value(_first(name), nameless),
        "agent.name": Value(by.user.display_name),
        "workspace.name": Value(shown(workspace)),
        **(_order(conversation) if with_order else {}),
    }


def _first(name: str) -> str:
    """ "Lindqvist, Maya" and "Maya Lindqvist" are both Maya."""
    last, comma, first = name.partition(",")
    words = (first if comma and first.strip() else last).split()
    return words[0] if words else ""


def _order(conversation: Conversation) -> dict[str, Value]:
    """Of the newest order that the conversation names and that is known to be the contact's."""
    found = interface.newest_order(person=person_of(number=conversation.number))
    if found is None:
        none = _("No order of this contact’s is named in the conversation.")
        return {name: Value("", none) for name in placeholders.KNOWN if name.startswith("order.")}
    return {f"order.{name}": Value(insert.text, insert.why_not) for name, insert in found.items()}
