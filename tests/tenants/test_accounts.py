"""Signing in, passwords, addresses: who gets in, what a stranger learns, what is limited, what is told by mail."""

import logging
import re

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as product
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tenants import accounts
from tenants.models import CacheRow, User
from tenants.tasks import clear_sessions
from tests.conftest import PASSWORD, Cast
from tests.tenants.signing_in import LOGIN, cast, confirm, is_in, password_step, sign_in, with_app
from tests.walking import soup_of, text_of
from versana.observability.logging import redacted

__all__ = ["cast"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
RESET = "/account/password/reset/"
NEW = "a wholly different phrase"
LONG = "x" * 10_000


def mails() -> list[tuple[str, str, str]]:
    """To whom, subject, text of what was sent, oldest first."""
    return [(one.to[0], str(one.subject), str(one.body)) for one in mail.outbox]


def link_in(text: str) -> str:
    found = re.search(rf"{re.escape(product.PUBLIC_URL)}(/account/\S+)", text)
    assert found, text
    return found[1]


# --- Signing in ------------------------------------------------------------------------------------------------------
def test_olivia_signs_in_and_out(cast: Cast) -> None:
    client = Client()
    assert password_step(client, cast.olivia.user)["Location"] == "/"
    assert is_in(client)
    assert client.post("/account/logout/").status_code == 302
    assert not is_in(client)


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(cast: Cast) -> None:
    answers = []
    for login in (cast.olivia.user.email, "nobody@acme.example"):
        response = Client().post(LOGIN, {"login": login, "password": "wrong"})
        assert response.status_code == 200
        answers.append(text_of(response))
    assert answers[0] == answers[1]
    assert "password you specified are not correct" in answers[0]


def test_a_closed_account_opens_nothing(cast: Cast) -> None:
    User.objects.filter(pk=cast.ava.user_id).update(is_active=False)
    client = Client()
    password_step(client, cast.ava.user)
    assert not is_in(client)


ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "javascript:alert(1)",
    "http:///evil.example",
    "\x00//e",
    "",
)


def test_signing_in_leads_to_no_other_host(cast: Cast) -> None:
    for target in ELSEWHERE:
        client = Client()
        response = client.post(
            f"{LOGIN}?next={target}", {"login": cast.ava.user.email, "password": PASSWORD, "next": target}
        )
        assert (response.status_code, response["Location"]) == (302, "/"), target


def test_signing_in_leads_back_to_where_one_was_going(cast: Cast) -> None:
    assert (
        password_step(Client(), cast.ava.user, next_to="/acme/inbox/?view=all")["Location"] == "/acme/inbox/?view=all"
    )


def test_nobody_signs_up(cast: Cast) -> None:
    before = User.objects.count()
    assert "by invitation" in text_of(Client().get("/account/signup/"))
    Client().post("/account/signup/", {"email": "new@acme.example", "password1": NEW, "password2": NEW})
    assert User.objects.count() == before


def test_a_signed_out_visitor_sees_no_page_of_an_account(cast: Cast) -> None:
    for path in (
        "",
        "email/",
        "password/change/",
        "2fa/",
        "2fa/totp/activate/",
        "2fa/webauthn/",
        "2fa/recovery-codes/",
        "sessions/",
        "second-factor/",
        "continue/",
    ):
        response = Client().get(f"/account/{path}")
        assert response.status_code == 302, path
        assert response["Location"].startswith("/account/login/"), path


def test_pages_of_an_account_stay_in_no_cache(cast: Cast) -> None:
    client = sign_in(Client(), cast.ava.user)
    for path in ("/account/", "/account/2fa/", "/account/sessions/", LOGIN):
        assert "no-store" in client.get(path)["Cache-Control"], path


def test_no_page_runs_a_script_of_its_own_text(cast: Cast) -> None:
    """Scripts are files, or data that no browser runs."""
    client = sign_in(Client(), cast.ava.user)
    confirm(client)
    pages = [
        client.get(f"/account/{path}")
        for path in ("", "2fa/", "2fa/webauthn/add/", "2fa/totp/activate/", "sessions/", "email/")
    ]
    for page in [*pages, Client().get(LOGIN)]:
        assert page.status_code == 200
        scripts = soup_of(page).select("script")
        assert [s for s in scripts if not s.get("src") and s.get("type") != "application/json"] == []
        assert not re.search(r'\son[a-z]+="|\sstyle="', page.content.decode())


# --- Guessing --------------------------------------------------------------------------------------------------------
def test_guessing_a_password_ends_after_five_attempts_also_with_the_right_one(cast: Cast) -> None:
    for n in range(5):
        assert password_step(Client(), cast.ava.user, password=f"guess {n}").status_code == 200
    response = password_step(Client(), cast.ava.user)
    assert response.status_code == 200
    assert "Too many" in text_of(response)
    assert password_step(Client(), cast.adam.user).status_code == 302


def test_another_spelling_of_the_address_or_port_of_the_host_is_no_new_attempt(cast: Cast) -> None:
    hosts = ("localhost", "localhost:1", "localhost:2", "127.0.0.1:3", "127.0.0.1")
    for n, host in enumerate(hosts):
        data = {"login": "ava@acme.example" if n % 2 else "AVA@Acme.Example", "password": "guess"}
        Client().post(LOGIN, data, headers={"host": host})
    response = Client().post(
        LOGIN, {"login": "ava@acme.example", "password": PASSWORD}, headers={"host": "localhost:9"}
    )
    assert "Too many" in text_of(response)


def test_one_address_of_the_network_may_fail_ten_times_a_minute(cast: Cast) -> None:
    for n in range(10):
        Client().post(LOGIN, {"login": f"person{n}@acme.example", "password": "guess"})
    assert "Too many" in text_of(password_step(Client(), cast.ava.user))
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert password_step(elsewhere, cast.ava.user).status_code == 302


def test_a_forwarded_address_counts_only_from_a_trusted_proxy(cast: Cast, settings: object) -> None:
    def fail(spoofed: str) -> str:
        data = {"login": f"{spoofed}@acme.example", "password": "guess"}
        return text_of(Client().post(LOGIN, data, headers={"x-forwarded-for": f"{spoofed}, 203.0.113.9"}))

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0  # type: ignore[attr-defined]
    assert "Too many" in [fail(f"192.0.2.{n}") for n in range(11)][-1]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1  # type: ignore[attr-defined]
    assert "Too many" in [fail(f"192.0.2.{n}") for n in range(20, 31)][-1]  # what the proxy appended, not what was sent


def test_limits_hold_while_redis_is_away(cast: Cast, settings: object) -> None:
    settings.CELERY_BROKER_URL = settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
    test_guessing_a_password_ends_after_five_attempts_also_with_the_right_one(cast)


def test_a_strangers_counters_push_out_nobody_elses(cast: Cast) -> None:
    for n in range(5):
        password_step(Client(), cast.ava.user, password=f"guess {n}")
    for n in range(400):  # Django's own limit is 300 rows
        cache.set(f"a-stranger:{n}", [1.0], 300)
    assert "Too many" in text_of(password_step(Client(), cast.ava.user))


def test_counters_that_no_longer_count_are_swept_daily(cast: Cast) -> None:
    cache.set("gone", 1, timeout=-1)
    CacheRow.objects.create(cache_key="old", value="x", expires="2026-01-01T00:00:00Z")
    cache.set("counts", 1, timeout=300)
    clear_sessions()
    assert [row.cache_key for row in CacheRow.objects.all()] == [":1:counts"]


def test_too_many_requests_end_on_a_page_of_ours(cast: Cast) -> None:
    client = sign_in(Client(), cast.ava.user)
    pages = [client.post("/account/password/change/", {"oldpassword": "guess"}) for _ in range(6)]
    assert pages[-1].status_code == 429
    assert "Too many attempts" in text_of(pages[-1])


# --- Password --------------------------------------------------------------------------------------------------------
def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(cast: Cast) -> None:
    other = sign_in(Client(), cast.ava.user)
    Client().post(RESET, {"email": cast.ava.user.email}, headers={"host": "127.0.0.1:4"})
    [(to, subject, text)] = mails()
    assert (to, subject) == (cast.ava.user.email, "Choose a new password")
    client = Client()
    form = client.get(link_in(text), follow=True)
    url = form.redirect_chain[-1][0]
    assert client.post(url, {"password1": NEW, "password2": NEW}).status_code == 302
    assert not is_in(client)  # a reset signs nobody in
    assert not is_in(other)  # and everybody out
    assert "no longer works" in text_of(Client().get(link_in(text), follow=True))
    assert password_step(Client(), cast.ava.user, password=NEW).status_code == 302
    assert mails()[-1][1] == "Your password was changed"


def test_a_reset_password_does_not_pass_the_second_factor(cast: Cast) -> None:
    with_app(cast.ava.user)
    Client().post(RESET, {"email": cast.ava.user.email})
    client = Client()
    url = client.get(link_in(mails()[0][2]), follow=True).redirect_chain[-1][0]
    client.post(url, {"password1": NEW, "password2": NEW})
    assert password_step(client, cast.ava.user, password=NEW)["Location"] == "/account/2fa/authenticate/"
    assert not is_in(client)


def test_a_reset_tells_nobody_which_addresses_have_an_account(cast: Cast) -> None:
    known = Client().post(RESET, {"email": cast.ava.user.email}, follow=True)
    unknown = Client().post(RESET, {"email": "nobody@acme.example"}, follow=True)
    assert text_of(known) == text_of(unknown)
    assert [to for to, *_ in mails()] == [cast.ava.user.email, "nobody@acme.example"]


def signature_of(link: str) -> str:
    """The secret part of a link's key: a signature in base64 may hold a `-` of its own."""
    key = link.strip("/").rsplit("/", 1)[-1]
    return key.rsplit(":" if ":" in key else "-", 1)[-1]


def test_no_log_line_knows_the_key_of_a_link(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    """Django names the path of what it refuses, also while the key in it still works."""
    Client().post(RESET, {"email": cast.ava.user.email})
    client = sign_in(Client(), cast.adam.user)
    confirm(client)
    change_address(client, "adam@new.example")
    links = [link_in(text) for *_, text in mails() if "/reset/key/" in text or "/confirm-email/" in text]
    assert len(links) == 2
    with caplog.at_level(logging.INFO):
        for link in links:
            stranger = Client(enforce_csrf_checks=True)
            for path in (link, link + "more/", link[:-1]):
                stranger.get(path)
                stranger.put(path)
                stranger.post(path)
    # What the handler's filter leaves of them (versana.settings.LOGGING).
    lines = "\n".join(redacted(record.getMessage()) for record in caplog.records)
    assert "/account/password/reset/key/[token]/" in lines
    assert "/account/confirm-email/[token]/" in lines
    secrets = [signature_of(link) for link in links]
    assert all(len(secret) > 30 for secret in secrets)
    assert not [secret for secret in secrets if secret in lines]


def test_resets_are_limited_for_each_address(cast: Cast) -> None:
    for _ in range(7):
        Client().post(RESET, {"email": cast.ava.user.email})
    assert len(mails()) == 5


def test_a_changed_password_signs_out_the_other_browsers_and_keeps_this_one(cast: Cast) -> None:
    here, other = (sign_in(Client(), cast.ava.user) for _ in range(2))
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("/account/password/change/", data).status_code == 302
    assert is_in(here)
    assert not is_in(other)
    assert mails()[-1][:2] == (cast.ava.user.email, "Your password was changed")


@pytest.mark.parametrize("bad", ["short", "password1234", "ava@acme.example", "a\x00bcdefghijkl"])
def test_a_poor_password_is_refused(cast: Cast, bad: str) -> None:
    client = sign_in(Client(), cast.ava.user)
    data = {"oldpassword": PASSWORD, "password1": bad, "password2": bad}
    assert client.post("/account/password/change/", data).status_code == 200
    assert password_step(Client(), cast.ava.user).status_code == 302


# --- Address ---------------------------------------------------------------------------------------------------------
def change_address(client: Client, new: str) -> None:
    client.post("/account/email/", {"email": new, "action_add": ""})


def test_an_address_changes_when_the_new_one_is_confirmed(cast: Cast) -> None:
    client = sign_in(Client(), cast.ava.user)
    confirm(client)
    change_address(client, "ava@new.example")
    assert User.objects.get(pk=cast.ava.user_id).email == "ava@acme.example"
    assert "ava@new.example" in text_of(client.get("/account/email/"))
    to, _, text = mails()[-1]
    assert to == "ava@new.example"
    stranger = Client()
    assert "becomes the address" in text_of(stranger.get(link_in(text)))
    assert User.objects.get(pk=cast.ava.user_id).email == "ava@acme.example"  # looking is not confirming
    assert stranger.post(link_in(text)).status_code == 302
    ava = User.objects.get(pk=cast.ava.user_id)
    assert (ava.email, ava.email_norm) == ("ava@new.example", "ava@new.example")
    assert list(EmailAddress.objects.filter(user=ava).values_list("email", "verified", "primary")) == [
        ("ava@new.example", True, True)
    ]
    assert mails()[-1][:2] == ("ava@acme.example", "Your address was changed")  # told at the old one
    assert password_step(Client(), ava).status_code == 302
    assert not is_in(stranger)


def test_an_address_change_asks_who_it_is_and_then_goes_on(cast: Cast) -> None:
    client = sign_in(Client(), cast.ava.user)
    response = client.post("/account/email/", {"email": "ava@new.example", "action_add": ""})
    assert response["Location"].startswith("/account/reauthenticate/")
    assert mails() == []
    client.post(response["Location"], {"password": PASSWORD, "next": "/account/email/"})
    assert mails()[-1][0] == "ava@new.example"


def test_an_address_of_somebody_else_is_not_taken_in_any_spelling(cast: Cast) -> None:
    """Nor is it told that somebody has it: the change waits for a confirmation that does not work."""
    accounts.create(email="x@bücher.example", password=PASSWORD)
    for taken in ("ADAM@Acme.example", "x@xn--bcher-kva.example"):
        client = sign_in(Client(), cast.ava.user)
        confirm(client)
        change_address(client, taken)
    for *_, text in mails():
        found = re.search(r"/account/confirm-email/\S+", text)
        if found:
            Client().post(found[0])
    assert User.objects.get(pk=cast.ava.user_id).email == "ava@acme.example"
    assert set(EmailAddress.objects.filter(user=cast.ava.user, verified=True).values_list("email", flat=True)) == {
        "ava@acme.example"
    }


def test_an_address_that_waits_for_its_confirmation_resets_nothing(cast: Cast) -> None:
    client = sign_in(Client(), cast.ava.user)
    confirm(client)
    change_address(client, "avva@stranger.example")
    for address, subject in (
        ("avva@stranger.example", "No account with this address"),
        ("ava@acme.example", "Choose a new password"),
    ):
        Client().post("/account/password/reset/", {"email": address})
        assert mails()[-1][:2] == (address, subject)


def test_an_address_that_only_folds_to_anothers_is_nobodys(cast: Cast) -> None:
    client = sign_in(Client(), cast.ava.user)
    confirm(client)
    change_address(client, "\u017fara@elsewhere.example")
    assert mails() == []
    assert list(EmailAddress.objects.filter(user=cast.ava.user).values_list("email", flat=True)) == ["ava@acme.example"]


@pytest.mark.parametrize("typed", ["nina@bücher.example", "NINA@xn--bcher-kva.example", "Nina@BÜCHER.example"])
@pytest.mark.parametrize("kept", ["nina@bücher.example", "Nina@xn--bcher-kva.example"])
def test_an_address_in_another_script_signs_in_and_resets_however_it_is_typed(
    cast: Cast, kept: str, typed: str
) -> None:
    accounts.create(email=kept, password=PASSWORD)
    client = Client()
    assert client.post(LOGIN, {"login": typed, "password": PASSWORD}).status_code == 302
    assert is_in(client)
    Client().post("/account/password/reset/", {"email": typed})
    assert mails()[-1][1] == "Choose a new password"


def test_an_address_that_somebody_took_meanwhile_is_not_confirmed(cast: Cast) -> None:
    client = sign_in(Client(), cast.ava.user)
    confirm(client)
    change_address(client, "x@xn--bcher-kva.example")
    link = link_in(mails()[-1][2])
    accounts.create(email="x@bücher.example", password=PASSWORD)
    assert client.post(link).status_code < 500
    assert User.objects.get(pk=cast.ava.user_id).email == "ava@acme.example"
    assert EmailAddress.objects.get(user=cast.ava.user, primary=True).email == "ava@acme.example"


def test_the_address_changes_beside_a_second_factor(cast: Cast) -> None:
    secret = with_app(cast.ava.user)
    client = sign_in(Client(), cast.ava.user, secret)
    client.post("/account/2fa/reauthenticate/", {"code": "000000"})
    response = client.post("/account/email/", {"email": "ava@new.example", "action_add": ""})
    assert response["Location"].startswith("/account/2fa/reauthenticate/")


# --- Hostile input ---------------------------------------------------------------------------------------------------
HOSTILE = ("a\x00b", LONG, "\ud7ff\ufffd", "' OR 1=1 --", "<script>", "")
FORMS = {
    LOGIN: ("login", "password"),
    RESET: ("email",),
    "/account/password/reset/key/1-set-password/": ("password1", "password2"),
    "/account/confirm-email/abc:def/": ("key",),
    "/account/2fa/webauthn/login/": ("credential",),
    "/account/2fa/authenticate/": ("code",),
    "/account/logout/": ("next",),
}
FORMS_INSIDE = {
    "/account/reauthenticate/": ("password", "next"),
    "/account/password/change/": ("oldpassword", "password1", "password2"),
    "/account/email/": ("email", "action_add"),
    "/account/2fa/totp/activate/": ("code",),
    "/account/2fa/webauthn/add/": ("name", "credential"),
    "/account/2fa/recovery-codes/generate/": ("x",),
    "/account/2fa/reauthenticate/": ("code",),
    "/account/sessions/": ("x",),
}


def test_no_field_before_sign_in_breaks_anything(cast: Cast, settings: object) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.MFA_RATE_LIMITS = False  # type: ignore[attr-defined]
    for path, fields in FORMS.items():
        for value in HOSTILE:
            response = Client().post(path, dict.fromkeys(fields, value))
            assert response.status_code < 500, (path, value[:20])


def test_no_field_after_sign_in_breaks_anything(cast: Cast, settings: object) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.MFA_RATE_LIMITS = False  # type: ignore[attr-defined]
    client = sign_in(Client(), cast.ava.user)
    confirm(client)
    for path, fields in FORMS_INSIDE.items():
        for value in HOSTILE:
            response = client.post(path, dict.fromkeys(fields, value))
            assert response.status_code < 500, (path, value[:20])
    assert is_in(client)


@pytest.mark.parametrize(
    "credential",
    [
        "[]",
        "1",
        "null",
        '"x"',
        "{",
        '{"id": 1}',
        '{"id": "\\u0000"}',
        '{"rawId": {}, "response": []}',
        '{"type":"public-key","id":"AA","rawId":"AA","response":{"clientDataJSON":"e30","attestationObject":"oA"}}',
    ],
)
def test_a_forged_passkey_is_refused(cast: Cast, credential: str) -> None:
    client = sign_in(Client(), cast.ava.user)
    confirm(client)
    client.get("/account/2fa/webauthn/add/")
    assert client.post("/account/2fa/webauthn/add/", {"name": "x", "credential": credential}).status_code == 200
    stranger = Client()
    stranger.get("/account/2fa/webauthn/login/", headers={"accept": "application/json"})
    assert stranger.post("/account/2fa/webauthn/login/", {"credential": credential}).status_code == 302
    assert not is_in(stranger)


@pytest.mark.parametrize("path", ["/account/confirm-email/MQ:1x:KEY/", "/account/password/reset/key/1-abc-KEY/"])
def test_no_log_line_holds_the_key_of_a_mailed_link(cast: Cast, path: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither ours nor the one that Django writes about a form without its token."""
    assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    refusals = [redacted(record.getMessage()) for record in caplog.records if record.name.startswith("django")]
    assert refusals
    assert not [line for line in refusals if "KEY" in line]


def test_mails_name_the_installations_address_whatever_the_host_header_says(cast: Cast) -> None:
    Client().post(RESET, {"email": cast.ava.user.email}, headers={"host": "127.0.0.1:4444"})
    assert "4444" not in mails()[0][2]
    assert mails()[0][2].count(product.PUBLIC_URL) == 2
