"""What holds for every page of a person's own account: it stays in no cache, and a lost sealing key is told, not a crash.

A factor is given up together with the row in the audit log that says so, or not at all.
"""

import re
from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from tenants.crypto.sealing import SealError
from tenants.models import User

PREFIX = "/account/"
_GIVING_UP = re.compile(r"/account/2fa/(?:totp/deactivate|webauthn/keys/\d+/remove)/")


class AccountPagesMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        giving_up = request.method == "POST" and _GIVING_UP.fullmatch(request.path_info)
        response = self._as_one(request) if giving_up else self.get_response(request)
        if request.path_info.startswith(PREFIX):
            # Seeds, recovery codes and addresses stand on these pages; Back after signing out asks anew.
            patch_cache_control(response, private=True, no_store=True)
        return response

    def _as_one(self, request: HttpRequest) -> HttpResponse:
        """In one transaction, which allauth opens none around its deleting and our row. The person is locked: of two factors
        given up in two tabs at once, the second finds the first one gone."""
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).filter(pk=request.user.pk or 0).first()
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Recovery codes that no key opens. Sign-in's second step says so itself, beside its field."""
        if isinstance(exception, SealError) and request.path_info.startswith(PREFIX):
            return render(request, "account/unreadable.html", status=503)
        return None
