"""Faults on demand: which answers the sandbox gives instead of the right one, where, and how often.

`FAULTS` is the whole vocabulary. A fault stands for one shop or for all, for one kind of call or for all, for the next
N calls or until it is cleared; the oldest one that fits a call is used. What it does to the answer is in `faulty`.
"""

import itertools
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

LONGEST_WAIT = 120.0
KINDS = ("all", "graphql", "token", "code", "refresh", "exchange")

# Answers by status alone, whatever was asked.
STATUSES = {
    "400": "Bad request.",
    "401": "The token is unknown: `errors` is a text, not a list.",
    "402": "The shop is frozen: its bill is unpaid.",
    "403": "Forbidden.",
    "404": "The shop is gone, or the version is.",
    "423": "The shop is locked.",
    "429": "Too many requests, with Retry-After (option retry_after, default '2.0').",
    "430": "Shopify's security rejection.",
    "500": "Shopify failed; an HTML page.",
    "502": "Bad gateway; an HTML page.",
    "503": "Unavailable; an HTML page (option retry_after).",
    "504": "Gateway timeout; an HTML page.",
    "520": "The edge could not read Shopify's answer.",
    "530": "The edge could not find Shopify.",
    "540": "The shop is temporarily disabled.",
}
# GraphQL answers: 200 with errors, or with data that is not to be trusted.
GRAPHQL = {
    "throttled": "200 and THROTTLED: the bucket is empty (option available, default 10).",
    "internal_error": "200 and INTERNAL_SERVER_ERROR without data.",
    "max_cost": "200 and MAX_COST_EXCEEDED.",
    "too_many_errors": "Partial data and `Too many execution errors, max error limit reached. Results truncated`.",
    "access_denied_scope": "Fields of one scope (option scope, default read_customers) are refused; the rest is there.",
    "access_denied_protected": "Level-2 personal data is not approved (option level: none or level1); the rest is there.",
    "search_warning": "Every search field is unknown: ignored with a warning, everything is returned.",
    "unknown_enums": "Enum values that the schema does not have.",
    "nulls": "Nulls anywhere, also where the schema says never (options share, seed, path).",
    "search_silent": "Searches are ignored without a word: everything is returned.",
    "other_customer": "Whoever is asked for, another customer of the store is answered.",
    "other_order": "Whichever order is asked for by its id, another one of the store is answered.",
    "wrong_email": "Another person's e-mail in every answer (option email).",
}
# Answers that are broken as HTTP, of any kind of call.
TRANSPORT = {
    "slow": "The right answer after a while (option seconds, default 5).",
    "timeout": "No answer at all until `seconds` have passed (default 30), then the connection closes. Nothing was done.",
    "drop": "The connection closes without an answer. Nothing was done.",
    "lost_answer": "The call takes effect, then the connection closes: the answer is lost.",
    "redirect": "302 to another host (option location).",
    "wrong_content_type": "The right body, said to be text/html.",
    "not_json": "200 and an HTML page, said to be JSON.",
    "empty": "200 and no body.",
    "truncated": "The right answer, cut in the middle; the connection closes.",
    "huge": "200 and a body of many bytes (option bytes, default 30 MB).",
    "not_utf8": "200 and JSON with bytes that are no UTF-8.",
}
TOKEN = {
    "invalid_grant": "400 invalid_grant: the refresh token is dead.",
    "inactive_refresh_token": "401 invalid_request: `This request requires an active refresh_token`.",
    "fewer_scopes": "Tokens with fewer scopes than approved (option scope: the one that is left, default read_orders).",
}
FAULTS = STATUSES | GRAPHQL | TRANSPORT | TOKEN
_OPTIONS: dict[str, type | tuple[type, ...]] = {
    "retry_after": str,
    "seconds": (int, float),
    "available": int,
    "scope": str,
    "level": str,
    "share": (int, float),
    "seed": int,
    "path": str,
    "email": str,
    "location": str,
    "bytes": int,
}


class FaultError(ValueError):
    """A fault that cannot be played; the message says why."""


@dataclass
class Fault:
    """One fault that stands; `left` is None while it stands until it is cleared."""

    number: int
    name: str
    shop: str | None
    kind: str
    operation: str | None
    left: int | None
    used: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def fits(self, shop: str, kind: str, operation: str | None) -> bool:
        if self.left == 0 or self.shop not in (None, shop) or self.operation not in (None, operation):
            return False
        if self.name in GRAPHQL and kind != "graphql":
            return False
        if self.name in TOKEN and kind == "graphql":
            return False
        return self.kind in ("all", kind) or (self.kind == "token" and kind != "graphql")


class FaultBook:
    """The faults that stand. Safe to use from many threads: of ten calls, `times=3` hits exactly three."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)

    def add(
        self,
        name: str,
        *,
        shop: str | None = None,
        kind: str = "all",
        operation: str | None = None,
        times: int | None = None,
        **options: Any,
    ) -> Fault:
        """Let a fault stand. Raises FaultError if there is no such fault, kind or option."""
        _check(name, kind, times, options)
        with self._lock:
            fault = Fault(next(self._numbers), name, shop, kind, operation, times, 0, dict(options))
            self._faults.append(fault)
        return fault

    def take(self, shop: str, kind: str, operation: str | None) -> Fault | None:
        """The fault for this call, used up by one; None if the call is to be answered rightly."""
        with self._lock:
            for fault in self._faults:
                if fault.fits(shop, kind, operation):
                    fault.used += 1
                    fault.left = None if fault.left is None else fault.left - 1
                    return fault
        return None

    def clear(self, number: int | None = None) -> None:
        with self._lock:
            self._faults = [] if number is None else [fault for fault in self._faults if fault.number != number]

    def rows(self) -> list[dict[str, Any]]:
        """Those that still stand, oldest first."""
        with self._lock:
            return [asdict(fault) for fault in self._faults if fault.left != 0]


def _check(name: str, kind: str, times: int | None, options: dict[str, Any]) -> None:
    if name not in FAULTS:
        raise FaultError(f"There is no fault {name!r}; there are {', '.join(FAULTS)}.")
    if kind not in KINDS:
        raise FaultError(f"kind is one of {', '.join(KINDS)}.")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise FaultError("times is a whole number of calls, 1 or more, or null: until it is cleared.")
    for key, value in options.items():
        if key not in _OPTIONS or not isinstance(value, _OPTIONS[key]) or isinstance(value, bool):
            raise FaultError(
                f"{key!r} is no option, or its value is of the wrong type; there are {', '.join(_OPTIONS)}."
            )
    if not 0 <= options.get("seconds", 0) <= LONGEST_WAIT:
        raise FaultError(f"seconds is at most {LONGEST_WAIT:.0f}.")
    if not 0 <= options.get("bytes", 0) <= 1_000_000_000:
        raise FaultError("bytes is at most a thousand million.")
    if options.get("level", "level1") not in ("none", "level1"):
        raise FaultError("level is 'none' or 'level1'.")
