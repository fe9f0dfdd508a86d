"""Codes and tokens: single use, expiry, rotation, refusals, restarts."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.shopify.sandbox import RunningSandbox, serve
from tests.integrations.shopify.sandbox.asking import (
    CLIENT_ID,
    CLIENT_SECRET,
    Reply,
    approved_code,
    graphql,
    request,
    token_request,
)
from tests.integrations.shopify.sandbox.queries import PROBE, UNINSTALL
from tests.integrations.shopify.sandbox.small_store import OPEN_SHOP, SHOP, small_store


def works(running: RunningSandbox, token: str, shop: str = SHOP) -> bool:
    return graphql(running, shop, token, PROBE).status == 200


def refresh(running: RunningSandbox, token: str) -> dict[str, str]:
    reply = token_request(running, SHOP, grant_type="refresh_token", refresh_token=token)
    assert reply.status == 200
    return dict(reply.json)


def test_a_code_becomes_an_expiring_pair_once(running: RunningSandbox) -> None:
    code = approved_code(running, SHOP)
    first = token_request(running, SHOP, code=code, expiring="1")
    assert first.status == 200
    assert first.json["access_token"].startswith("shpat_")
    assert first.json["refresh_token"].startswith("shprt_")
    assert (first.json["expires_in"], first.json["refresh_token_expires_in"]) == (3600, 7776000)
    assert first.json["scope"] == "read_customers,read_orders"
    again = token_request(running, SHOP, code=code, expiring="1")
    assert again.status == 400
    assert again.json["error"] == "invalid_request"


def test_without_expiring_the_token_lasts(running: RunningSandbox) -> None:
    body = token_request(running, SHOP, code=approved_code(running, SHOP)).json
    assert set(body) == {"access_token", "scope"}
    running.set_clock(running.clock.now() + timedelta(days=400))
    assert works(running, body["access_token"])


def test_a_form_body_is_read_too(running: RunningSandbox) -> None:
    form = f"client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&code={approved_code(running, SHOP)}&expiring=1"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert request(running, "POST", "/admin/oauth/access_token", host=SHOP, body=form, headers=headers).status == 200


def test_a_code_is_short_lived_and_bound_to_its_store(running: RunningSandbox) -> None:
    assert token_request(running, OPEN_SHOP, code=approved_code(running, SHOP)).status == 400
    late = approved_code(running, SHOP)
    running.set_clock(running.clock.now() + timedelta(minutes=2))
    assert token_request(running, SHOP, code=late).status == 400


def test_scopes_that_the_store_did_not_open_are_dropped(running: RunningSandbox) -> None:
    scope = "read_customers,read_orders,read_all_orders"
    assert (
        token_request(running, SHOP, code=approved_code(running, SHOP, scope=scope)).json["scope"]
        == "read_customers,read_orders"
    )
    assert token_request(running, OPEN_SHOP, code=approved_code(running, OPEN_SHOP, scope=scope)).json["scope"] == scope


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_id": "x"}, "application_cannot_be_found"),
        ({"code": "nonsense"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "shprt_nonsense"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": ""}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
    ],
)
def test_a_wrong_token_request_gets_an_oauth_error(running: RunningSandbox, wrong: dict[str, str], error: str) -> None:
    reply = token_request(running, SHOP, **wrong)
    assert (reply.status, reply.json["error"]) == (400, error)


@pytest.mark.parametrize(
    "body", ["{", "[]", "[1]", "null", '{"a":1,"a":2}', "[" * 100_000, "\ud800".encode("utf-16", "surrogatepass")]
)
def test_an_unreadable_token_request_is_refused(running: RunningSandbox, body: str | bytes) -> None:
    headers = {"Content-Type": "application/json"}
    reply = request(running, "POST", "/admin/oauth/access_token", host=SHOP, body=body, headers=headers)
    assert reply.status == 400


def test_a_repeated_form_parameter_is_refused(running: RunningSandbox) -> None:
    form = f"client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&code={approved_code(running, SHOP)}&code=x"
    assert request(running, "POST", "/admin/oauth/access_token", host=SHOP, body=form).status == 400


def test_access_expires_after_an_hour_and_refresh_after_90_days(running: RunningSandbox) -> None:
    pair = running.grant(SHOP)
    running.set_clock(running.clock.now() + timedelta(minutes=59))
    assert works(running, pair["access_token"])
    running.set_clock(running.clock.now() + timedelta(minutes=2))
    reply = graphql(running, SHOP, pair["access_token"], PROBE)
    assert reply.status == 401
    assert reply.json["errors"].startswith("[API] Invalid API key or access token")
    assert works(running, refresh(running, pair["refresh_token"])["access_token"])
    running.set_clock(running.clock.now() + timedelta(days=91))
    assert token_request(running, SHOP, grant_type="refresh_token", refresh_token=pair["refresh_token"]).status == 400


def test_a_lost_refresh_answer_can_be_asked_for_again_until_the_new_token_is_used(running: RunningSandbox) -> None:
    first = running.grant(SHOP)
    lost = refresh(running, first["refresh_token"])
    second = refresh(running, first["refresh_token"])
    assert lost["refresh_token"] != second["refresh_token"]
    assert works(running, second["access_token"])
    assert not works(running, first["access_token"])
    refresh(running, second["refresh_token"])
    gone = token_request(running, SHOP, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (gone.status, gone.json["error"]) == (400, "invalid_grant")


def test_the_previous_refresh_token_dies_after_30_days(running: RunningSandbox) -> None:
    first = running.grant(SHOP)
    refresh(running, first["refresh_token"])
    running.set_clock(running.clock.now() + timedelta(days=31))
    assert token_request(running, SHOP, grant_type="refresh_token", refresh_token=first["refresh_token"]).status == 400


def test_a_token_opens_only_its_own_store(running: RunningSandbox) -> None:
    pair = running.grant(SHOP)
    assert not works(running, pair["access_token"], OPEN_SHOP)
    assert not works(running, "")
    assert not works(running, "shpat_é".encode().decode("latin-1"))
    assert (
        token_request(running, OPEN_SHOP, grant_type="refresh_token", refresh_token=pair["refresh_token"]).status == 400
    )


def test_uninstall_kills_every_token_of_the_store(running: RunningSandbox) -> None:
    pair, other = running.grant(SHOP), running.grant(OPEN_SHOP)
    reply = graphql(running, SHOP, pair["access_token"], UNINSTALL)
    assert reply.json["data"]["appUninstall"] == {"app": {"id": "gid://shopify/App/1"}, "userErrors": []}
    assert not works(running, pair["access_token"])
    assert works(running, other["access_token"], OPEN_SHOP)
    assert token_request(running, SHOP, grant_type="refresh_token", refresh_token=pair["refresh_token"]).status == 400


def test_a_restarted_sandbox_knows_its_tokens_if_it_has_a_state_file(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with serve(small_store(), state_path=state) as before:
        pair = before.grant(SHOP)
    assert state.stat().st_mode & 0o077 == 0
    with serve(small_store(), state_path=state) as after:
        assert works(after, pair["access_token"])
    state.write_text("[{]")
    with pytest.raises(ValueError, match="not a state file"):
        serve(small_store(), state_path=state)


def exchange(running: RunningSandbox, token: str, **changed: str) -> Reply:
    kind = "urn:shopify:params:oauth:token-type:offline-access-token"
    given = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": token,
        "subject_token_type": kind,
        "requested_token_type": kind,
        "expiring": "1",
        **changed,
    }
    return token_request(running, SHOP, **given)


def test_the_previous_refresh_token_never_outlives_its_own_90_days(running: RunningSandbox) -> None:
    first = running.grant(SHOP)
    running.advance(days=75)
    refresh(running, first["refresh_token"])
    running.advance(days=10)
    refresh(running, first["refresh_token"])
    running.advance(days=10)
    assert token_request(running, SHOP, grant_type="refresh_token", refresh_token=first["refresh_token"]).status == 400


def test_using_the_new_access_token_alone_does_not_end_the_grace(running: RunningSandbox) -> None:
    first = running.grant(SHOP)
    assert works(running, refresh(running, first["refresh_token"])["access_token"])
    assert works(running, refresh(running, first["refresh_token"])["access_token"])


def test_a_lasting_token_becomes_an_expiring_pair_and_dies(running: RunningSandbox) -> None:
    lasting = running.grant(SHOP, expiring=False)["access_token"]
    pair = exchange(running, lasting).json
    assert (pair["expires_in"], pair["scope"]) == (3600, "read_customers,read_orders")
    assert works(running, pair["access_token"])
    assert not works(running, lasting)
    assert running.calls[0]["kind"] == "exchange"


def test_a_lost_exchange_gives_the_same_pair_again_for_seven_days(running: RunningSandbox) -> None:
    lasting = running.grant(SHOP, expiring=False)["access_token"]
    pair = exchange(running, lasting).json
    running.advance(days=6)
    assert not works(running, pair["access_token"])
    assert exchange(running, lasting).json == pair
    assert works(running, pair["access_token"]), "its life was not lengthened"
    running.advance(days=2)
    assert exchange(running, lasting).json["error"] == "invalid_subject_token"


def test_an_exchange_cannot_be_repeated_once_the_pair_is_in_use_or_replaced(running: RunningSandbox) -> None:
    lasting = running.grant(SHOP, expiring=False)["access_token"]
    refresh(running, exchange(running, lasting).json["refresh_token"])
    assert exchange(running, lasting).status == 400
    another = running.grant(SHOP, expiring=False)["access_token"]
    exchange(running, another)
    running.grant(SHOP)
    assert exchange(running, another).status == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"subject_token": "shpat_nonsense"},
        {"subject_token": ""},
        {"expiring": "0"},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"requested_token_type": "urn:shopify:params:oauth:token-type:online-access-token"},
        {"client_secret": "wrong"},
    ],
)
def test_a_wrong_exchange_leaves_the_lasting_token_alone(running: RunningSandbox, changed: dict[str, str]) -> None:
    lasting = running.grant(SHOP, expiring=False)["access_token"]
    assert exchange(running, lasting, **changed).status == 400
    assert works(running, lasting)
    pair = running.grant(SHOP)
    assert exchange(running, pair["access_token"]).status == 400, "a token that expires was exchanged"


def test_both_secrets_are_good_while_they_rotate_and_the_old_ones_tokens_die_with_it(running: RunningSandbox) -> None:
    old, kept = running.grant(SHOP), running.grant(SHOP)
    running.rotate_secret("next-secret")
    given = {"grant_type": "refresh_token", "refresh_token": kept["refresh_token"]}
    assert works(running, refresh(running, old["refresh_token"])["access_token"]), "the old secret is good still"
    new = token_request(running, SHOP, **given, client_secret="next-secret").json
    running.revoke_old_secret()
    assert works(running, new["access_token"])
    assert token_request(running, SHOP, code="x").json["error"] == "invalid_client"
    gone = token_request(
        running, SHOP, grant_type="refresh_token", refresh_token=old["refresh_token"], client_secret="next-secret"
    )
    assert gone.json["error"] == "invalid_grant"


def test_a_rotation_has_an_order(running: RunningSandbox) -> None:
    with pytest.raises(ValueError, match="rotate first"):
        running.revoke_old_secret()
    with pytest.raises(ValueError, match="must differ"):
        running.rotate_secret(CLIENT_SECRET)
    running.rotate_secret("next-secret")
    with pytest.raises(ValueError, match="two secrets already"):
        running.rotate_secret("third-secret")
    assert request(running, "POST", "/_sandbox/apps/revoke", body={}).json == {"secrets": 1}
    assert request(running, "POST", "/_sandbox/apps/rotate", body={"secret": "third"}).json == {"secrets": 2}


def test_apps_are_listed_without_their_secrets(running: RunningSandbox) -> None:
    body = {"client_id": "own-app", "secret": "own-secret"}
    assert request(running, "POST", "/_sandbox/apps", body=body).json == {"client_id": "own-app"}
    assert request(running, "POST", "/_sandbox/apps", body=body).status == 400
    body = {"client_id": "own-app", "webhook_uri": "http://127.0.0.1:1/", "topics": ["orders/create"]}
    assert request(running, "POST", "/_sandbox/apps/configure", body=body).status == 200
    assert request(running, "POST", "/_sandbox/apps/configure", body={"topics": "orders/create"}).status == 400
    assert request(running, "POST", "/_sandbox/apps/configure", body={"secrets": []}).status == 400
    listed = request(running, "GET", "/_sandbox/apps")
    assert [app["client_id"] for app in listed.json] == [CLIENT_ID, "own-app"]
    assert listed.json[1]["topics"] == ["orders/create"]
    assert CLIENT_SECRET not in listed.text
    assert "own-secret" not in listed.text


def test_everything_that_was_set_outlives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"

    def again() -> RunningSandbox:
        return serve(small_store(), client_id=CLIENT_ID, client_secret=CLIENT_SECRET, state_path=state)

    with again() as before:
        before.register("own-app", "own-secret")
        before.rotate_secret("next-secret")
        before.merchant.freeze(OPEN_SHOP)
        before.merchant.approve(SHOP, "level1")
        before.merchant.create_order(SHOP, {"name": "#7", "lineItems": [{"title": "Mug", "quantity": 1}]})
        before.merchant.delete_order(SHOP, "#1001")
        before.merchant.edit_customer(SHOP, "mail@other.example", note="kept")
        before.advance(days=3)
        moved = before.clock.now()
    with again() as after:
        assert after.sandbox.clients.get("own-app").secrets == ("own-secret",)
        assert after.sandbox.clients.first.secrets == (CLIENT_SECRET, "next-secret")
        assert after.sandbox.conditions.of(OPEN_SHOP).frozen
        assert after.sandbox.conditions.of(SHOP).approved == "level1"
        names = [order["name"] for order in after.sandbox.stores[SHOP].orders]
        assert "#7" in names
        assert "#1001" not in names
        assert after.sandbox.stores[SHOP].customer_by_email("mail@other.example")["note"] == "kept"  # type: ignore[index]
        # It keeps its distance from the machine's clock, which may be set by a little between the two.
        assert after.clock.now() > moved - timedelta(seconds=1)
        request(after, "POST", "/_sandbox/reload")
        assert "#7" not in [order["name"] for order in after.sandbox.stores[SHOP].orders], "the file is the truth again"


def test_a_state_file_of_the_first_version_is_still_read(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with serve(small_store(), state_path=state) as before:
        pair = before.grant(SHOP)
        rows = before.sandbox.tokens.dump()
    for row in rows:
        for newer in ("client_id", "secret", "migrated_from", "migrated_until"):
            del row[newer]
    state.write_text(json.dumps(rows))
    with serve(small_store(), state_path=state) as after:
        assert works(after, pair["access_token"])
