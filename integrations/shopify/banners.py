"""The notices of a section: what keeps us from reading a store, what Shopify hides, and what somebody can do about it.

An agent reads who can mend it; an owner what to do, with the button that does it. Each notice says which page of the help
explains it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from integrations.shopify import answers as meanings
from integrations.shopify import stored, tokens
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.sections import Banner
from integrations.shopify.types import Denied

# Pages of the help, by their addresses; the help knows this package, and not the other way round.
STALE: Final = "stale-data"
SCOPES: Final = "permissions-and-scopes"
EMPTY: Final = "sidebar-empty"
CONNECT: Final = "connect-a-store"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: only an owner is offered what only an owner may do."""

    workspace: str
    may_connect: bool


def of(store: Store, rows: Sequence[OrderContext], *, viewer: Viewer, gave_up: bool) -> tuple[Banner, ...]:
    if store.state == Store.State.UNINSTALLED:
        return (_uninstalled(store),)
    if store.state != Store.State.CONNECTED:
        return (_problem(store, viewer),)
    hidden = [row for row in rows if row.head and meanings.hides(row.failure)]
    if hidden:
        return (_withheld(hidden[0], stored.denied((hidden[0].head or {})["withheld"]), viewer),)
    out = []
    failing = [row for row in rows if row.failing_since is not None]
    if failing:
        # One that was never answered says less than one whose last answer is shown.
        out.append(_failing(min(failing, key=lambda row: (row.fetched_at is None, row.failing_since, row.pk))))
    elif gave_up:
        out.append(
            Banner(
                "wait",
                "clock",
                _("Shopify is slow to answer."),
                _("Nothing is lost; try again in a moment."),
                retry=True,
                help=STALE,
            )
        )
    return (*out, *_denied([item for row in rows if row.head for item in stored.denied(row.head["denied"])], viewer))


def is_of(denied: Denied, root: str) -> bool:
    """Whether what was denied belongs to this part of the question: "customer", or the "guests" who are found by search."""
    return denied.field.partition(".")[0] == root


def _failing(row: OrderContext) -> Banner:
    meaning = meanings.of(row.failure)
    if row.failure == tokens.ReadingPaused.code:
        text = _("Orders appear here again as soon as it goes on; what is shown is what we knew.")
        return Banner("wait", "clock", str(meaning.agents), text, help=STALE)
    since = _("%(what)s since %(since)s") % {"what": meaning.agents, "since": clock(row.failing_since)}
    if row.fetched_at is None:
        return Banner("wait", "clock", f"{since}.", _("Orders appear here as soon as it does."), retry=True, help=STALE)
    known = _("showing what we knew at %(known)s.") % {"known": clock(row.fetched_at)}
    return Banner("wait", "clock", "", f"{since}; {known}", retry=True, help=STALE)


def _withheld(row: OrderContext, denied: tuple[Denied, ...], viewer: Viewer) -> Banner:
    """Shopify answered, and kept from us who this is: what is hidden, why, and from when that is which is shown."""
    customers = any(not is_of(item, "guests") for item in denied)
    orders = any(not is_of(item, "customer") for item in denied)
    titles = {
        (True, True): _("Shopify has hidden this store’s customers and orders since %(since)s."),
        (True, False): _("Shopify has hidden this store’s customers since %(since)s."),
        (False, True): _("Shopify has hidden this store’s orders since %(since)s."),
    }
    reasons = [item.reason for item in denied]
    text = _mend(reasons, viewer)
    if row.found:
        known = _("Shown below is what we knew at %(known)s.") % {"known": clock(row.fetched_at)}
        text = f"{text} {known}"
    title = titles[customers, orders] % {"since": clock(row.failing_since)}
    return _with_button(Banner("wait", "info", title, text, help=SCOPES), reasons, viewer)


def _mend(reasons: Sequence[str], viewer: Viewer) -> str:
    """What an owner can do about it, and what everybody else has to know."""
    found = [meanings.of(reason) for reason in dict.fromkeys(reasons)]
    return " ".join(str(meaning.fix if viewer.may_connect else meaning.agents) for meaning in found)


def _with_button(banner: Banner, reasons: Sequence[str], viewer: Viewer) -> Banner:
    """To the settings, for whoever may do there what ends this."""
    if not (viewer.may_connect and any(meanings.of(reason).ends is meanings.Ends.OWNER for reason in reasons)):
        return banner
    url = reverse("tenants:general", kwargs={"workspace": viewer.workspace})
    return replace(banner, action_label=_("Reconnect store"), action_url=url)


def _problem(store: Store, viewer: Viewer) -> Banner:
    """A store that somebody must mend: a plain sentence for agents, what to do and the button for owners."""
    since = clock(store.problem_since)
    meaning = meanings.of_problem(store.problem)
    if not viewer.may_connect:
        text = _("It has shared no orders since %(since)s.") % {"since": since}
        title = _("Orders cannot be read in this store.")
        return Banner("stop", "key-round", title, f"{text} {meaning.agents}", help=EMPTY)
    general = reverse("tenants:general", kwargs={"workspace": viewer.workspace})
    title = _("%(problem)s (since %(since)s).") % {"problem": meaning.title, "since": since}
    label = _("Reconnect store") if meaning.ends is meanings.Ends.OWNER else _("Open its settings")
    return Banner("stop", "key-round", title, str(meaning.fix), action_label=label, action_url=general, help=CONNECT)


def _uninstalled(store: Store) -> Banner:
    title = _("Uninstalled in Shopify since %(since)s.") % {"since": clock(store.disconnected_at)}
    return Banner("stop", "key-round", title, _("An owner of this workspace can connect the store again."), help=EMPTY)


def _denied(denied: Sequence[Denied], viewer: Viewer) -> list[Banner]:
    """Fields that Shopify hides from us: said once each reason, not once each field."""
    titles = {"scope": _("Some details are hidden."), "protected_data": _("Names and addresses are hidden.")}
    reasons = {item.reason for item in denied}
    return [
        _with_button(Banner("idle", "info", title, _mend([reason], viewer), help=SCOPES), [reason], viewer)
        for reason, title in titles.items()
        if reason in reasons
    ]


def clock(moment: object) -> str:
    """A moment as banners say it: 14:02 today, "Nov 20, 14:02" before, in the reader’s zone."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)  # type: ignore[arg-type]
    recent = timezone.now() - local < timedelta(hours=12)
    return formats.date_format(local, "H:i" if recent else "M j, H:i")
