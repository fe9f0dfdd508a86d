"""Gives every request an id, which answers carry and log lines repeat."""

import logging
import time
from collections.abc import Callable
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse

from versana.observability import context

log = logging.getLogger("versana.requests")
KEYS_IN_PATH = ("/account/", "/invitation/", "/welcome/")


class RequestContextMiddleware:
    """One line a request: method, path, status, milliseconds. Query strings are not logged: a callback's carries secrets."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = context.new_id()
        started = time.perf_counter()
        with context.bound(request=request_id, client=_family(request)):
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            log.info("%s %s %s in %s ms", request.method, _path(request), response.status_code, milliseconds)
        return response


def _family(request: HttpRequest) -> str:
    """The family of the client's address, for the audit log: ipv4, ipv6, or nothing. The address itself is not kept."""
    try:
        return f"ipv{ip_address(request.META.get('REMOTE_ADDR', '')).version}"
    except ValueError:
        return ""


def _path(request: HttpRequest) -> str:
    """The path, but of pages whose path may carry a key (a password reset, an invitation) its pattern."""
    prefix = next((prefix for prefix in KEYS_IN_PATH if request.path.startswith(prefix)), None)
    if prefix is None:
        return request.path
    return f"/{request.resolver_match.route}" if request.resolver_match else prefix
