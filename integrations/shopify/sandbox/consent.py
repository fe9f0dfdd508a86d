"""The authorization request: checked, kept until the owner decides, answered by a signed redirect."""

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

from integrations.shopify.sandbox.clients import ClientBook
from integrations.shopify.sandbox.installing import host_of
from integrations.shopify.sandbox.signing import signed_query
from integrations.shopify.sandbox.stores import Store

KNOWN_SCOPES = ("read_customers", "read_orders", "read_all_orders", "read_fulfillments", "read_customer_merge")
# Open consent pages that nobody answers must not pile up.
_MOST_PENDING = 1000
_HOST = re.compile(r"[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\]")


class Refusal(Exception):
    """A request that cannot become a consent page; shown to the person as a plain page, never redirected."""

    def __init__(self, title: str, detail: str, status: int = 400) -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.status = status


@dataclass(frozen=True)
class Request:
    """A well-formed authorization request for one store."""

    shop: str
    client_id: str
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str

    @property
    def target(self) -> SplitResult:
        return urlsplit(self.redirect_uri)

    @property
    def origin(self) -> str:
        return f"{self.target.scheme}://{self.target.netloc}"

    def granted(self, store: Store, without: Collection[str] = ()) -> tuple[str, ...]:
        """What approval gives: read_all_orders only where the store allows it, silently dropped elsewhere.

        `without` are scopes that were left out on the consent page, which Shopify's own does not offer.
        """
        return tuple(
            scope for scope in self.scopes if scope not in without and (scope != "read_all_orders" or store.all_orders)
        )


def read_request(query: str, store: Store, clients: ClientBook) -> Request:
    given = _single_values(query)
    for name in ("client_id", "scope", "redirect_uri", "state"):
        if not given.get(name):
            raise Refusal("Something is missing from the link", f"The app's link to this page has no {name}.")
    if clients.find(given["client_id"]) is None:
        raise Refusal(
            "This app is not known here",
            "Oauth error invalid_request: Could not find an application with this client_id.",
        )
    if given.get("grant_options[]"):
        raise Refusal(
            "Online tokens are not played", "The sandbox issues offline tokens only; leave out grant_options[]."
        )
    return Request(
        shop=store.domain,
        client_id=given["client_id"],
        scopes=_scopes(given["scope"]),
        redirect_uri=_redirect(given["redirect_uri"]),
        state=given["state"],
    )


def _single_values(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=30, errors="strict")
    except ValueError as error:
        raise Refusal("The link cannot be read", "Its parameters are not well-formed.") from error
    values = dict(pairs)
    if len(values) != len(pairs):
        raise Refusal("The link cannot be read", "A parameter is there twice.")
    return values


def _scopes(text: str) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(part for part in re.split(r"[,\s]+", text) if part))
    unknown = [scope for scope in asked if scope not in KNOWN_SCOPES]
    if unknown:
        raise Refusal(
            "The app asks for something unknown",
            f"Oauth error invalid_scope: {unknown[0][:60]} is none of {', '.join(KNOWN_SCOPES)}.",
        )
    if not asked:
        raise Refusal("Something is missing from the link", "The app's link to this page has no scope.")
    return asked


def _redirect(address: str) -> str:
    try:
        target = urlsplit(address)
        sound = target.scheme in {"http", "https"} and _HOST.fullmatch(
            target.netloc.rsplit(":", 1)[0] if target.port else target.netloc
        )
    except ValueError:
        sound = None
    if not sound or target.fragment or not address.isprintable() or " " in address:
        raise Refusal(
            "The app's return address cannot be used",
            "Oauth error invalid_request: The redirect_uri must be an http or https address.",
        )
    return address


class PendingRequests:
    """Requests that wait for the owner's decision; each can be decided once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: OrderedDict[str, Request] = OrderedDict()

    def keep(self, request: Request) -> str:
        ticket = secrets.token_urlsafe(18)
        with self._lock:
            self._requests[ticket] = request
            while len(self._requests) > _MOST_PENDING:
                self._requests.popitem(last=False)
        return ticket

    def take(self, ticket: str, shop: str) -> Request:
        with self._lock:
            request = self._requests.get(ticket)
            if request is not None and request.shop == shop:
                return self._requests.pop(ticket)
        raise Refusal(
            "This request is no longer open",
            "It was answered already, or the sandbox was restarted. Go back to the app and start again.",
        )


def callback_url(request: Request, store: Store, secret: str, code: str | None) -> str:
    """Where the browser goes next: with a code, or with Shopify's denial; signed either way."""
    # The real clock, not the sandbox's: the app compares it with its own.
    parameters = {
        "host": host_of(store),
        "shop": store.domain,
        "state": request.state,
        "timestamp": str(int(time.time())),
    }
    if code is None:
        parameters |= {"error": "access_denied", "error_description": "The merchant declined the installation."}
    else:
        parameters["code"] = code
    separator = "&" if request.target.query else "?"
    return f"{request.redirect_uri}{separator}{signed_query(parameters, secret)}"
