"""The health card of a store: its state, what each part of the connection is like, what to do, for the person who looks."""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from integrations.shopify import answers, checking
from integrations.shopify.models import Store
from integrations.shopify.pages.cards import CheckPart, HealthLine, StoreCard
from integrations.shopify.pages.probes import probe_lines, summary
from integrations.shopify.scopes import READ_ALL_ORDERS, covers, missing
from integrations.shopify.vocabulary import Badge
from tenants.access import Visit
from tenants.roles import Permission

BADGES = {
    Store.State.CONNECTED: Badge("Connected", "done", "check"),
    Store.State.NEEDS_ATTENTION: Badge("Needs attention", "stop", "triangle"),
    Store.State.UNINSTALLED: Badge("Uninstalled in Shopify", "idle", "slashed"),
    Store.State.DISCONNECTED: Badge("Disconnected", "idle", "slashed"),
}
FIRST_POLL_MS, POLL_MS = 600, 2000
FRESH = timedelta(minutes=5)


def listed() -> QuerySet[Store]:
    """The stores that have a card, each with the database's time."""
    rows: QuerySet[Store] = Store.objects.select_related("connected_by__user", "app").annotate(clock=Now())
    return rows.exclude(state=Store.State.DISCONNECTED).defer("access_token", "refresh_token")


def card(store: Store, visit: Visit) -> StoreCard:
    """For an owner with buttons, for an administrator without, for an agent as a sentence."""
    may, slug = visit.may(Permission.CONNECT_STORES), visit.workspace.slug
    knows = visit.may(Permission.SEE_STORE_HEALTH)
    broken = store.state == Store.State.NEEDS_ATTENTION
    gone = store.state == Store.State.UNINSTALLED
    removal = reverse("shopify:disconnect", kwargs={"workspace": slug, "number": store.number}) if may else ""
    title, text = _problem(store) if knows else ("", "")
    return StoreCard(
        number=store.number,
        domain=store.shop_domain,
        name=store.shop_name,
        state=store.state,
        badge=BADGES[Store.State(store.state)],
        connected_by=store.connected_by.user.display_name,
        connected_at=store.connected_at,
        problem_title=title,
        problem_text=text,
        lines=_lines(store) if knows and not gone else (),
        disconnect_url="" if gone else removal,
        reconnect_url=reverse("shopify:connect", kwargs={"workspace": slug}) if may and (broken or gone) else "",
        remove_url=removal if gone else "",
        sentence="" if knows else _sentence(store),
        notes=_notes(store) if knows and not gone else (),
        check=check_part(store, visit) if knows and not gone else None,
    )


def check_part(store: Store, visit: Visit, *, polls: int = 0, was: str = "") -> CheckPart:
    """What *Check connection* found, or that it is under way. `was`: the state that the card beside it shows."""
    state, shown = _check_state(store), was or store.state
    kwargs = {"workspace": visit.workspace.slug, "number": store.number}
    begin = state != "running" and visit.may(Permission.CONNECT_STORES)
    probes = probe_lines(store.check_results) if state == "done" else ()
    return CheckPart(
        number=store.number,
        domain=store.shop_domain,
        state=state,
        asked_at=store.checked_at if state == "done" else store.check_asked_at,
        probes=probes,
        summary=summary(probes),
        start_url=f"{reverse('shopify:begin_check', kwargs=kwargs)}?was={shown}" if begin else "",
        poll_url=f"{reverse('shopify:check', kwargs=kwargs)}?try={polls + 1}&was={shown}" if state == "running" else "",
        poll_delay_ms=POLL_MS if polls else FIRST_POLL_MS,
        again_url=reverse("shopify:panel", kwargs={"workspace": visit.workspace.slug}),
        fresh=store.checked_at is not None and store.clock - store.checked_at < FRESH,
    )


def _check_state(store: Store) -> str:
    if store.check_asked_at is None:
        return "none"
    if store.checked_at is not None and store.checked_at >= store.check_asked_at:
        return "done"
    return "running" if store.clock - store.check_asked_at < checking.PATIENCE else "lost"


def _sentence(store: Store) -> str:
    """For agents: what it means for their work."""
    if store.state == Store.State.CONNECTED:
        return _("Its orders appear beside conversations.")
    if store.state == Store.State.UNINSTALLED:
        return _("The app was removed in Shopify. Orders are no longer shown; an owner can connect the store again.")
    agents = answers.of_problem(store.problem).agents if store.problem else ""
    return _("Its orders cannot be read at the moment; what was last known is shown. %(more)s") % {"more": agents}


def _problem(store: Store) -> tuple[str, str]:
    """What is wrong and since when, and what to do."""
    if store.state == Store.State.UNINSTALLED:
        title = _since(_("The app was uninstalled in Shopify"), store.disconnected_at)
        text = _(
            "Our access ended with it, and stored orders were deleted. Conversations are untouched. Connect the store again, or remove it from this page."
        )
        return title, text
    if store.state != Store.State.NEEDS_ATTENTION or not store.problem:
        return "", ""
    meaning = answers.of_problem(store.problem)
    return _since(str(meaning.title), store.problem_since), str(meaning.fix)


def _since(what: str, moment: datetime | None) -> str:
    """ "Permissions are missing (since Nov 20, 08:34)." """
    if moment is None:
        return f"{what}."
    return _("%(problem)s (since %(since)s).") % {"problem": what, "since": _day(moment)}


def _day(moment: datetime) -> str:
    return str(formats.date_format(timezone.localtime(moment), "M j, H:i"))


def _notes(store: Store) -> tuple[str, ...]:
    """What passes by itself, and what Shopify keeps from us: no state of the store, but worth knowing."""
    if store.state != Store.State.CONNECTED:
        return ()
    return tuple(_note(store, meaning) for meaning in answers.concerns(store))


def _note(store: Store, meaning: answers.Meaning) -> str:
    hides = meaning.kind is answers.Kind.HIDDEN
    return f"{_since(str(meaning.title), None if hides else store.failing_since)} {meaning.fix}"


def _lines(store: Store) -> tuple[HealthLine, ...]:
    return (
        _permissions(store),
        _last_read(store),
        _window(store),
        _next_refresh(store),
        _webhooks(store),
        _app(store),
    )


def _until(store: Store, reconnected: str) -> str:
    """What ends at Shopify needs no reconnecting."""
    ends = answers.of_problem(store.problem).ends if store.problem else answers.Ends.OWNER
    return reconnected if ends is answers.Ends.OWNER else _("Not while this lasts")


def _permissions(store: Store) -> HealthLine:
    label, lacking = _("Permissions"), missing(store.scopes)
    if lacking:
        what = ", ".join(scope.handle for scope in lacking)
        return HealthLine(label, "stop", "triangle", _("Missing: %(what)s") % {"what": what})
    if store.state == Store.State.NEEDS_ATTENTION:
        return HealthLine(label, "wait", "clock", _until(store, _("Unknown until reconnected")))
    return HealthLine(label, "done", "check", _("Customers and orders, read only"))


def _last_read(store: Store) -> HealthLine:
    label = _("Last successful read")
    if store.last_read_at is None:
        return HealthLine(label, "wait", "clock", _("None yet"))
    broken = store.state == Store.State.NEEDS_ATTENTION
    return HealthLine(label, "stop" if broken else "done", "triangle" if broken else "check", "", at=store.last_read_at)


def _window(store: Store) -> HealthLine:
    """A broken store shares nothing at the moment: what it shared is said without a check."""
    value = _("All orders") if covers(store.scopes, READ_ALL_ORDERS) else _("The last 60 days")
    broken = store.state == Store.State.NEEDS_ATTENTION
    return HealthLine(_("Orders shared"), "idle" if broken else "done", "clock" if broken else "check", value)


def _next_refresh(store: Store) -> HealthLine:
    label = _("Access renewed")
    if store.state == Store.State.NEEDS_ATTENTION:
        return HealthLine(label, "stop", "triangle", _until(store, _("Not until reconnected")))
    if store.access_expires_at is None:
        return HealthLine(label, "done", "check", _("Does not expire"))
    left = store.access_expires_at - store.clock
    if left < timedelta(0):
        return HealthLine(label, "done", "check", _("At the next read"))
    minutes = max(1, round(left.total_seconds() / 60))
    return HealthLine(label, "done", "check", _("Within %(n)d min, when needed") % {"n": minutes})


def _webhooks(store: Store) -> HealthLine:
    """Whether Shopify tells us of changes; without, an order is at most a minute old when it is looked at."""
    label = _("Webhooks")
    if store.state == Store.State.NEEDS_ATTENTION:
        return HealthLine(label, "idle", "clock", _until(store, _("Not checked until reconnected")))
    if store.webhooks_problem:
        return HealthLine(label, "wait", "triangle", _("Not all registered"))
    if store.webhooks_checked_at is None:
        return HealthLine(label, "idle", "clock", _("Not checked yet"))
    return HealthLine(label, "done", "check", _("Registered"))


def _app(store: Store) -> HealthLine:
    return HealthLine(_("App"), "idle", "box", store.app.name if store.app else _("This installation’s"))
