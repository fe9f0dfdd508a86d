"""Example mail: as whom a workspace writes, and its mail on its way, in each state."""

from inbox.mail_forms import IdentityForm
from inbox.mail_pages import IdentityPage, QueueGroup, QueueLine, QueuePage
from inbox.sent import Deed, Reach, SentState
from integrations.shopify.vocabulary import Badge
from versana.gallery.settings import nav
from versana.gallery.stores import ago

_HERE = "/_gallery/mail-queue/"
_ADDRESS = "help@harborpine.example"
_VALUES = {
    "from_name": "Harbor & Pine",
    "from_email": _ADDRESS,
    "reply_to": "",
    "signature": "{name}\nHarbor & Pine",
    "undo_seconds": 10,
}


def identity(
    *, data: dict[str, str] | None = None, addresses: tuple[str, ...] = (_ADDRESS,), **changes: object
) -> object:
    given: dict[str, object] = {
        "form": IdentityForm(data, initial=_VALUES, addresses=addresses),
        "may_edit": True,
        "saved": False,
        "set_up": True,
        "can_be_set_up": bool(addresses),
        "general_url": "/_gallery/general/",
        "changed_at": ago(days=3),
        "queue_url": _HERE,
        "troubled": 2,
        "settings_nav": nav("Mail"),
        **changes,
    }
    return IdentityPage(**given)  # type: ignore[arg-type]


def _line(subject: str, to: str, state: SentState) -> QueueLine:
    return QueueLine(subject=subject, to=to, url="/_gallery/inbox/", state=state)


def _state(
    word: str, tone: str, shape: str, *, minutes: float, note: str = "", deeds: tuple[str, ...] = (), **reached: str
) -> SentState:
    return SentState(
        badge=Badge(word, tone, shape),
        at=ago(minutes=minutes),
        note=note,
        again=minutes < 0,
        deeds=tuple(Deed(deed, _HERE, "again") for deed in deeds),
        reached=tuple(Reach(f"{who}@example.com", _REACHED[what]) for who, what in reached.items()),
    )


_REACHED = {
    "delivered": Badge("Delivered", "done", "check"),
    "bounced": Badge("Bounced", "stop", "return"),
    "complained": Badge("Marked as spam by the receiver", "stop", "triangle"),
}
_UNKNOWN = (
    "The mail was handed to the mail server, and whether it was accepted is not known. "
    "Look whether it arrived, or ask the receiver. If it is sent again, they may get it twice."
)
_LONG = "Re: Fwd: Re: " + "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 2


def queue() -> QueuePage:
    unknown = _state(
        "Not known whether it was sent", "stop", "box", minutes=14, note=_UNKNOWN, deeds=("It was sent", "Send again")
    )
    failed = _state(
        "Not sent",
        "stop",
        "triangle",
        minutes=70,
        note="The mail server accepted none of the receivers’ addresses.",
        deeds=("Try again",),
    )
    waiting = _state(
        "Waiting", "wait", "clock", minutes=-4, note="The mail server asked us to come again later. Tried 2 times."
    )
    groups = (
        ("unknown", "Not known whether sent", "Handed to the mail server, which did not say whether it took them. They are not sent again by themselves.", (_line("Where is my order #1042?", "Maya Lindqvist", unknown),)),
        ("failed", "Not sent", "Nobody has these.", (_line(_LONG, "wilhelmina-alexandrine.von-und-zu.hohenlohe@waldenburg-schillingsfuerst.example", failed),)),
        ("sending", "Being sent", "", ()),
        ("waiting", "Waiting", "They leave by themselves.", (_line("Two of three arrived", "Priya Rao", waiting), _line("Size M", "Jonas Weber", _state("Waiting", "wait", "clock", minutes=0)))),
        ("sent", "Sent in the last day", "", (
            _line("Return label", "Maya Lindqvist", _state("Sent", "done", "check", minutes=30, maya="delivered")),
            _line("Invoice", "Jonas Weber, Ada Okafor", _state("Sent", "done", "check", minutes=200, jonas="bounced", ada="complained")),
        )),
    )  # fmt: skip
    return _page(*(QueueGroup(name, title, text, lines, more=name == "sent") for name, title, text, lines in groups))


def empty_queue() -> QueuePage:
    names = (("unknown", "Not known whether sent"), ("failed", "Not sent"), ("sending", "Being sent"), ("waiting", "Waiting"), ("sent", "Sent in the last day"))  # fmt: skip
    return _page(*(QueueGroup(name, title, "", (), more=False) for name, title in names), set_up=False)


def _page(*groups: QueueGroup, set_up: bool = True) -> QueuePage:
    return QueuePage(
        groups=groups, identity_url="/_gallery/mail-identity/", set_up=set_up, gone=set_up, settings_nav=nav("Mail")
    )
