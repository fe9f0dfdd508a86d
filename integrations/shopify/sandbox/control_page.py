"""The control page at `/_sandbox/`: clock, stores, faults, webhooks and calls. Plain HTML; its forms need no script."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from integrations.shopify.sandbox.clock import format_time
from integrations.shopify.sandbox.control_actions import summary
from integrations.shopify.sandbox.control_parts import badge, button, form, hidden, option, options, select, table, text
from integrations.shopify.sandbox.faults import GRAPHQL, KINDS, STATUSES, TOKEN, TRANSPORT
from integrations.shopify.sandbox.pages import page_of
from integrations.shopify.sandbox.sandbox import Sandbox

SHOWN_STORES = 12
SHOWN_ROWS = 12
_STEPS = (("minutes", 1, "+1 min"), ("hours", 1, "+1 h"), ("days", 1, "+1 day"), ("days", 90, "+90 days"))
_ORDER_ACTIONS = ("fulfil", "track", "cancel", "delete")
_COMPLIANCE = (("data_request", "Data request"), ("customer_redact", "Redact customer"))


@dataclass(frozen=True)
class Notice:
    """What came of the last form."""

    words: str
    wrong: bool = False


def control_page(sandbox: Sandbox, token: str, *, search: str = "", notice: Notice | None = None) -> str:
    parts = [_head(sandbox), _notice(notice), _clock(sandbox, token), _stores(sandbox, token, search)]
    parts += [_faults(sandbox, token), _webhooks(sandbox, token), _calls(sandbox)]
    return page_of("Control", "".join(parts), card="card wide")


def _head(sandbox: Sandbox) -> str:
    app = sandbox.clients.first
    return f"""
      <div class="top"><h1>Sandbox control</h1>{badge("Sandbox")}</div>
      <p class="lead">{len(sandbox.stores)} stores · app {escape(app.name)} · the same by JSON: <code>/_sandbox/stores</code>,
      <code>faults</code>, <code>deliveries</code>, <code>log</code></p>"""


def _notice(notice: Notice | None) -> str:
    if notice is None:
        return ""
    return f'<p class="notice{" wrong" if notice.wrong else ""}" role="status">{escape(notice.words)}</p>'


def _clock(sandbox: Sandbox, token: str) -> str:
    steps = "".join(
        form(token, "clock/advance", hidden(f"number:{unit}", str(length)) + button(label))
        for unit, length, label in _STEPS
    )
    now = format_time(sandbox.clock.now())
    fields = (
        text("number:latency_ms", "Latency, ms", str(sandbox.latency_ms))
        + text("number:search_lag_seconds", "Search lag, s", f"{sandbox.search_lag.total_seconds():g}")
        + button("Set")
    )
    return f"""
      <section id="clock"><h2>Clock</h2>
      <p class="now"><time datetime="{now}">{now.replace("T", " ").removesuffix("Z")} UTC</time></p>
      <div class="row">{steps}</div>
      {form(token, "settings", f'<div class="row">{fields}</div>')}</section>"""


def _stores(sandbox: Sandbox, token: str, search: str) -> str:
    found = [domain for domain in sandbox.stores if search.casefold() in domain]
    found.sort(key=lambda domain: all(scopes is None for scopes in summary(sandbox, domain)["apps"].values()))
    shown = "".join(_store(sandbox, token, summary(sandbox, domain)) for domain in found[:SHOWN_STORES])
    more = (
        f"<p class=lead>{len(found) - SHOWN_STORES} more; narrow the search.</p>" if len(found) > SHOWN_STORES else ""
    )
    finder = ""
    if len(sandbox.stores) > SHOWN_STORES:
        finder = f"""<form method="get" action="/_sandbox/"><div class="row">
          {text("q", "Find a store", search)}{button("Find")}</div></form>"""
    return f"""
      <section id="stores"><h2>Stores</h2>{finder}<ul class="shops">{shown}</ul>{more or ("" if found else "<p>None.</p>")}</section>"""


def _store(sandbox: Sandbox, token: str, store: dict[str, Any]) -> str:
    domain = store["domain"]
    installed = {client: scopes for client, scopes in store["apps"].items() if scopes is not None}
    state = "".join(
        [
            badge("Installed", "on") if installed else badge("Not installed", "off"),
            badge("Frozen") if store["frozen"] else "",
            badge(f"Protected data: {store['approved']}") if store["approved"] != "all" else "",
        ]
    )
    scopes = "; ".join(", ".join(sorted(given)) or "no scopes" for given in installed.values())
    return f"""
        <li><div class="shop-head"><b>{escape(domain)}</b><span>{state}</span></div>
        <p>{store["customers"]} customers, {store["orders"]} orders{f" · {escape(scopes)}" if scopes else ""}</p>
        <details><summary>What happens here</summary>{_happenings(sandbox, token, store, installed)}</details></li>"""


def _happenings(sandbox: Sandbox, token: str, store: dict[str, Any], installed: dict[str, list[str]]) -> str:
    domain = store["domain"]
    shop = hidden("shop", domain)
    freezing = ("stores/unfreeze", "Unfreeze") if store["frozen"] else ("stores/freeze", "Freeze the plan")
    plain = form(token, freezing[0], shop + button(freezing[1]))
    if sandbox.clients.first.app_url:
        plain += f'<a class="button" href="/{escape(domain)}/admin/apps/install">Install from here</a>'
    if installed:
        plain += form(token, "stores/uninstall", shop + button("Uninstall", danger=True))
    plain += form(token, "compliance/shop_redact", shop + button("Redact the shop now"))
    level = select("level", "Protected data", options(("all", "level1", "none"), store["approved"])) + button("Approve")
    parts = [
        f'<div class="row">{plain}</div>',
        form(token, "stores/approve", shop + f'<div class="row">{level}</div>'),
    ]
    for client, scopes in installed.items():
        fields = text("list:scopes", f"Scopes of {client}", ", ".join(scopes), wide=True) + button("Set")
        parts.append(
            form(token, "stores/scopes", shop + hidden("client_id", client) + f'<div class="row">{fields}</div>')
        )
    names = [order["name"] for order in reversed(sandbox.stores[domain].orders)][:30]
    if names:
        parts.append(_choice(token, shop, select("order", "Order", options(names)), "orders", _ORDER_ACTIONS))
    people = [row["email"] for row in sandbox.stores[domain].customers.values() if row["email"]][:30]
    if people:
        buttons = [name for name, _ in _COMPLIANCE]
        parts.append(_choice(token, shop, select("customer", "Customer", options(people)), "compliance", buttons))
    return "".join(parts)


def _choice(token: str, shop: str, field: str, kind: str, actions: Iterable[str]) -> str:
    """One field, and a button per action on what it names."""
    labels = {**dict(_COMPLIANCE), "fulfil": "Fulfil", "track": "Delivered", "cancel": "Cancel", "delete": "Delete"}
    buttons = "".join(button(labels[name], value=f"{kind}/{name}", danger=name == "delete") for name in actions)
    return form(token, "", f'{shop}<div class="row">{field}{buttons}</div>')


def _faults(sandbox: Sandbox, token: str) -> str:
    groups = (("By status", STATUSES), ("Of GraphQL", GRAPHQL), ("Of the connection", TRANSPORT), ("Of tokens", TOKEN))
    known = "".join(
        f'<optgroup label="{label}">{"".join(option(name, f"{name} · {words}") for name, words in faults.items())}</optgroup>'
        for label, faults in groups
    )
    fields = (
        select("fault", "Fault", known, wide=True)
        + select("shop", "Store", option("", "All stores") + options(list(sandbox.stores)[:300]))
        + select("kind", "Calls", options(KINDS))
        + text("number:times", "Times, or for ever", "")
        + button("Add", main=True)
    )
    standing = [
        f"""<li><span><b>{escape(row["name"])}</b> {escape(row["shop"] or "all stores")}, {escape(row["kind"])} calls,
        {"until cleared" if row["left"] is None else f"{row['left']} more"}, hit {row["used"]}</span>
        {form(token, "faults/clear", hidden("number:number", str(row["number"])) + button("Clear"))}</li>"""
        for row in sandbox.faults.rows()
    ]
    listed = (
        f'<ul class="standing">{"".join(standing)}</ul>'
        if standing
        else "<p>No fault stands: calls are answered rightly.</p>"
    )
    everything = form(token, "faults/clear", button("Clear all")) if len(standing) > 1 else ""
    return f"""
      <section id="faults"><h2>Faults</h2>{listed}{everything}
      {form(token, "faults", f'<div class="row">{fields}</div>')}</section>"""


def _webhooks(sandbox: Sandbox, token: str) -> str:
    status, app = sandbox.deliverer.status(), sandbox.clients.first
    held = ("webhooks/release", "Release") if status["held"] else ("webhooks/hold", "Hold")
    disorder = (
        text("number:duplicate", "Twice, share", f"{status['duplicate']:g}")
        + text("number:lose", "Never, share", f"{status['lose']:g}")
        + select("flag:shuffle", "Order", option("", "kept") + option("yes", "shuffled", chosen=status["shuffle"]))
        + button("Set")
    )
    rows = [
        (
            row["triggered_at"][11:19],
            row["topic"],
            row["shop"],
            ("again " if row["duplicate"] else "") + row["outcome"],
            _attempts(row["attempts"]),
        )
        for row in reversed(sandbox.deliverer.rows(SHOWN_ROWS))
    ]
    where = (
        f"{len(app.topics)} topics to {app.webhook_uri}" if app.webhook_uri else "no address in the app's configuration"
    )
    return f"""
      <section id="webhooks"><h2>Webhooks</h2>
      <p class="lead">{escape(where)}; {len(sandbox.subscriptions.dump())} subscriptions by the API; {status["waiting"]} waiting</p>
      <div class="row">{form(token, held[0], button(held[1]))}</div>
      {form(token, "webhooks", f'<div class="row">{disorder}</div>')}
      {table(("Time", "Topic", "Store", "Outcome", "Attempts"), rows, empty="Nothing was sent yet.")}</section>"""


def _attempts(attempts: list[dict[str, Any]]) -> str:
    if not attempts:
        return ""
    last = str(attempts[-1]["status"] or attempts[-1]["error"])
    return last if len(attempts) == 1 else f"{len(attempts)}, the last: {last}"


def _calls(sandbox: Sandbox) -> str:
    rows = [
        (
            row["at"][11:19],
            row["operation"] or row["kind"],
            row["shop"],
            str(row["status"] or "none"),
            row["fault"] or row["error"] or "",
        )
        for row in reversed(sandbox.log.last(SHOWN_ROWS))
    ]
    return f"""
      <section id="calls"><h2>API calls</h2>
      {table(("Time", "Call", "Store", "Status", "Fault or error"), rows, empty="No call came yet.")}</section>"""
