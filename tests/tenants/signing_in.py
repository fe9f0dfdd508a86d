"""The steps of signing in and out that tests of accounts take, through Django's client."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from tenants import sealed_factors
from tenants.models import User
from tests.app_codes import code_of
from tests.conftest import PASSWORD, Cast, make_cast

LOGIN, SECOND_STEP, CONFIRM, CONFIRM_BY_CODE = (
    "/account/login/",
    "/account/2fa/authenticate/",
    "/account/reauthenticate/",
    "/account/2fa/reauthenticate/",
)
SET_UP = "/account/2fa/totp/activate/"


@pytest.fixture
def cast(db: None, settings: object) -> Cast:
    """The cast with passwords. Without static files: collecting them anew for every client takes longer than a test."""
    unserved = "whitenoise.middleware.WhiteNoiseMiddleware"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != unserved]  # type: ignore[attr-defined]
    return make_cast()


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for the commit happens at once, inside its request: tests roll back and would never see it."""
    monkeypatch.setattr(transaction, "on_commit", lambda func, using=None, robust=False: func())


def wrong_code(secret: str) -> str:
    """Six digits that no neighbouring half minute shows."""
    near = {code_of(secret, at=time.time() + 30 * step) for step in range(-3, 4)}
    return next(
        code
        for code in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777")
        if code not in near
    )


def with_app(user: User) -> str:
    """Give a person an authenticator app and recovery codes. The app's key."""
    secret = generate_totp_secret()
    with sealed_factors.of(user.pk):
        TOTP.activate(user, secret)
        RecoveryCodes.activate(user)
    return secret


def recovery_codes(user: User) -> list[str]:
    with sealed_factors.of(user.pk):
        return RecoveryCodes(Authenticator.objects.get(user=user, type="recovery_codes")).get_unused_codes()


def password_step(client: Client, user: User, *, password: str = PASSWORD, next_to: str = "") -> HttpResponse:
    data = {"login": user.email, "password": password}
    return client.post(LOGIN, data | ({"next": next_to} if next_to else {}))


def code_step(client: Client, code: str) -> HttpResponse:
    return client.post(SECOND_STEP, {"code": code})


def sign_in(client: Client, user: User, secret: str = "") -> Client:
    assert password_step(client, user).status_code == 302
    if secret:
        assert code_step(client, code_of(secret)).status_code == 302
    assert is_in(client)
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def confirm(client: Client) -> None:
    assert client.post(CONFIRM, {"password": PASSWORD}).status_code == 302


def set_up_app(client: Client) -> str:
    """The pages of setting up an app, after confirming who one is."""
    client.get(SET_UP)
    secret = str(client.session["mfa.totp.secret"])
    response = client.post(SET_UP, {"code": code_of(secret)})
    assert response.status_code == 302, response.content
    return secret
