"""The pages a person sees: the consent screen, the list of stores, plain errors. Every value is escaped."""

from collections.abc import Iterable
from html import escape

from integrations.shopify.sandbox.consent import Request
from integrations.shopify.sandbox.stores import Store

STYLE_PATH = "/_sandbox/style.css"


def _icon(paths: str, size: int = 16, stroke: float = 2) -> str:
    return (
        f'<svg width="{size}" height="{size}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="{stroke}" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{paths}</svg>'
    )


_INFO = _icon('<circle cx="12" cy="12" r="9.5"/><path d="M12 16.5v-5M12 8h.01"/>')
_BOXED_DASH = _icon('<rect x="3.5" y="3.5" width="17" height="17" rx="3"/><path d="M8 12h8"/>', 13)
_SHOP = _icon(
    '<path d="M3.5 9 5.5 4h13l2 5M3.5 9a2.8 2.8 0 0 0 5.7 0 2.8 2.8 0 0 0 5.6 0 2.8 2.8 0 0 0 5.7 0M5 12.5V20h14v-7.5"/>',
    20,
)
_ARROW = _icon('<path d="M3 12h.01M7.5 12h.01M12 12h.01M18 8.5l3.5 3.5-3.5 3.5"/>', 28, 1.6)
_SHIELD = _icon('<path d="M12 3 4.5 6v5.5c0 4.6 3 7.7 7.5 9.5 4.5-1.8 7.5-4.9 7.5-9.5V6z"/>')
_PEOPLE = '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20v-1a5 5 0 0 1 5-5h3a5 5 0 0 1 5 5v1M16 4.8a3.5 3.5 0 0 1 0 6.4M18.5 14.5a5 5 0 0 1 3 4.5v1"/>'
_BOX = '<path d="M12 3 4 7.5v9L12 21l8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9"/>'
_CLOCK = '<path d="M4 12a8 8 0 1 0 2.5-5.8M4 4.5V8h3.5M12 8v4.5l3 2"/>'

_ASKS = {
    "read_customers": ("Customers", "Name, e-mail, number of orders, total spent, tags, note.", _PEOPLE),
    "read_orders": (
        "Orders of the last 60 days",
        "Line items, payment and fulfillment status, parcels, tracking.",
        _BOX,
    ),
    "read_fulfillments": ("Fulfillment services", "News of parcels as they are sent and delivered.", _BOX),
    "read_customer_merge": ("Merged customers", "Which customers were merged into one.", _PEOPLE),
    "read_all_orders": ("Orders older than 60 days", "The same, for the whole history of the store.", _CLOCK),
}


def consent_page(request: Request, store: Store, app_name: str, ticket: str) -> str:
    granted = request.granted(store)
    held_back = "read_all_orders" in request.scopes and "read_all_orders" not in granted
    name = escape(app_name)
    return page_of(
        f"Connect {name} to {escape(store.handle)}",
        f"""
      <div class="who">
        <span class="app" aria-hidden="true">{escape(_initials(app_name))}</span>{_ARROW}<span class="shop">{_SHOP}</span>
        <span class="badge">{_BOXED_DASH}Sandbox</span>
      </div>
      <h1>Connect {name} to {escape(store.handle)}</h1>
      <p class="lead">{escape(store.domain)} · signed in as {_signed_in(store)}</p>
      <h2>{name} asks to read</h2>
      <ul class="asks">{"".join(_ask(scope) for scope in granted)}</ul>
      {_note(_INFO, "It also asks for orders older than 60 days. This store has not opened them to apps, so approval leaves them out.") if held_back else ""}
      {_note(_SHIELD, "It cannot change anything in the store and cannot see card numbers. You can uninstall it at any time.")}
      <form id="decision" method="post" action="/{escape(store.domain)}/admin/oauth/decision">
        <input type="hidden" name="ticket" value="{escape(ticket)}">
        <div class="choices">
          <button class="yes" name="decision" value="approve">Approve</button>
          <button class="no" name="decision" value="deny">Cancel</button>
        </div>
      </form>
      <p class="back">You return to <b>{escape(request.target.hostname or "")}</b> either way</p>""",
    )


def stores_page(stores: Iterable[Store], app_name: str) -> str:
    rows = "".join(
        f"<li><b>{escape(store.domain)}</b><span>{len(store.customers)} customers, {len(store.orders)} orders, "
        f"{'all of them open to apps' if store.all_orders else 'the last 60 days open to apps'}</span></li>"
        for store in stores
    )
    return page_of(
        "Sandbox stores",
        f"""
      <h1>Sandbox stores</h1>
      <p class="lead">To connect one, start in {escape(app_name)} and enter its address. Clock, faults, webhooks and what
      happens in the stores are set on the <a href="/_sandbox/">control page</a>.</p>
      <ul class="stores">{rows}</ul>""",
    )


def error_page(title: str, detail: str) -> str:
    return page_of(
        escape(title),
        f"""
      <h1>{escape(title)}</h1>
      <p class="lead">{escape(detail)}</p>""",
    )


def _signed_in(store: Store) -> str:
    return f"{escape(store.owner)}, store owner" if store.owner else "the store owner"


def _ask(scope: str) -> str:
    title, detail, paths = _ASKS[scope]
    return (
        f'<li><span class="icon">{_icon(paths)}</span><div><div class="head"><span>{escape(title)}</span>'
        f"<code>{escape(scope)}</code></div><p>{escape(detail)}</p>"
        f'<label class="without"><input type="checkbox" form="decision" name="without" value="{escape(scope)}">'
        "Leave this out (a testing aid)</label></div></li>"
    )


def _note(icon: str, words: str) -> str:
    return f'<p class="note">{icon}<span>{escape(words)}</span></p>'


def _initials(name: str) -> str:
    capitals = [letter for letter in name if letter.isupper()] or [name[:1].upper()]
    return capitals[0] + (capitals[-1] if len(capitals) > 1 else "")


def page_of(title: str, body: str, *, card: str = "card") -> str:
    """The frame of every page; `title` and `body` are already escaped."""
    return f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title} · sandbox</title>
  <link rel="stylesheet" href="{STYLE_PATH}">
</head>
<body>
  <header class="banner">{_INFO}<p><strong>Sandbox store</strong> This screen stands in for Shopify’s. No real shop and no real people are behind it.</p></header>
  <main>
    <div class="{card}">{body}
    </div>
  </main>
</body>
</html>
"""
