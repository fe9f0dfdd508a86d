"""Signing in to the administration: e-mail, password and a code that is good once; and how many tries one has."""

import os
import time
from io import StringIO

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client

from tenants import sealed_factors, staff
from tenants.models import User
from tenants.rls.database import with_database
from tests.app_codes import code_of
from tests.conftest import PASSWORD, make_cast
from tests.tenants.signing_in import code_step, confirm, is_in, password_step, set_up_app, sign_in
from tests.versana.platform_process import Staff, actions, make_staff, run
from tests.walking import without_static

__all__ = ["without_static"]  # a fixture

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"]), pytest.mark.long]


@pytest.fixture
def platform_url(test_database_name: str) -> str:
    return with_database(os.environ["PLATFORM_DATABASE_URL"], test_database_name)


@pytest.fixture
def stella() -> Staff:
    return make_staff()


def reasons(url: str) -> list[str]:
    return [detail["why"] for action, _, _, detail in actions(url) if action == "sign_in.failed"]


def test_staff_get_in_with_a_password_and_a_code_alone(stella: Staff, platform_url: str, superuser_url: str) -> None:
    script = """
client = browser()
say(client.get("/admin/", secure=False).status_code)
for given in ({}, {"password": "wrong"}, {"code": "123456"}, {"code": ""}, {"code": "x" * 300}, {"code": "\\x00"}):
    answer = enter(client, **{"code": code(), "password": GIVEN["password"], **given}) if given else enter(client)
    say([answer.status_code, "do not let you in" in answer.content.decode()])
answer = enter(client, code=code())
say([answer.status_code, answer["Location"]])
say(client.get("/admin/", secure=False).status_code)
say(client.post("/admin/logout/", secure=False).status_code)
say(client.get("/admin/", secure=False).status_code)
"""
    said = run(script, platform_url, **stella.given)
    assert said[0] == 302
    assert said[1:7] == [[200, True]] * 6
    assert said[7:] == [[302, "/admin/"], 200, 200, 302]
    assert reasons(superuser_url) == [
        "wrong or used code",
        "wrong password",
        "wrong or used code",
        "wrong or used code",
    ]
    rows = actions(superuser_url)
    assert [action for action, *_ in rows if action in ("sign_in.done", "sign_in.ended")] == [
        "sign_in.done",
        "sign_in.ended",
    ]
    assert {user for action, user, *_ in rows if action.startswith("sign_in")} == {stella.user.pk}


def test_a_code_is_good_once_and_so_is_an_older_one(stella: Staff, platform_url: str) -> None:
    script = """
first, before = code(1), code(0)
say([enter(browser(), code=one).status_code for one in (first, first, before, code(1))])
"""
    assert run(script, platform_url, **stella.given) == [[302, 200, 200, 200]]


def in_product(stella: Staff, code: str) -> bool:
    """Whether this code signs Stella in at the product."""
    client = Client()
    password_step(client, stella.user)
    code_step(client, code)
    return is_in(client)


def test_a_code_that_was_used_in_the_product_is_used_here_too(
    stella: Staff, platform_url: str, without_static: None
) -> None:
    """Also one of the half-minute to come, which a phone with a fast clock shows."""
    now = time.time()
    used, older, newer = (code_of(stella.secret, at=now + 30 * steps) for steps in (0, -1, 1))
    assert in_product(stella, used)
    script = "say([enter(browser(), code=one).status_code for one in GIVEN['codes']])"
    assert run(script, platform_url, **stella.given, codes=[used, older]) == [[200, 200]]
    assert in_product(stella, newer)
    assert run(script, platform_url, **stella.given, codes=[newer]) == [[200]]


def test_a_code_that_was_used_here_is_used_in_the_product_too(
    stella: Staff, platform_url: str, without_static: None
) -> None:
    now = time.time()
    used, older, newer = (code_of(stella.secret, at=now + 30 * steps) for steps in (0, -1, 1))
    script = "say(enter(browser(), code=GIVEN['code']).status_code)"
    assert run(script, platform_url, **stella.given, code=used) == [302]
    assert not in_product(stella, used)
    assert not in_product(stella, older)
    assert in_product(stella, newer)


def test_the_code_that_set_an_app_up_is_used_here_too(platform_url: str, without_static: None) -> None:
    nora, client = make_staff("nora@platform.example", factors=False), Client()
    sign_in(client, nora.user)
    confirm(client)
    secret = set_up_app(client)
    step = Authenticator.objects.get(user=nora.user, type="totp").data["used_step"]
    used, newer = (code_of(secret, at=30.0 * (step + steps)) for steps in (0, 1))
    script = "say([enter(browser(), code=one).status_code for one in GIVEN['codes']])"
    assert run(script, platform_url, **nora.given, codes=[used, newer]) == [[200, 302]]


def test_a_recovery_code_is_good_once(stella: Staff, platform_url: str) -> None:
    script = """
one, two = GIVEN["recovery"][:2]
say([enter(browser(), code=each).status_code for each in (one, one, two, "00000000")])
"""
    assert run(script, platform_url, **stella.given) == [[302, 200, 302, 200]]
    codes = Authenticator.objects.get(user=stella.user, type="recovery_codes")
    assert codes.data["used_mask"] == 0b11
    with sealed_factors.of(stella.user.pk):
        assert stella.recovery_codes[0] not in codes.wrap().get_unused_codes()


@pytest.mark.parametrize("kind", ["recovery", "secret"])
def test_of_many_who_bring_the_same_code_at_once_one_gets_in(kind: str, stella: Staff, platform_url: str) -> None:
    script = """
import threading
one, answers = GIVEN["recovery"][0] if GIVEN["kind"] == "recovery" else code(), []
def come():
    from django.db import connection
    answers.append(enter(browser(), code=one).status_code); connection.close()
threads = [threading.Thread(target=come) for _ in range(6)]
[each.start() for each in threads]; [each.join() for each in threads]
say(sorted(answers))
"""
    assert run(script, platform_url, **stella.given, kind=kind) == [[200] * 5 + [302]]


def test_somebody_who_is_not_staff_gets_the_same_answer_with_the_right_password(
    platform_url: str, stella: Staff, superuser_url: str
) -> None:
    make_cast()
    script = """
def seen(email, **more):
    page = enter(browser(), email=email, **more).content.decode()
    return page.replace(email, "").split("csrfmiddlewaretoken")[0] + page.split("errornote")[1].split("</p>")[0]
wrong = [seen("nobody@nowhere.example"), seen("olivia@acme.example"), seen(GIVEN["email"]), seen(GIVEN["email"], password="x")]
say(len(set(wrong)))
say(enter(browser(), email="not an address").status_code)
"""
    assert run(script, platform_url, **stella.given) == [1, 200]
    assert reasons(superuser_url) == ["not staff", "not staff", "wrong or used code", "wrong password"]
    with psycopg.connect(superuser_url) as session:
        kept = session.execute("SELECT t::text FROM tenants_staffaction t").fetchall()
    assert not any("@" in row or "nowhere" in row for (row,) in kept)


def test_staff_without_a_second_factor_do_not_get_in_and_read_how_to_get_one(
    platform_url: str, superuser_url: str
) -> None:
    nora = make_staff("nora@platform.example", factors=False)
    script = """
answer = enter(browser(), code="123456")
say([answer.status_code, "set one up under Your account" in answer.content.decode()])
"""
    assert run(script, platform_url, **nora.given) == [[200, True]]
    assert reasons(superuser_url) == ["no second factor"]


def test_a_passkey_alone_is_no_second_factor_here(platform_url: str) -> None:
    nora = make_staff("nora@platform.example", factors=False)
    Authenticator.objects.create(user=nora.user, type="webauthn", data={})
    assert run("say(enter(browser(), code='123456').status_code)", platform_url, **nora.given) == [200]


def test_a_factor_that_no_key_opens_lets_nobody_in_and_fails_no_page(stella: Staff, platform_url: str) -> None:
    for row in Authenticator.objects.filter(user=stella.user):
        row.data = {name: "AAAA" if name in ("secret", "seed") else value for name, value in row.data.items()}
        row.save()
    assert run(
        "say([enter(browser(), code=code()).status_code, enter(browser(), code=GIVEN['recovery'][0]).status_code])",
        platform_url,
        **stella.given,
    ) == [[200, 200]]


def test_a_factor_that_was_moved_here_from_another_member_of_staff_lets_nobody_in(
    stella: Staff, platform_url: str
) -> None:
    nora = make_staff("nora@platform.example")
    for kind in ("totp", "recovery_codes"):
        mine = Authenticator.objects.get(user=stella.user, type=kind)
        Authenticator.objects.filter(user=nora.user, type=kind).update(data=mine.data)
    script = "say([enter(browser(), code=code()).status_code, enter(browser(), code=GIVEN['recovery'][0]).status_code])"
    given = {**stella.given, "email": nora.user.email}
    assert run(script, platform_url, **given) == [[200, 200]]
    assert run(script, platform_url, **stella.given) == [[302, 302]]


def test_after_ten_tries_the_right_code_does_not_help(stella: Staff, platform_url: str, superuser_url: str) -> None:
    script = """
for number in range(10): enter(browser(), password="wrong")
say(enter(browser(), code=code()).status_code)
"""
    assert run(script, platform_url, **stella.given) == [200]
    assert reasons(superuser_url)[-1] == "too many attempts"


def test_a_client_that_tries_everybody_is_stopped_and_another_is_not(
    stella: Staff, platform_url: str, superuser_url: str
) -> None:
    script = """
for number in range(30): enter(browser(), email=f"somebody{number}@example.com")
say(enter(browser(), code=code()).status_code)
say(enter(browser(REMOTE_ADDR="2001:db8::7"), code=code()).status_code)
"""
    assert run(script, platform_url, **stella.given) == [200, 302]
    assert reasons(superuser_url)[-1] == "too many attempts"


def test_who_is_no_longer_staff_or_has_another_password_is_out_at_the_next_request(
    stella: Staff, platform_url: str, superuser_url: str
) -> None:
    script = """
import psycopg
client = inside()
say(client.get("/admin/", secure=False).status_code)
psycopg.connect(GIVEN["super"], autocommit=True).execute(GIVEN["change"])
say(client.get("/admin/", secure=False).status_code)
"""
    for change in (
        "UPDATE tenants_user SET password = 'md5$x$y'",
        "UPDATE tenants_user SET is_active = false",
        "DELETE FROM tenants_user_groups",
    ):
        member = make_staff(f"one{len(change)}@platform.example")
        assert run(script, platform_url, **member.given, super=superuser_url, change=change) == [200, 302]


def test_a_copied_cookie_is_worth_nothing_after_signing_out_and_other_sessions_go_on(
    stella: Staff, platform_url: str, superuser_url: str
) -> None:
    script = """
def status(client): return client.get("/admin/", secure=False).status_code
def copy(client):
    other = browser(); other.cookies.load(client.cookies.output(header="")); return other
first, second = inside(), browser()
enter(second, code=GIVEN["recovery"][0])
copied = copy(first)
say([status(first), status(second), status(copied)])
say([first.get("/admin/logout/", secure=False).status_code, status(copied)])
first.post("/admin/logout/", secure=False)
again = copy(copied)
say([status(first), status(copied), status(second)])
say([again.get("/admin/platform/person/?q=stella", secure=False).status_code, again.get("/admin/", secure=False).status_code])
say([enter(first, code=GIVEN["recovery"][1]).status_code, status(first), status(second)])
"""
    said = run(script, platform_url, **stella.given)
    assert said == [[200, 200, 200], [405, 200], [302, 302, 200], [302, 302], [302, 200, 200]]
    ended = [detail["sitting"] for action, _, _, detail in actions(superuser_url) if action == "sign_in.ended"]
    assert len(ended) == 1
    assert len(ended[0]) == 22


def test_a_session_without_a_sitting_is_none(stella: Staff, platform_url: str) -> None:
    """One of an earlier version, or made by another process that knows the key."""
    script = """
client = inside()
session = client.session
del session["sitting"]
session.save()
client.cookies["versana_platform"] = session.session_key
say(client.get("/admin/", secure=False).status_code)
"""
    assert run(script, platform_url, **stella.given) == [302]


# --- Who is staff ---------------------------------------------------------------------------------------------------
def test_the_command_makes_and_unmakes_staff_as_the_owner(superuser_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_cast()
    out = StringIO()
    call_command("staff", "add", "Olivia@acme.example", stdout=out)
    call_command("staff", "add", "olivia@acme.example", stdout=out)
    monkeypatch.setattr("sys.stdin", StringIO("correct horse battery staple\n"))
    call_command("staff", "add", "new@platform.example", stdout=out)
    call_command("staff", "list", stdout=out)
    call_command("staff", "remove", "olivia@acme.example", stdout=out)
    assert "needs a second factor" in out.getvalue()
    assert [one.email for one in staff.everybody(using="owner")] == ["new@platform.example"]
    assert [action for action, *_ in actions(superuser_url)] == [
        "staff.added",
        "staff.added",
        "staff.added",
        "staff.removed",
    ]
    with pytest.raises(CommandError, match="Nobody has"):
        call_command("staff", "remove", "nobody@acme.example")
    with pytest.raises(CommandError, match="is not an e-mail address"):
        call_command("staff", "add", "nobody")


def test_without_the_owners_address_nobody_is_made_staff(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(settings.DATABASES, "owner")  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="MIGRATION_DATABASE_URL is not set"):
        call_command("staff", "list")


def test_the_application_cannot_make_anybody_staff(stella: Staff) -> None:
    olivia = User.objects.create_user("olivia@acme.example", PASSWORD)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        staff.add(olivia, using="default")
    group = stella.user.groups.get()
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        olivia.groups.add(group)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        User.groups.through.objects.update(user=olivia)


def test_a_person_who_is_staff_can_be_saved_whole_by_the_application(stella: Staff) -> None:
    stella.user.name = "Stella"
    stella.user.save()
    assert staff.everybody(using="owner") == [stella.user]
