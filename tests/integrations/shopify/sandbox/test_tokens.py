"""Codes and tokens: single use, expiry, rotation, refusals, restarts."""

from datetime import timedelta
from pathlib import Path

import pytest

from integrations.shopify.sandbox import RunningSandbox, serve
from tests.integrations.shopify.sandbox.asking import (
    CLIENT_ID,
    CLIENT_SECRET,
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
