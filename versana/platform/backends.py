"""Sign-in of platform staff, which writes nothing about the person but the time."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from tenants.models import User


class PlatformBackend(ModelBackend):
    """Django's own, without bringing an old hash up to date: the role may not write passwords."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if username is None or password is None:
            return None
        try:
            user = User.objects.get_by_natural_key(username)
        except User.DoesNotExist:
            make_password(password)  # as long as for somebody who exists
            return None
        matches = check_password(password, user.password)
        return user if matches and self.user_can_authenticate(user) else None
