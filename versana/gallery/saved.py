"""Example saved replies: the settings in their states, and the list to pick one from."""

from dataclasses import replace

from inbox.cards import SavedChoice, SavedPicker
from inbox.saved_pages import LABELS, SavedForm, SavedLine, SavedPage
from versana.gallery.settings import nav
from versana.gallery.stores import ago

_HERE = "/_gallery/saved-reply/"
_TRACKING = "Hi {{ contact.first_name }},\n\n{{ order.status }} You can follow it here: {{ order.tracking_link }}\n\n{{ agent.name }}"


def page() -> SavedPage:
    own = (SavedLine("Greeting", "Hi {{ contact.first_name }},", _HERE, ago(days=2)),)
    shared = (
        SavedLine("Where is my order", _TRACKING, _HERE, ago(days=9)),
        SavedLine("أين طلبي " + "long " * 14, "Words " * 200, _HERE, ago(days=40)),
    )
    return SavedPage(own, shared, _HERE, _HERE, "", nav("Saved replies"))


def empty() -> SavedPage:
    return replace(page(), own=(), shared=(), add_shared_url="")


def form() -> SavedForm:
    return SavedForm(
        title="Change a saved reply",
        back_url="/_gallery/saved-replies/",
        name="Where is my order",
        text=_TRACKING,
        shared=True,
        places=tuple((f"{{{{ {place} }}}}", str(label)) for place, label in LABELS.items()),
        delete_url=_HERE,
        max_name=80,
        max_text=20_000,
        errors={},
        settings_nav=nav("Saved replies"),
    )


def refused() -> SavedForm:
    why = "Nothing is known for {{ order.colour }}. These can be used: {{ order.name }}, {{ order.status }}."
    return replace(form(), text="It is {{ order.colour }}.", errors={"text": why, "name": "There is one already."})


def choices() -> SavedPicker:
    status = "Hi Maya,\n\nOrder #1042: in transit with UPS, expected Tue, Nov 24."
    return SavedPicker(
        thread_url="/_gallery/inbox/",
        use_url="/_gallery/inbox/",
        manage_url="/_gallery/saved-replies/",
        choices=(
            SavedChoice(1, "Greeting", "Hi Maya,", own=True),
            SavedChoice(2, "Where is my order", status),
            SavedChoice(3, "Follow it", "", ("Nothing has shipped yet.",)),
        ),
    )
