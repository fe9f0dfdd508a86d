"""Who is signed in to the administration: staff, asked for anew at each request by the one function that knows them."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from tenants.models import User
from tenants.rls import staff
from versana.platform import sign_in


class PlatformBackend(BaseBackend):
    """Without a code nobody is anybody: there is no way in by the password alone."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", code: str = "", **kwargs: Any
    ) -> User | None:
        if request is None or not (username and password and code):
            return None
        address = str(request.META.get("REMOTE_ADDR", ""))
        return sign_in.sign_in(email=username, password=password, code=code, address=address)

    def get_user(self, user_id: int) -> User | None:
        """None as soon as somebody is no longer staff: their session ends with it."""
        return staff.account(user_id)
