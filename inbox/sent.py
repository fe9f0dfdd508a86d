"""How far a mail of ours is, in words: for the queue, and for the line under a message in its thread."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inbox.bundles import array_of, rows_of
from inbox.models import Delivery, Message, OutgoingMail
from integrations.shopify.vocabulary import Badge
from tenants.access import Visit
from tenants.roles import Permission

State, Reached = OutgoingMail.State, Delivery.State

_BADGES = {
    State.QUEUED: ("wait", "clock"),
    State.SENDING: ("move", "arrow"),
    State.SENT: ("done", "check"),
    State.FAILED: ("stop", "triangle"),
    State.UNKNOWN: ("stop", "box"),
    State.CANCELLED: ("idle", "slashed"),
}
_REACHED = {
    Reached.DELIVERED: ("done", "check"),
    Reached.DEFERRED: ("wait", "clock"),
    Reached.BOUNCED: ("stop", "return"),
    Reached.REJECTED: ("stop", "slashed"),
    Reached.COMPLAINED: ("stop", "triangle"),
}
# What went wrong, by the word that is kept. Never the server's own words: they may hold addresses.
_WHY: dict[str, str | Promise] = {
    "unreachable": gettext_lazy("The mail server could not be reached."),
    "timeout": gettext_lazy("The mail server did not answer in time."),
    "connection_lost": gettext_lazy("The connection to the mail server broke before the mail was handed over."),
    "not_understood": gettext_lazy("The mail server answered something that is no answer."),
    "login_refused": gettext_lazy("The mail server did not accept our user name and password."),
    "put_off": gettext_lazy("The mail server asked us to come again later."),
    "database": gettext_lazy("Our own database was away for a moment."),
    "sender_refused": gettext_lazy("The mail server does not send for this sender’s address."),
    "recipients_refused": gettext_lazy("The mail server accepted none of the receivers’ addresses."),
    "content_refused": gettext_lazy("The mail server refused the mail."),
    "too_large": gettext_lazy("The mail is larger than the mail server allows."),
    "not_supported": gettext_lazy("The mail provider cannot send a mail like this one."),
    "not_writable": gettext_lazy(
        "The address has letters before the @ that mail servers do not take. Write to another one of theirs."
    ),
    "no_identity": gettext_lazy("It was not set up as whom this workspace writes."),
    "no_receiver": gettext_lazy("Nobody is left to send it to: the contact was erased."),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """A button: where it is sent to, and what it says of the mail."""

    word: str
    url: str
    value: str  # "sent", "again"


@dataclass(frozen=True, slots=True)
class Reach:
    recipient: str
    badge: Badge


@dataclass(frozen=True, slots=True)
class SentState:
    """One mail on its way: `at` is since when it is so, or when it is tried again; `note` says what that means."""

    badge: Badge
    at: datetime | None
    note: str
    again: bool = False  # `at` is when it is tried again
    deeds: tuple[Deed, ...] = ()
    reached: tuple[Reach, ...] = ()


def wanted() -> dict[str, Any]:
    """What `state_of_message` tells, to be read with the messages."""
    deliveries = Delivery.objects.filter(outgoing__message=OuterRef("pk")).order_by("recipient")
    return {
        "going_out": array_of(OutgoingMail.objects.filter(message=OuterRef("pk"))),
        "reached": array_of(deliveries),
    }


def state_of_message(visit: Visit, message: Message) -> SentState | None:
    """Of one that goes out or went, and that was read with what is `wanted`."""
    rows = rows_of(OutgoingMail, message.going_out)  # type: ignore[attr-defined]
    reached = rows_of(Delivery, message.reached)  # type: ignore[attr-defined]
    return state_of(visit, rows[0], reached) if rows else None


def deliveries_of(rows: Iterable[OutgoingMail]) -> Mapping[int, list[Delivery]]:
    found: dict[int, list[Delivery]] = {}
    for each in Delivery.objects.filter(outgoing__in=[row.pk for row in rows]).order_by("recipient"):
        found.setdefault(each.outgoing_id, []).append(each)
    return found


def state_of(visit: Visit, row: OutgoingMail, deliveries: Iterable[Delivery] = ()) -> SentState:
    reached = tuple(Reach(each.recipient, _reached(each.state)) for each in deliveries)
    return SentState(
        badge=Badge(str(State(row.state).label), *_BADGES[State(row.state)]),
        at=_at(row),
        note=_note(row),
        again=row.state == State.QUEUED and row.attempts > 0,
        deeds=_deeds(visit, row),
        reached=reached,
    )


def _reached(state: str) -> Badge:
    return Badge(str(Reached(state).label), *_REACHED[Reached(state)])


def _at(row: OutgoingMail) -> datetime | None:
    if row.state == State.QUEUED:
        return row.next_run_at
    if row.state == State.SENT:
        return row.sent_at
    return row.handed_over_at or row.created_at


def _note(row: OutgoingMail) -> str:
    if row.state == State.UNKNOWN:
        return _(
            "The mail was handed to the mail server, and whether it was accepted is not known. "
            "Look whether it arrived, or ask the receiver. If it is sent again, they may get it twice."
        )
    why = str(_WHY.get(row.error, "")) if row.error else ""
    if row.state == State.QUEUED and row.attempts:
        tried = ngettext("Tried once.", "Tried %(n)d times.", row.attempts) % {"n": row.attempts}
        return f"{why} {tried}".strip()
    return why if row.state in (State.FAILED, State.QUEUED) else ""


def _deeds(visit: Visit, row: OutgoingMail) -> tuple[Deed, ...]:
    if not visit.may(Permission.WORK_INBOX):
        return ()
    kwargs = {"workspace": visit.workspace.slug, "outgoingmail": row.pk}
    if row.state == State.FAILED:
        return (Deed(_("Try again"), reverse("inbox:mail_retry", kwargs=kwargs), "again"),)
    if row.state == State.UNKNOWN:
        url = reverse("inbox:mail_settle", kwargs=kwargs)
        return (Deed(_("It was sent"), url, "sent"), Deed(_("Send again"), url, "again"))
    return ()
