"""What *Check connection* found, in words: each probe with what it means, and what to do where it failed."""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations.shopify.checking import Found, Probe
from integrations.shopify.pages.cards import ProbeLine

Words = str | Promise
_l = gettext_lazy

TITLES: Mapping[Probe, Words] = {
    Probe.ACCESS: _l("Access"),
    Probe.STORE: _l("Store"),
    Probe.PERMISSIONS: _l("Permissions"),
    Probe.CUSTOMERS: _l("Customer data"),
    Probe.ORDERS: _l("Orders"),
    Probe.WEBHOOKS: _l("Webhooks"),
    Probe.CLOCK: _l("Clock"),
}
FINE: Mapping[Probe, Words] = {
    Probe.ACCESS: _l("Shopify accepts our access, and it can be renewed."),
    Probe.STORE: _l("The store answers, and it is the one that was connected."),
    Probe.PERMISSIONS: _l("Customers and orders may be read."),
    Probe.CUSTOMERS: _l("Names and e-mail addresses of customers can be read."),
    Probe.ORDERS: _l("Orders can be read."),
    Probe.WEBHOOKS: _l("Shopify tells us of changes."),
    Probe.CLOCK: _l("This server’s clock and Shopify’s agree."),
}
_RECONNECT = _l("Reconnect while signed in to the Shopify account that owns this store.")
_WAIT = _l("Check again in a few minutes; nothing has to be done here.")
# Code -> what it means, what to do. What is not here is a fault that Shopify's answer does not explain.
REASONS: Mapping[str, tuple[Words, Words]] = {
    "token_refused": (_l("Shopify no longer accepts our access."), _RECONNECT),
    "grant_refused": (_l("Shopify does not renew our access any more."), _RECONNECT),
    "app_unreadable": (
        _l("The secret of the store’s app cannot be read: its sealing key is missing or wrong."),
        _l("Whoever runs this installation can restore the key; or enter the app’s secret again."),
    ),
    "app_refused": (
        _l("Shopify does not accept the app’s client id or secret."),
        _l("Enter an own app’s secret anew; of this installation’s app, tell whoever runs the installation."),
    ),
    "no_app": (
        _l("The app that this store was connected with is not set up here any more."),
        _l("Set the app up again, or reconnect the store with another one."),
    ),
    "access_busy": (_l("The access is being renewed at this moment."), _l("Check again in a minute.")),
    "reading_paused": (
        _l("Reading stores is paused in this installation."),
        _l("Ask whoever runs this installation."),
    ),
    "another_store": (
        _l("Another store answers at this address than the one that was connected."),
        _l("Disconnect this store, then connect the new one."),
    ),
    "account_frozen": (
        _l("Shopify has frozen the store because a bill is unpaid."),
        _l("The store’s owner can settle it in Shopify."),
    ),
    "account_locked": (_l("Shopify has locked the store."), _l("The store’s owner can ask Shopify why.")),
    "account_not_found": (
        _l("Shopify knows no store at this address."),
        _l("Check in Shopify whether the store still exists."),
    ),
    "access_forbidden": (
        _l("The store does not allow this access."),
        _l("Reconnect while signed in as somebody who may install apps in this store."),
    ),
    "unreachable": (_l("There was no answer."), _WAIT),
    "timed_out": (_l("The answer took too long."), _WAIT),
    "vendor_failed": (_l("Shopify has a fault."), _WAIT),
    "rate_limited": (_l("Shopify lets us ask only later."), _WAIT),
    "security_rejected": (_l("Shopify rejects our requests for security reasons."), _WAIT),
    "protected_data": (
        _l("Shopify hides it until this app is approved for protected customer data."),
        _l("Whoever owns the app asks for the approval in Shopify’s Partner Dashboard, under API access."),
    ),
    "scope": (_l("A permission is missing."), _l("Reconnect, and approve all permissions.")),
    "not_checked": (_l("Not checked yet."), ""),
    "not_tried": (_l("Not tried, because another part failed."), ""),
    "skewed": (
        _l("This server’s clock and Shopify’s differ by more than 45 seconds: signatures will be refused as too old."),
        _l("Whoever runs this installation sets the clock by NTP."),
    ),
}


def probe_lines(rows: object) -> tuple[ProbeLine, ...]:
    """The stored findings as lines. A row of another version of ours is left out."""
    given: Iterable[object] = rows if isinstance(rows, list) else []
    return tuple(line for row in given if isinstance(row, dict) and (line := _line(row)) is not None)


def summary(probes: Iterable[ProbeLine]) -> str:
    tones = [probe.tone for probe in probes]
    failed = tones.count("stop")
    if failed:
        return ngettext("%(n)d part does not work.", "%(n)d parts do not work.", failed) % {"n": failed}
    return (
        _("Everything works.") if tones and set(tones) == {"done"} else _("Nothing wrong was found.") if tones else ""
    )


def _line(row: Mapping[str, object]) -> ProbeLine | None:
    try:
        probe, found = Probe(str(row.get("probe"))), Found(str(row.get("found")))
    except ValueError:
        return None
    title, code = str(TITLES[probe]), str(row.get("code") or "")
    if found == Found.OK:
        return ProbeLine(title, "done", "check", str(FINE[probe]))
    text, fix = _reason(probe, code)
    failed = found == Found.FAILED
    return ProbeLine(title, "stop" if failed else "idle", "triangle" if failed else "clock", text, fix)


def _reason(probe: Probe, code: str) -> tuple[str, str]:
    if probe == Probe.PERMISSIONS and code != "not_tried":
        return _("Missing: %(what)s") % {"what": code}, str(_l("Reconnect, and approve all permissions."))
    if code in REASONS:
        text, fix = REASONS[code]
        return str(text), str(fix)
    if probe == Probe.WEBHOOKS:
        return _("Not all of them are registered in the store."), _("They are registered anew within a day.")
    return _("Shopify’s answer could not be used."), _(
        "Check again later. If it stays so, tell whoever runs this installation."
    )
