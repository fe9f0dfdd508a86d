"""Where a person is signed in: seen, ended one by one or all, and nobody else's."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as product
from django.test import Client

from tests.conftest import Cast
from tests.tenants.signing_in import cast, is_in, sign_in
from tests.walking import soup_of, text_of

__all__ = ["cast"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
SESSIONS = "/account/sessions/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1"


def two(cast: Cast) -> tuple[Client, Client]:
    here = sign_in(Client(headers={"user-agent": FIREFOX}, REMOTE_ADDR="192.0.2.1"), cast.ava.user)
    there = sign_in(Client(headers={"user-agent": SAFARI}, REMOTE_ADDR="2001:db8::7"), cast.ava.user)
    return here, there


def session_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=client.session.session_key)


def test_the_list_says_which_browser_from_where_and_which_is_this_one(cast: Cast) -> None:
    here, _ = two(cast)
    rows = [row.get_text(" ", strip=True) for row in soup_of(here.get(SESSIONS)).select(".ways li")]
    assert len(rows) == 2
    assert rows[0].startswith("Safari on iPhone from 2001:db8::7")
    assert rows[1].startswith("Firefox on Windows This browser from 192.0.2.1")


def test_one_other_browser_is_signed_out(cast: Cast) -> None:
    here, there = two(cast)
    page = here.post(f"{SESSIONS}{session_of(there).pk}/end/", follow=True)
    assert "signed out" in text_of(page)
    assert (is_in(here), is_in(there)) == (True, False)
    assert there.get("/acme/inbox/").status_code == 302


def test_all_others_are_signed_out(cast: Cast) -> None:
    here, there = two(cast)
    of_adam = sign_in(Client(), cast.adam.user)
    here.post(SESSIONS)
    assert (is_in(here), is_in(there), is_in(of_adam)) == (True, False, True)


def test_a_session_of_somebody_else_is_not_found(cast: Cast) -> None:
    here, _ = two(cast)
    of_adam = sign_in(Client(), cast.adam.user)
    for pk in (session_of(of_adam).pk, 0, 10**30):
        assert here.post(f"{SESSIONS}{pk}/end/").status_code == 404
    assert is_in(of_adam)
    assert here.get(f"{SESSIONS}{session_of(here).pk}/end/").status_code == 405


def test_ones_own_session_is_ended_by_signing_out(cast: Cast) -> None:
    here, _ = two(cast)
    assert here.post(f"{SESSIONS}{session_of(here).pk}/end/")["Location"] == "/account/logout/"
    assert is_in(here)


def test_ending_a_session_needs_a_token_of_the_form(cast: Cast) -> None:
    here, there = two(cast)
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = here.cookies
    assert forged.post(f"{SESSIONS}{session_of(there).pk}/end/").status_code == 403
    assert is_in(there)


def test_a_session_lasts_two_weeks(cast: Cast) -> None:
    here, _ = two(cast)
    cookie = here.cookies[product.SESSION_COOKIE_NAME]
    assert int(cookie["max-age"]) == timedelta(days=14).total_seconds()
    assert cookie["httponly"]


def test_signing_in_gives_a_new_session_key(cast: Cast) -> None:
    client = Client()
    client.get("/account/2fa/webauthn/login/", headers={"accept": "application/json"})
    before = client.session.session_key
    sign_in(client, cast.ava.user)
    assert before
    assert client.session.session_key != before


@pytest.mark.parametrize("agent", ["", "x" * 10_000, "<script>alert(1)</script>", "\u00e4\u00ff"])
def test_any_browser_may_call_itself_what_it_likes(cast: Cast, agent: str) -> None:
    client = sign_in(Client(headers={"user-agent": agent}), cast.ava.user)
    page = client.get(SESSIONS)
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()
    assert "Unknown browser" in text_of(page)
