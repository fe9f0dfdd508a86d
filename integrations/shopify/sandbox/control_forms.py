"""The forms of the control page, which become the same actions as JSON does.

Other sites can post forms here, so each carries a token that only this page knows, and the browser's word about where
it came from is believed too.
"""

import hmac
import json
import math
import secrets
from urllib.parse import parse_qs, urlencode

from integrations.shopify.sandbox.call import Call
from integrations.shopify.sandbox.control import answer_control
from integrations.shopify.sandbox.control_page import Notice, control_page
from integrations.shopify.sandbox.responses import Response, page, redirect
from integrations.shopify.sandbox.sandbox import Sandbox

_TOKEN = secrets.token_urlsafe(18)
# An order needs more than its name to be tracked; from the page it is delivered.
_EXTRA = {"orders/track": {"status": "DELIVERED"}}


def show(sandbox: Sandbox, call: Call) -> Response:
    """The page; `?done=` and `?wrong=` tell what came of the last form, `?q=` narrows the stores."""
    given = {name: values[0] for name, values in parse_qs(call.query).items()}
    notice = None
    if given.get("wrong"):
        notice = Notice(given["wrong"][:300], wrong=True)
    elif given.get("done"):
        notice = Notice(f"Done: {given['done'][:60].replace('/', ', ')}.")
    return page(control_page(sandbox, _TOKEN, search=given.get("q", "")[:60], notice=notice))


def follow(sandbox: Sandbox, call: Call) -> Response:
    """Do what a form asks, then back to the page, so that reloading it does nothing twice."""
    try:
        form = {
            name: values[-1] for name, values in parse_qs(call.body.decode("ascii"), keep_blank_values=True).items()
        }
    except ValueError:
        form = {}
    if not _own(call, form.pop("token", "")):
        return page(
            control_page(sandbox, _TOKEN, notice=Notice("That form was not this page's; try again.", wrong=True)), 403
        )
    action = form.pop("action", "")
    try:
        body = {**_values(form), **_EXTRA.get(action, {})}
    except ValueError:
        return _back(action, "A number is not a number.")
    if action == "faults/clear":
        sandbox.faults.clear(body.get("number"))  # type: ignore[arg-type]
        return _back(action, None)
    answered = answer_control(sandbox, "POST", action, json.dumps(body).encode())
    return _back(action, None if answered.status == 200 else str(answered.body.get("error", "It did not work.")))


def _own(call: Call, token: str) -> bool:
    site = call.headers.get("sec-fetch-site", "same-origin")
    return site in ("same-origin", "none") and hmac.compare_digest(token.encode(), _TOKEN.encode())


def _values(form: dict[str, str]) -> dict[str, object]:
    """Fields as JSON values, by the prefix of their name; what is empty is left out."""
    values: dict[str, object] = {}
    for field, text in form.items():
        kind, _, name = field.rpartition(":")
        if kind == "flag":
            values[name] = bool(text)
        elif kind == "list":
            values[name] = [part.strip() for part in text.split(",") if part.strip()]
        elif not text:
            continue
        elif kind == "number":
            number = float(text)
            if not math.isfinite(number):
                raise ValueError(text)
            values[name] = int(number) if number.is_integer() else number
        else:
            values[name] = text
    return values


def _back(action: str, wrong: str | None) -> Response:
    kind = action.partition("/")[0]
    place = {"orders": "stores", "compliance": "stores", "settings": "clock"}.get(kind, kind)
    query = urlencode({"wrong": wrong} if wrong else {"done": action})
    return redirect(f"/_sandbox/?{query}#{place if place.isalpha() else ''}", 303)
