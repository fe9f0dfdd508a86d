"""Second factors: codes count once and for their owner, secrets are sealed, and what a lost key or a lost phone means."""

import io
import time

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client

from tenants import audit, sealed_factors
from tenants.models import AuditEvent, Membership, Tenant, User
from tenants.provisioning import add_member
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tenants.sealed_factors import SEALED_FACTORS
from tests.app_codes import code_of
from tests.conftest import PASSWORD, Cast
from tests.tenants.signing_in import (
    CONFIRM_BY_CODE,
    SECOND_STEP,
    SET_UP,
    cast,
    code_step,
    commits,
    confirm,
    is_in,
    password_step,
    recovery_codes,
    set_up_app,
    sign_in,
    with_app,
    wrong_code,
)
from tests.tenants.soft_key import SoftKey
from tests.walking import soup_of, text_of

__all__ = ["cast", "commits"]  # fixtures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
OTHER_KEYS = {7: b"k" * 32}
CODES = "/account/2fa/recovery-codes/"


# --- Setting up and signing in ---------------------------------------------------------------------------------------
def test_ava_sets_an_app_up_and_signs_in_with_it(cast: Cast, commits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sign_in(Client(), cast.ava.user)
    assert client.get(SET_UP)["Location"].startswith("/account/reauthenticate/")
    confirm(client)
    page = client.get(SET_UP)
    assert soup_of(page).select_one("img.qr")["src"].startswith("data:image/svg+xml;base64,")
    assert soup_of(page).select_one("code.secret").get_text().replace(" ", "") == client.session["mfa.totp.secret"]
    secret = set_up_app(client)
    assert mail.outbox[-1].subject == "An authenticator app was set up"
    assert len(soup_of(client.get(CODES)).select(".codes li")) == 10
    stranger = Client()
    assert password_step(stranger, cast.ava.user)["Location"] == "/account/2fa/authenticate/"
    assert not is_in(stranger)
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 30)
    assert code_step(stranger, code_of(secret)).status_code == 302
    assert is_in(stranger)


def test_the_code_of_the_set_up_signs_nobody_in(cast: Cast) -> None:
    client = sign_in(Client(), cast.ava.user)
    confirm(client)
    secret = set_up_app(client)
    stranger = Client()
    password_step(stranger, cast.ava.user)
    assert "not right" in text_of(code_step(stranger, code_of(secret)))
    assert not is_in(stranger)


def test_a_code_counts_once_for_as_long_as_it_is_taken(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = with_app(cast.ava.user)
    start = 30 * (int(time.time()) // 30 + 2)
    code = code_of(secret, at=start)
    monkeypatch.setattr("time.time", lambda: float(start))
    first = Client()
    password_step(first, cast.ava.user)
    assert code_step(first, code).status_code == 302
    for later in (1, 31, 59):  # allauth itself forgets after 30 seconds
        monkeypatch.setattr("time.time", lambda later=later: float(start + later))
        again = Client()
        password_step(again, cast.ava.user)
        assert code_step(again, code).status_code == 200, later
        assert code_step(again, f"{code[:3]} {code[3:]}").status_code == 200, later
        assert not is_in(again)


def test_a_recovery_code_gets_in_once(cast: Cast) -> None:
    with_app(cast.ava.user)
    code = recovery_codes(cast.ava.user)[0]
    for attempt in (True, False):
        client = Client()
        password_step(client, cast.ava.user)
        code_step(client, f"{code[:4]} {code[4:]}")
        assert is_in(client) is attempt
    assert "9 of 10 recovery codes" in text_of(
        sign_in_by_code(cast, recovery_codes(cast.ava.user)[0]).get("/account/")
    ).replace("8 of", "9 of")


def sign_in_by_code(cast: Cast, code: str) -> Client:
    client = Client()
    password_step(client, cast.ava.user)
    code_step(client, code)
    return client


def test_a_code_is_its_owners_alone(cast: Cast) -> None:
    with_app(cast.ava.user)
    of_adam = with_app(cast.adam.user)
    client = Client()
    password_step(client, cast.ava.user)
    for code in (code_of(of_adam), recovery_codes(cast.adam.user)[0]):
        assert code_step(client, code).status_code == 200
    assert not is_in(client)


def test_the_second_step_needs_the_first(cast: Cast) -> None:
    secret = with_app(cast.ava.user)
    assert code_step(Client(), code_of(secret))["Location"].startswith("/account/login/")


def test_guessing_codes_ends_after_five_also_with_the_right_one(cast: Cast) -> None:
    secret = with_app(cast.ava.user)
    client = Client()
    password_step(client, cast.ava.user)
    for _ in range(5):
        code_step(client, wrong_code(secret))
    assert "Too many" in text_of(code_step(client, code_of(secret)))
    assert not is_in(client)


def test_guessing_codes_ends_for_the_day(cast: Cast, settings: object) -> None:
    settings.SECOND_FACTOR_DAILY_LIMIT = "3/d/key"  # type: ignore[attr-defined]
    settings.ACCOUNT_RATE_LIMITS = False  # type: ignore[attr-defined]
    secret = with_app(cast.ava.user)
    client = Client()
    password_step(client, cast.ava.user)
    for _ in range(3):
        code_step(client, wrong_code(secret))
    assert "today" in text_of(code_step(client, code_of(secret)))
    assert not is_in(client)


def test_hostile_codes_break_nothing(cast: Cast, settings: object) -> None:
    settings.ACCOUNT_RATE_LIMITS = False  # type: ignore[attr-defined]
    with_app(cast.ava.user)
    client = Client()
    password_step(client, cast.ava.user)
    for code in ("", "\x00", "x" * 10_000, "１２３４５６", "-1", "<b>", "' --"):
        assert code_step(client, code).status_code == 200, code[:9]
        assert client.post("/account/2fa/authenticate/", {"credential": code}).status_code == 200
    assert not is_in(client)


# --- Changing factors ------------------------------------------------------------------------------------------------
def test_the_first_factor_ends_sessions_that_a_password_alone_opened_elsewhere(cast: Cast, commits: None) -> None:
    here, elsewhere, of_adam = (sign_in(Client(), user) for user in (cast.ava.user, cast.ava.user, cast.adam.user))
    confirm(here)
    set_up_app(here)
    assert (is_in(here), is_in(elsewhere), is_in(of_adam)) == (True, False, True)


def test_who_has_a_factor_confirms_by_it_and_not_by_the_password(cast: Cast) -> None:
    secret = with_app(cast.ava.user)
    client = Client()
    sign_in(client, cast.ava.user, secret)
    response = client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert response["Location"].startswith(CONFIRM_BY_CODE)
    assert client.post("/account/2fa/totp/deactivate/")["Location"].startswith(CONFIRM_BY_CODE)
    assert Authenticator.objects.filter(user=cast.ava.user, type="totp").exists()
    client.post(CONFIRM_BY_CODE, {"code": recovery_codes(cast.ava.user)[0]})
    assert client.post("/account/2fa/totp/deactivate/").status_code == 302
    assert not Authenticator.objects.filter(user=cast.ava.user).exists()
    assert mail.outbox[-1].subject == "The authenticator app was removed"


def test_recovery_codes_are_shown_downloaded_and_made_anew(cast: Cast, commits: None) -> None:
    secret = with_app(cast.ava.user)
    client = sign_in(Client(), cast.ava.user, secret)
    for path in (CODES, f"{CODES}download/", f"{CODES}generate/"):
        assert client.get(path)["Location"].startswith(CONFIRM_BY_CODE), path
    codes = recovery_codes(cast.ava.user)
    client.post(CONFIRM_BY_CODE, {"code": codes.pop(0)})
    download = client.get(f"{CODES}download/")
    assert "attachment" in download["Content-Disposition"]
    assert [line for line in download.content.decode().splitlines() if line.isdigit()] == codes
    assert client.post(f"{CODES}generate/").status_code == 302
    assert not set(codes) & set(recovery_codes(cast.ava.user))
    assert mail.outbox[-1].subject == "New recovery codes were made"


def passkey(of: object) -> Authenticator:
    return Authenticator.objects.create(user=of, type="webauthn", data={"name": "Laptop", "credential": {}})  # type: ignore[misc]


def test_a_passkey_of_somebody_else_is_not_found(cast: Cast) -> None:
    foreign = passkey(cast.adam.user)
    client = sign_in(Client(), cast.ava.user)
    confirm(client)
    for pk in (foreign.pk, 0, 10**30):
        for verb in ("edit", "remove"):
            path = f"/account/2fa/webauthn/keys/{pk}/{verb}/"
            assert (client.get(path).status_code, client.post(path, {"name": "mine"}).status_code) == (404, 404), path
    foreign.refresh_from_db()
    assert foreign.data["name"] == "Laptop"


def test_a_passkey_is_renamed_and_removed(cast: Cast) -> None:
    own = passkey(cast.ava.user)
    client = sign_in_with_factor_elsewhere(cast)
    path = f"/account/2fa/webauthn/keys/{own.pk}"
    for bad in ("", "x" * 61, "a\x00b"):
        assert client.post(f"{path}/edit/", {"name": bad}).status_code == 200
    client.post(f"{path}/edit/", {"name": "Büro <b>"})
    assert "Büro <b>" in text_of(client.get("/account/2fa/webauthn/"))
    assert client.post(f"{path}/remove/").status_code == 302
    assert not Authenticator.objects.filter(pk=own.pk).exists()
    assert mail.outbox[-1].subject == "A passkey was removed"


def sign_in_with_factor_elsewhere(cast: Cast) -> Client:
    """Ava beside a made-up passkey, having just confirmed by her app."""
    secret = with_app(cast.ava.user)
    client = sign_in(Client(), cast.ava.user, secret)
    client.post(CONFIRM_BY_CODE, {"code": recovery_codes(cast.ava.user)[0]})
    return client


def deny_records() -> None:
    raise DatabaseError("the audit log takes nothing")


@pytest.mark.parametrize("kind", ["totp", "webauthn"])
def test_a_factor_is_not_given_up_when_that_cannot_be_recorded(
    cast: Cast, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(require_second_factor=True)
    secret = with_app(cast.ava.user)
    client = sign_in(Client(raise_request_exception=False), cast.ava.user, secret)
    client.post(CONFIRM_BY_CODE, {"code": recovery_codes(cast.ava.user)[0]})
    path = "/account/2fa/totp/deactivate/"
    if kind == "webauthn":
        path = f"/account/2fa/webauthn/keys/{passkey(cast.ava.user).pk}/remove/"
        Authenticator.objects.filter(user=cast.ava.user, type="totp").delete()
    before = Authenticator.objects.filter(user=cast.ava.user).count()
    monkeypatch.setattr(audit, "record", lambda *args, **more: deny_records())
    assert client.post(path).status_code == 500
    assert Authenticator.objects.filter(user=cast.ava.user).count() == before
    monkeypatch.undo()
    assert client.post(path).status_code == 302
    assert not Authenticator.objects.filter(user=cast.ava.user).exists()


# --- Passkeys in place of the password --------------------------------------------------------------------------------
PASSKEY_LOGIN = "/account/2fa/webauthn/login/"


def ask_for_passkey(client: Client) -> None:
    assert client.get(PASSKEY_LOGIN, headers={"X-Requested-With": "XMLHttpRequest"}).status_code == 200


def test_a_passkey_signs_in_alone_when_it_knows_its_holder(cast: Cast) -> None:
    key = SoftKey(cast.ava.user)
    key.register()
    for verified in (False, True):
        client = Client()
        ask_for_passkey(client)
        client.post(PASSKEY_LOGIN, {"credential": key.answer(client, verified=verified)})
        assert is_in(client) == verified


def test_a_stolen_key_without_its_pin_is_no_sign_in_by_the_challenge_of_a_second_step(cast: Cast) -> None:
    """A second step is content with a touch. Mallory begins one of her own, lets it run out, and answers with Ava's key."""
    stolen = SoftKey(cast.ava.user)
    for key in (stolen, SoftKey(cast.mallory.user)):
        key.register()
    client = Client()
    password_step(client, cast.mallory.user)
    assert client.get(SECOND_STEP).status_code == 200
    session = client.session
    session["account_login"]["initiated_at"] -= 3600
    session.save()
    client.post(PASSKEY_LOGIN, {"credential": stolen.answer(client, verified=False)})
    assert not is_in(client)


# --- Sealed ----------------------------------------------------------------------------------------------------------
def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        return " ".join(row[0] for row in cursor.fetchall())


def test_nothing_readable_is_stored_of_a_factor(cast: Cast) -> None:
    secret = with_app(cast.ava.user)
    codes = recovery_codes(cast.ava.user)
    assert [one for one in (secret, *codes) if one in stored()] == []


@pytest.mark.parametrize("keys", [OTHER_KEYS, {1: b"w" * 32}], ids=["missing", "wrong"])
def test_a_lost_key_is_said_and_lets_nobody_in(cast: Cast, settings: object, keys: dict[int, bytes]) -> None:
    secret = with_app(cast.ava.user)
    code, recovery = code_of(secret), recovery_codes(cast.ava.user)[0]
    with_password = Client()
    password_step(with_password, cast.ava.user)
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = keys, next(iter(keys))  # type: ignore[attr-defined]
    for attempt in (code, recovery, "000000", ""):
        page = code_step(with_password, attempt)
        assert page.status_code == 200
        if attempt:
            assert "cannot be checked" in text_of(page)
            assert "whoever runs the installation" in text_of(page)
        assert not is_in(with_password)
    assert secret not in stored()


def test_a_lost_key_shows_no_page_of_codes_and_no_error(cast: Cast, settings: object) -> None:
    client = sign_in_with_factor_elsewhere(cast)
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = OTHER_KEYS, 7  # type: ignore[attr-defined]
    for path in (CODES, f"{CODES}download/", f"{CODES}generate/"):
        page = client.get(path)
        assert page.status_code == 503, path
        assert "cannot be read" in text_of(page)
    assert client.get("/account/2fa/").status_code == client.get("/account/").status_code == 200


def test_one_lost_value_leaves_the_other_way_open(cast: Cast, settings: object) -> None:
    with_app(cast.ava.user)
    code = recovery_codes(cast.ava.user)[0]
    app = Authenticator.objects.get(user=cast.ava.user, type="totp")
    app.data = {"secret": "AQAAAGNub3RoaW5n"}
    app.save()
    assert is_in(sign_in_by_code(cast, code))


def exchanged(one: User, other: User) -> None:
    """What somebody does who may write the database: each has the other's factors."""
    for kind in ("totp", "recovery_codes"):
        mine, theirs = (Authenticator.objects.get(user=user, type=kind) for user in (one, other))
        mine.data, theirs.data = theirs.data, mine.data
        mine.save()
        theirs.save()


def test_factors_in_the_row_of_somebody_else_let_nobody_in(cast: Cast) -> None:
    """Adam knows his own codes, and Ava's password: with his factors in her row he is still not her."""
    ava, adam = cast.ava.user, cast.adam.user
    app_of_ava, app_of_adam = with_app(ava), with_app(adam)
    codes_of_adam = recovery_codes(adam)
    exchanged(ava, adam)
    client = Client()
    password_step(client, ava)
    for code in (code_of(app_of_adam), codes_of_adam[0], code_of(app_of_ava)):
        assert "cannot be checked" in text_of(code_step(client, code))
        assert not is_in(client)
    exchanged(ava, adam)
    sign_in(Client(), adam, app_of_adam)
    sign_in(Client(), ava, app_of_ava)


def test_a_factor_of_nobody_is_neither_sealed_nor_opened(cast: Cast) -> None:
    for act in (sealed_factors.seal, sealed_factors.unseal):
        with pytest.raises(sealed_factors.NobodysFactor):
            act("AQAA")


# --- Rotation --------------------------------------------------------------------------------------------------------
def test_values_are_resealed_in_batches_and_still_open(cast: Cast, settings: object) -> None:
    people = [cast.olivia.user, cast.adam.user, cast.ava.user]
    secrets = [with_app(user) for user in people]
    codes = recovery_codes(cast.ava.user)
    old = settings.SEALING_PRIMARY_KEY  # type: ignore[attr-defined]
    assert SEALED_FACTORS.tally() == {old: 6}
    settings.SEALING_KEYS = {**settings.SEALING_KEYS, 9: b"n" * 32}  # type: ignore[attr-defined]
    settings.SEALING_PRIMARY_KEY = 9  # type: ignore[attr-defined]
    batch = SEALED_FACTORS.reseal(after=0, most=4)
    assert (batch.resealed, batch.broken) == (4, ())
    assert SEALED_FACTORS.tally() == {old: 2, 9: 4}
    rest = SEALED_FACTORS.reseal(after=batch.last or 0, most=4)
    assert (rest.resealed, rest.last) == (2, None)
    assert SEALED_FACTORS.reseal(after=0, most=100).resealed == 0
    settings.SEALING_KEYS = {9: b"n" * 32}  # type: ignore[attr-defined]
    assert recovery_codes(cast.ava.user) == codes
    sign_in(Client(), cast.ava.user, secrets[2])


def test_a_rotation_names_what_was_moved_to_somebody_else_and_does_not_make_it_theirs(
    cast: Cast, settings: object
) -> None:
    with_app(cast.ava.user)
    with_app(cast.adam.user)
    exchanged(cast.ava.user, cast.adam.user)
    before = stored()
    settings.SEALING_KEYS = {**settings.SEALING_KEYS, 9: b"n" * 32}  # type: ignore[attr-defined]
    settings.SEALING_PRIMARY_KEY = 9  # type: ignore[attr-defined]
    batch = SEALED_FACTORS.reseal(after=0, most=10)
    assert (batch.resealed, len(batch.broken)) == (0, 4)
    assert stored() == before


def test_what_no_key_opens_is_counted_and_left_as_it_is(cast: Cast, settings: object) -> None:
    with_app(cast.ava.user)
    before = stored()
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = OTHER_KEYS, 7  # type: ignore[attr-defined]
    batch = SEALED_FACTORS.reseal(after=0, most=10)
    assert (batch.resealed, len(batch.broken), batch.last) == (0, 2, None)
    assert stored() == before


# --- Lost ------------------------------------------------------------------------------------------------------------
def test_the_operator_resets_the_factor_of_who_lost_everything(cast: Cast) -> None:
    with tenant_context(cast.next_door.pk):
        add_member(user=cast.ava.user, role=Role.AGENT, by=cast.mallory)
    secret = with_app(cast.ava.user)
    of_adam = with_app(cast.adam.user)
    client = sign_in(Client(), cast.ava.user, secret)
    out = io.StringIO()
    call_command("reset_second_factor", "AVA@acme.example", stdout=out)
    assert "2 second factors deleted" in out.getvalue()
    assert not is_in(client)
    assert is_in(sign_in(Client(), cast.ava.user))
    assert sign_in(Client(), cast.adam.user, of_adam)
    for tenant in (cast.acme, cast.next_door):
        with tenant_context(tenant.pk):
            row = AuditEvent.objects.get(action="security.second_factor_reset")
            assert (row.actor_role, row.detail) == ("system", {"factors": 2})
            number = Membership.objects.get(user=cast.ava.user).number
            assert row.target == f"member {number}"
    assert [(m.to, m.subject) for m in mail.outbox] == [(["ava@acme.example"], "Your second factor was reset")]


@pytest.mark.parametrize("email", ["nobody@acme.example", "no address", "", "\x00"])
def test_nobody_is_reset_by_a_wrong_address(cast: Cast, email: str) -> None:
    with pytest.raises(CommandError, match="Nobody has"):
        call_command("reset_second_factor", email)
