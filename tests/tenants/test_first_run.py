"""The first run: a link on the console, once, for a day, while nobody exists; then account, workspace and sign-in in one."""

import io
import logging
import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tenants import doors, first_run, provisioning
from tenants.models import AuditEvent, FirstRun, User
from tenants.rls.context import tenant_context
from tests.walking import soup_of, text_of, without_static
from versana.observability.logging import redacted

__all__ = ["without_static"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_static"), pytest.mark.long]
PASSWORD = "a long enough passphrase"
FORM = {
    "workspace_name": "Acme  Goods ",
    "slug": "acme",
    "time_zone": "Europe/Vienna",
    "name": "Olivia Chen",
    "email": "Olivia@Acme.example",
    "password": PASSWORD,
}


def printed() -> str:
    out = io.StringIO()
    call_command("first_run", stdout=out)
    return out.getvalue()


def link() -> str:
    """The path of a new link."""
    return "/welcome/" + printed().split("/welcome/")[1].split("/")[0] + "/"


def arrived(client: Client) -> Client:
    assert client.get(link())["Location"] == "/welcome/"
    return client


def refused(response: HttpResponse) -> bool:
    return response.status_code == 404 and "This link does not work" in text_of(response)


# --- The command ----------------------------------------------------------------------------------------------------
def test_the_console_gets_a_link_and_the_database_its_hash_alone() -> None:
    token = link().split("/")[2]
    row = FirstRun.objects.get()
    assert row.token_hash == first_run.hash_of(token)
    assert token not in str(FirstRun.objects.values_list())


def test_a_newer_link_ends_the_older_ones() -> None:
    old, new = link(), link()
    assert refused(Client().get(old))
    assert Client().get(new).status_code == 302
    assert FirstRun.objects.count() == 1


def test_the_command_says_plainly_that_somebody_exists_and_prints_nothing_that_works() -> None:
    User.objects.create_user("somebody@example.com")
    assert "People exist already" in printed()
    assert "/welcome/" not in printed()
    assert not FirstRun.objects.exists()


# --- The page -------------------------------------------------------------------------------------------------------
def test_the_first_person_opens_a_workspace_and_is_signed_in_to_its_settings() -> None:
    client = arrived(Client())
    assert client.get("/welcome/").status_code == 200
    response = client.post("/welcome/", FORM)
    assert response["Location"] == "/acme/settings/general/"
    assert "Acme Goods" in text_of(client.get(response["Location"]))
    olivia = User.objects.get()
    (own,) = doors.workspaces_of(olivia.pk)
    assert (own.slug, own.role, own.time_zone, olivia.name) == ("acme", "owner", "Europe/Vienna", "Olivia Chen")
    assert olivia.check_password(PASSWORD)
    with tenant_context(own.id):
        assert AuditEvent.objects.get().action == "workspace.opened"


def test_the_token_leaves_the_address_bar_and_stays_in_no_cache() -> None:
    client = Client()
    came = client.get(link())
    page = client.get("/welcome/")
    assert came["Referrer-Policy"] == "no-referrer"
    for response in (came, page):
        assert "no-store" in response["Cache-Control"]
    token_hash = FirstRun.objects.get().token_hash
    assert client.session["first_run"] == token_hash
    assert token_hash not in page.content.decode()


def test_no_log_line_knows_the_token(caplog: pytest.LogCaptureFixture) -> None:
    path = link()
    with caplog.at_level(logging.INFO):
        for address in (path, path + "more/", path[:-1]):
            Client().get(address)
        FirstRun.objects.all().delete()
        Client().get(path)
    # What the handler's filter leaves of them (versana.settings.LOGGING).
    lines = "\n".join(redacted(record.getMessage()) for record in caplog.records)
    assert path.split("/")[2] not in lines
    assert "GET /welcome/[token]/ 302" in lines
    assert "Not Found: /welcome/[token]/" in lines


def test_a_link_works_once() -> None:
    path = link()
    first, second = Client(), Client()
    assert {first.get(path).status_code, second.get(path).status_code} == {302}
    assert first.post("/welcome/", FORM).status_code == 302
    assert refused(second.post("/welcome/", {**FORM, "slug": "other", "email": "mallory@example.com"}))
    assert refused(Client().get(path))
    assert User.objects.count() == 1


def test_a_day_later_it_is_over() -> None:
    path = link()
    client = Client()
    client.get(path)
    FirstRun.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert refused(Client().get(path))
    assert refused(client.get("/welcome/"))
    assert refused(client.post("/welcome/", FORM))


def test_it_is_dead_as_soon_as_anybody_exists() -> None:
    path = link()
    client = Client()
    client.get(path)
    User.objects.create_user("staff@example.com")
    assert refused(Client().get(path))
    assert refused(client.post("/welcome/", FORM))


@pytest.mark.parametrize(
    "token", ["x", "a" * 5000, "%00", "%F0%9F%92%A9", "' OR 1=1 --", "%ED%A0%80"], ids=lambda t: t[:10]
)
def test_an_unknown_or_malformed_link_looks_like_every_dead_one(token: str) -> None:
    dead = link()
    link()
    # What the page says of the wanted language, theme and nonce is the browser's own; the words are the same.
    assert text_of(Client().get(f"/welcome/{token}/")) == text_of(Client().get(dead))
    assert refused(Client().get(f"/welcome/{token}/"))


def test_without_a_link_there_is_no_page() -> None:
    assert refused(Client().get("/welcome/"))
    assert refused(Client().post("/welcome/", FORM))


def test_the_form_needs_its_own_token() -> None:
    client = arrived(Client(enforce_csrf_checks=True))
    assert client.post("/welcome/", FORM).status_code == 403
    assert not User.objects.exists()


# --- What is typed --------------------------------------------------------------------------------------------------
def test_an_address_in_capitals_is_folded() -> None:
    assert arrived(Client()).post("/welcome/", {**FORM, "slug": " ACME-Goods "})["Location"].startswith("/acme-goods/")


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("Café Zoë", "cafe-zoe"),
        ("Müller & Söhne", "muller-sohne"),
        ("Straße 7", "strasse-7"),
        ("-a_b-", "a-b"),
        ("x" * 60, "x" * 40),
    ],
)
def test_accents_and_spaces_are_answered_with_a_suggestion(typed: str, suggestion: str) -> None:
    response = arrived(Client()).post("/welcome/", {**FORM, "slug": typed})
    assert response.status_code == 422
    assert f"“{suggestion}” would do" in text_of(response)
    assert soup_of(response).select_one("#id_slug")["value"] == suggestion
    assert not User.objects.exists()


@pytest.mark.parametrize("slug", ["admin", "Welcome", "settings", "東京", "", "...", "a\x00b"])
def test_a_reserved_or_impossible_address_is_refused_with_words(slug: str) -> None:
    response = arrived(Client()).post("/welcome/", {**FORM, "slug": slug})
    assert response.status_code == 422
    assert soup_of(response).select(".errorlist")
    assert not User.objects.exists()


def test_a_taken_address_is_refused_and_the_link_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody exists and yet an address is taken: that of an erased workspace."""
    client = arrived(Client())
    with monkeypatch.context() as patch:
        patch.setattr(provisioning, "_insert", lambda tenant_id, **_: (None, False))
        response = client.post("/welcome/", FORM)
    assert (response.status_code, "“acme” is taken." in text_of(response)) == (422, True)
    assert not User.objects.exists()
    assert client.post("/welcome/", FORM).status_code == 302


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "olivia@acme.example"),
        ("password", "123456789123"),
        ("password", "x" * 1001),
        ("email", "nobody"),
        ("email", "a@b@c"),
        ("email", "x" * 300 + "@example.com"),
        ("time_zone", "Mars/Olympus"),
        ("name", ""),
        ("name", "n" * 121),
        ("workspace_name", "  "),
        ("workspace_name", "w\x00"),
    ],
)
def test_bad_input_is_said_and_nothing_is_made(field: str, value: str) -> None:
    client = arrived(Client())
    response = client.post("/welcome/", {**FORM, field: value})
    assert response.status_code == 422
    assert PASSWORD not in response.content.decode()
    assert not User.objects.exists()
    assert client.post("/welcome/", FORM).status_code == 302


@given(st.text(max_size=80))
def test_a_suggestion_is_an_address_or_nothing(text: str) -> None:
    found = provisioning.suggestion(text)
    if found:
        provisioning.check_address(found)


# --- Around it ------------------------------------------------------------------------------------------------------
def test_sign_in_of_an_empty_installation_says_where_the_link_is() -> None:
    page = Client().get("/account/login/")
    assert "manage.py first_run" in text_of(page)
    User.objects.create_user("somebody@example.com")
    assert "first_run" not in text_of(Client().get("/account/login/"))


def test_a_person_without_a_workspace_learns_how_one_is_opened() -> None:
    client = Client()
    client.force_login(User.objects.create_user("alone@example.com"))
    assert "manage.py create_tenant" in text_of(client.get("/"))


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_open_one_workspace() -> None:
    token_hash = first_run.hash_of(link().split("/")[2])
    barrier, ends = threading.Barrier(4), []

    def press(number: int) -> None:
        barrier.wait()
        try:
            first_run.complete(
                token_hash=token_hash,
                slug=f"acme-{number}",
                workspace_name="Acme",
                time_zone="UTC",
                name="Olivia",
                email=f"olivia{number}@acme.example",
                password=PASSWORD,
            )
            ends.append("opened")
        except first_run.LinkRefused:
            ends.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(ends) == ["opened", "refused", "refused", "refused"]
    assert User.objects.count() == 1
    assert len(doors.tenant_ids()) == 1


def test_a_failure_half_way_leaves_the_link_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    client = arrived(Client())
    monkeypatch.setattr("tenants.first_run.provisioning.open_workspace", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        client.post("/welcome/", FORM)
    assert not User.objects.exists()
    assert FirstRun.objects.get().used_at is None
