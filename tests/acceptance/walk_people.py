"""The people's way: every link, password, code and session of an installation from its first run on, each brought to its doors,
also while a place behind the door fails."""

import re
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from allauth.account.forms import UserTokenForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, RequestFactory

from tenants import accounts, audit, first_run, invitations, sealed_factors
from tenants.accounts import FactorAdapter
from tenants.forms import second_factor
from tenants.models import User
from tenants.outbox import mail as outbox_mail
from tenants.outbox.models import QueuedMail
from tenants.views import first_run as first_run_view
from tenants.views import invitations as invitations_view
from tests.acceptance.walk import Walk, forced, new
from tests.app_codes import code_of
from tests.conftest import PASSWORD
from tests.tenants.signing_in import CONFIRM, LOGIN, SECOND_STEP, SET_UP
from tests.walking import soup_of, work

RESET, ADDRESS, CODES = "/account/password/reset/", "/account/email/", "/account/2fa/recovery-codes/"
MEMBERS, INVITE = "/acme/settings/members/", "/acme/settings/members/invite/"
# Link in a mail, and the part of it that is the secret.
LINKS = {
    "invitation token": r"/invitation/([\w-]+)/",
    "password-reset key": r"/account/password/reset/key/\w+-\w+-(\w+)/",
    "address-confirmation key": r"/account/confirm-email/[\w-]+:[\w-]+:([\w-]+)/",
}


class Visitor:
    """A browser that sends forms with their token; whatever comes back goes into the sinks, errors included."""

    def __init__(self, walk: Walk, user: User | None = None) -> None:
        self.walk, self.client = walk, Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.who = "signed in" if user else "anonymous"
        if user:
            self.client.force_login(user)

    def get(self, path: str) -> HttpResponse:
        return self._seen(path, self.client.get(path))

    def post(self, path: str, form: dict[str, str] | None = None, *, page: str = "") -> HttpResponse:
        field = soup_of(self.get(page or path)).select_one("[name=csrfmiddlewaretoken]")
        token = str(field["value"]) if field else self.client.cookies["csrftoken"].value
        if field:
            self.walk.learn("CSRF token in a form", token, most=2)
        return self._seen(path, self.client.post(path, {**(form or {}), "csrfmiddlewaretoken": token}))

    def forge(self, path: str) -> None:
        """What a form of another site sends, and a method that no page takes: both are refused and logged."""
        for answer in (self.client.post(path, {}), self.client.put(path)):
            self._seen(path, answer)

    def sign_in(self, user: User, password: str, code: str = "") -> HttpResponse:
        user.refresh_from_db()  # The address may be another by now.
        answer = self.post(LOGIN, {"login": user.email, "password": password})
        if code:
            answer = self.post(SECOND_STEP, {"code": code})
        self.who = "signed in" if answer.status_code == 302 else self.who
        return answer

    def _seen(self, path: str, response: HttpResponse) -> HttpResponse:
        self.walk.steps += 1
        self.walk.sinks.response(response, self.who)
        if error := response.exc_info:  # type: ignore[attr-defined]  # the test client's
            self.walk.raised += 1
            self.walk.sinks.error(error[1], RequestFactory().get(path))
        for kind, name in (("CSRF cookie", "csrftoken"), ("session key", "sessionid")):
            if name in self.client.cookies and self.client.cookies[name].value:
                self.walk.learn(kind, self.client.cookies[name].value, most=2)
        return response


# --- Before there is anybody ------------------------------------------------------------------------------------------
def opened(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link on the console, and the form behind it, until it works."""
    said = StringIO()
    call_command("first_run", stdout=said)
    walk.sinks.put("console of the first run", said.getvalue())
    link = re.findall(r"/welcome/[\w-]+/", said.getvalue())[0]
    walk.learn("first-run token", link.split("/")[2])
    walk.link["first-run token"] = link
    form = {
        "workspace_name": "First", "slug": "first", "time_zone": "UTC", "name": "Fiona", "email": "fiona@first.example",
        "password": walk.known["password"],
    }  # fmt: skip
    refused = {**form, "password": walk.known["mistyped password"][:11]}
    for site, data in (
        ((accounts, "create"), form),
        ((first_run, "check"), form),
        ((first_run, "hash_of"), form),
        ((first_run_view, "render_page"), refused),
    ):
        with monkeypatch.context() as patched:
            visitor = Visitor(walk)
            visitor.get("/account/login/")
            patched.setattr(*site, forced)
            visitor.get(link)
            visitor.post("/welcome/", data)
    visitor = Visitor(walk)
    visitor.forge(link)
    visitor.get(link)
    visitor.post("/welcome/", refused)
    assert visitor.post("/welcome/", form).status_code == 302
    assert visitor.get(link).status_code == 404


# --- Doors and what is brought to them ---------------------------------------------------------------------------------
def newest_link(walk: Walk, kind: str) -> str:
    """The link in the newest mail that has one, before a worker has sent it."""
    for message in QueuedMail.objects.order_by("-pk").values_list("message", flat=True):
        if found := re.search(LINKS[kind], bytes(message).decode()):
            walk.learn(kind, found[1])
            walk.link[kind] = found[0]
            # Signed by the second: the page of an address signs a key of its own, which within it would be the mail's.
            time.sleep(1.1 if kind == "address-confirmation key" else 0)
            return found[0]
    raise AssertionError(f"no mail with a link for {kind}")


def sent(walk: Walk) -> None:
    """Deliver what waits; the mails that went out."""
    walk.sinks.put("rows: queued mails", [bytes(m) for m in QueuedMail.objects.values_list("message", flat=True)])
    mail.outbox = []
    work()
    for message in mail.outbox:
        walk.sinks.put("mails sent", message.message().as_bytes())


def invited(walk: Walk, email: str) -> str:
    olivia = Visitor(walk, walk.cast.olivia.user)
    assert olivia.post(INVITE, {"email": email, "role": "agent"}, page=MEMBERS).status_code == 302
    return newest_link(walk, "invitation token")


def prepared(walk: Walk) -> None:
    """One live secret of each kind, none of them used yet."""
    invited(walk, "nina@elsewhere.example")
    Visitor(walk).post(RESET, {"email": walk.cast.olivia.user.email})
    newest_link(walk, "password-reset key")
    adam = Visitor(walk, walk.cast.adam.user)
    adam.post(CONFIRM, {"password": PASSWORD})
    adam.post(ADDRESS, {"email": "adam@new.example", "action_add": ""})
    newest_link(walk, "address-confirmation key")
    with_known_factors(walk, walk.cast.adam.user)
    sent(walk)


def with_known_factors(walk: Walk, user: User) -> None:
    """An app, and recovery codes long enough to be recognised: allauth's own have eight digits, as many numbers do."""
    secret = generate_totp_secret()
    walk.learn("TOTP secret", secret)
    codes = [new("rc") for _ in range(4)]
    kinds = ("recovery code tried while a place fails", "recovery code", "second recovery code", "unused recovery code")
    for kind, code in zip(kinds, codes, strict=True):
        walk.learn(kind, code)
    with sealed_factors.of(user.pk):
        TOTP.activate(user, secret)
        data = {"migrated_codes": [get_adapter().encrypt(code) for code in codes], "used_mask": 0}
    Authenticator.objects.create(user=user, type="recovery_codes", data=data)


def knock(walk: Walk, insider: Visitor) -> None:
    """Every door once, with what opens it; and the pages that show it to somebody who is in."""
    visitor = Visitor(walk)
    visitor.get("/account/login/")
    for link in walk.link.values():
        visitor.get(link)
    visitor.post(walk.link["invitation token"], {"name": "Nina", "password": walk.known["password"]})
    visitor.post(walk.link["address-confirmation key"])
    visitor.sign_in(walk.cast.ava.user, walk.known["mistyped password"])
    visitor.sign_in(walk.cast.ava.user, walk.known["password"])
    Visitor(walk).sign_in(walk.cast.adam.user, PASSWORD, walk.known["recovery code tried while a place fails"])
    for path in (SET_UP, CODES, f"{CODES}download/", "/account/", "/account/sessions/"):
        insider.get(path)


SITES: dict[str, tuple[object, str]] = {
    "the first run's link is checked": (first_run, "check"),
    "the invitation is looked up": (invitations, "find"),
    "the invitation's page is made": (invitations_view, "render_page"),
    "the account is made": (accounts, "create"),
    "the reset's key is checked": (UserTokenForm, "clean"),
    "the address is confirmed": (accounts.AccountAdapter, "confirm_email"),
    "the password is checked": (User, "check_password"),
    "the factor is sealed": (FactorAdapter, "encrypt"),
    "the factor is opened": (FactorAdapter, "decrypt"),
    "the code is compared": (RecoveryCodes, "validate_code"),
    "the code is used up": (second_factor, "use_once"),
    "the session is saved": (SessionStore, "save"),
    "the mail is queued": (outbox_mail, "publish"),
    "the audit is written": (audit, "record"),
}


# --- The whole way ------------------------------------------------------------------------------------------------------
def people(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password set, typed rightly and wrongly; links followed, reused and forged; factors set up"""
    walk.settings.ACCOUNT_RATE_LIMITS, walk.settings.SECOND_FACTOR_DAILY_LIMIT = False, "1000/d/key"
    walk.cast.ava.user.set_password(walk.known["password"])
    walk.cast.ava.user.save()
    prepared(walk)
    insider = Visitor(walk, walk.cast.mallory.user)
    insider.post(CONFIRM, {"password": PASSWORD})
    for site in SITES.values():
        with monkeypatch.context() as patched:
            patched.setattr(*site, forced)
            knock(walk, insider)
    for link in walk.link.values():
        Visitor(walk).forge(link)
    for way in WAYS:
        way(walk)
        sent(walk)


def looked_around(walk: Walk) -> None:
    """The pages as they are after all that, asked by an agent, an administrator, an owner and nobody."""
    cast = walk.cast
    for visitor in (*(Visitor(walk, each.user) for each in (cast.ava, cast.adam, cast.olivia)), Visitor(walk)):
        for path in PAGES:
            visitor.get(path)


PAGES = (
    "/", "/acme/inbox/", "/acme/settings/general/", "/acme/settings/shopify/", "/acme/settings/shopify/permissions/",
    "/acme/settings/shopify/1/disconnect/", "/acme/settings/members/", "/acme/settings/audit/", "/acme/settings/security/",
    "/acme/settings/data/", "/account/", "/account/sessions/", "/account/2fa/", "/account/email/", "/account/login/",
    "/account/password/reset/", "/nowhere/", "/healthz", "/invitation/forged/", "/welcome/forged/", "/welcome/",
)  # fmt: skip


def joined(walk: Walk) -> None:
    """Invited, invited again by a second link, in by it; then both links are nobody's."""
    links = [invited(walk, "noor@elsewhere.example")]
    olivia, visitor = Visitor(walk, walk.cast.olivia.user), Visitor(walk)
    page = soup_of(olivia.get(MEMBERS))
    again = [str(f["action"]) for f in page.select("form[action*=resend]")][-1]
    assert olivia.post(again, page=MEMBERS).status_code == 302
    links.append(newest_link(walk, "invitation token"))
    visitor.get(f"/account/login/?next={links[1]}")
    visitor.post(links[1], {"name": "Noor", "password": "short"})
    assert visitor.post(links[1], {"name": "Noor", "password": walk.known["password"]}).status_code == 302
    assert [Visitor(walk).get(link).status_code for link in links] == [404, 410]


def reset(walk: Walk) -> None:
    """A forgotten password, from the mail to the new one."""
    user = walk.cast.olivia.user
    Visitor(walk).post(RESET, {"email": user.email})
    visitor, link = Visitor(walk), newest_link(walk, "password-reset key")
    form = visitor.get(link)["Location"]
    walk.sinks.put("rows: sessions during a reset", visitor.client.session.load())
    password = new("pw-")
    walk.learn("password after a reset", password)
    assert visitor.post(form, {"password1": password, "password2": password}).status_code == 302
    assert Visitor(walk).get(link).status_code == 200
    walk.cast.olivia.user.refresh_from_db()


def changed_address(walk: Walk) -> None:
    """Another address, confirmed by its link."""
    ava = Visitor(walk, walk.cast.ava.user)
    ava.post(CONFIRM, {"password": walk.known["password"]})
    ava.post(ADDRESS, {"email": "ava@new.example", "action_add": ""})
    assert ava.post(newest_link(walk, "address-confirmation key")).status_code == 302
    walk.cast.ava.user.refresh_from_db()


def second_factors(walk: Walk) -> None:
    """An app set up by its pages, another one begun and left; recovery codes looked at and fetched; a code instead of the app."""
    mallory, olivia = Visitor(walk, walk.cast.mallory.user), Visitor(walk, walk.cast.olivia.user)
    mallory.post(CONFIRM, {"password": PASSWORD})
    mallory.get(SET_UP)
    secret = str(mallory.client.session["mfa.totp.secret"])
    walk.learn("TOTP secret", secret)
    mallory.post(SET_UP, {"code": "000000"}, page="/account/")  # Not its own page, which would make another key.
    assert mallory.post(SET_UP, {"code": code_of(secret)}, page="/account/").status_code == 302
    codes = Authenticator.objects.get(user=walk.cast.mallory.user, type="recovery_codes")
    with sealed_factors.of(walk.cast.mallory.user.pk):
        walk.learn("seed of recovery codes", get_adapter().decrypt(codes.data["seed"]))
    for path in (CODES, f"{CODES}download/"):
        assert mallory.get(path).status_code == 200
    olivia.post(CONFIRM, {"password": walk.known["password after a reset"]})
    olivia.get(SET_UP)
    walk.learn("TOTP secret not confirmed", str(olivia.client.session["mfa.totp.secret"]))
    adam = Visitor(walk)
    assert adam.sign_in(walk.cast.adam.user, PASSWORD, walk.known["recovery code"]).status_code == 302
    adam.post("/account/2fa/reauthenticate/", {"code": walk.known["second recovery code"]})
    assert walk.known["unused recovery code"][:4] in adam.get(CODES).content.decode()


WAYS: tuple[Callable[[Walk], Any], ...] = (joined, reset, changed_address, second_factors)
