"""The values of an audit row in words: what each is called, and how it reads. What is not known here is shown as it stands.

A row may be of a later version, or older than a rule: nothing here may fail on what it finds.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.utils import dateformat, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from tenants.roles import Role

# A value longer than this is cut: an audit page is for finding, the export for reading everything.
LONGEST = 240
MOST_IN_A_LIST = 12
Names = Mapping[str, str]  # "member 3" -> what the page calls them

_CALLED: dict[str, str | Promise] = {
    "change": gettext_lazy("what"),
    "changed": gettext_lazy("what was changed"),
    "merged": gettext_lazy("number of the other contact"),
    "client_id": gettext_lazy("client ID"),
    "customer": gettext_lazy("customer’s number in Shopify"),
    "erase_after": gettext_lazy("to be erased on"),
    "factors": gettext_lazy("factors removed"),
    "handover": gettext_lazy("offer of the ownership"),
    "handovers_ended": gettext_lazy("offers of the ownership that ended with it"),
    "invitations_revoked": gettext_lazy("invitations revoked with it"),
    "kind": gettext_lazy("kind of factor"),
    "length": gettext_lazy("sealed entries"),
    "member": gettext_lazy("joined as"),
    "orders": gettext_lazy("orders named"),
    "reason": gettext_lazy("how it ended"),
    "request": gettext_lazy("request"),
    "required": gettext_lazy("second factor required"),
    "role": gettext_lazy("role"),
    "scopes": gettext_lazy("permissions"),
    "shopify_request": gettext_lazy("request’s number in Shopify"),
    "support_addresses": gettext_lazy("support addresses"),
    "time_zone": gettext_lazy("time zone"),
}
_REASONS = {"declined": gettext_lazy("declined"), "withdrawn": gettext_lazy("withdrawn")}
_KINDS = {"totp": gettext_lazy("authenticator app"), "webauthn": gettext_lazy("passkey")}
_SECRETS = {
    "secret": gettext_lazy("the client secret"),
    "rotation_ended": gettext_lazy("the previous client secret counts no more"),
}
_WORDS = {
    None: gettext_lazy("nothing"),
    True: gettext_lazy("yes"),
    False: gettext_lazy("no"),
    "": gettext_lazy("empty"),
}


def called(name: str, names: Names) -> str:
    """What a value is called; a member, whose role a row tells, by their name."""
    return names.get(name) or str(_CALLED.get(name, name.replace("_", " ")))[:60]


def text(value: object, *, of: str, names: Names) -> str:
    """How a value called `of` reads."""
    if isinstance(value, list):
        more = [_("and %(n)d more") % {"n": len(value) - MOST_IN_A_LIST}] if len(value) > MOST_IN_A_LIST else []
        parts = [text(one, of=of, names=names) for one in value[:MOST_IN_A_LIST]]
        return ", ".join([*parts, *more]) or str(_WORDS[None])
    if isinstance(value, Mapping):
        parts = [f"{called(str(name), names)}: {text(part, of=str(name), names=names)}" for name, part in value.items()]
        return ", ".join(parts)[:LONGEST]
    if value is None or isinstance(value, bool) or value == "":
        return str(_WORDS[value])
    read = _member(str(value), names) if of == "member" else _READ.get("role" if of in names else of, str)(str(value))
    return read if len(read) <= LONGEST else read[:LONGEST] + "…"


def _member(number: str, names: Names) -> str:
    return names.get(f"member {number}", number)


def _role(value: str) -> str:
    return str(Role(value).label).lower() if value in Role.values else value


def _numbered(value: str) -> str:
    return _("no. %(number)s") % {"number": value}


def _plain(value: str) -> str:
    """A handle: read_orders."""
    return value.replace("_", " ")


def _moment(value: str) -> str:
    """In the reader's zone."""
    try:
        when = timezone.localtime(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return value
    return dateformat.format(when, pgettext("date: Nov 20, 2026, 08:34", "M j, Y, H:i"))


def _one_of(words: Mapping[str, Promise]) -> Callable[[str], str]:
    return lambda value: str(words.get(value, value))


_READ: dict[str, Callable[[str], str]] = {
    "change": _one_of(_SECRETS),
    "erase_after": _moment,
    "handover": _numbered,
    "handovers_ended": _numbered,
    "invitations_revoked": _numbered,
    "kind": _one_of(_KINDS),
    "reason": _one_of(_REASONS),
    "request": _numbered,
    "role": _role,
    "scopes": _plain,
}
