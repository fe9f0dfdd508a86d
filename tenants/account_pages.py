"""What holds for every page of a person's own account: it stays in no cache, and a lost sealing key is told, not a crash."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from tenants.crypto.sealing import SealError

PREFIX = "/account/"


class AccountPagesMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(PREFIX):
            # Seeds, recovery codes and addresses stand on these pages; Back after signing out asks anew.
            patch_cache_control(response, private=True, no_store=True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Recovery codes that no key opens. Sign-in's second step says so itself, beside its field."""
        if isinstance(exception, SealError) and request.path_info.startswith(PREFIX):
            return render(request, "account/unreadable.html", status=503)
        return None
