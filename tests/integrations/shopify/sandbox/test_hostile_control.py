"""Whatever is sent to the control interface, it answers, says why not, and goes on."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.shopify.sandbox import RunningSandbox, serve
from integrations.shopify.sandbox.control import answer_control
from integrations.shopify.sandbox.control_actions import ACTIONS
from tests.integrations.shopify.sandbox.asking import graphql, request
from tests.integrations.shopify.sandbox.queries import PROBE
from tests.integrations.shopify.sandbox.small_store import ADA, SHOP, small_store

NAMES = [
    "shop", "order", "customer", "lines", "tracking", "status", "reason", "refund", "level", "scopes", "client_id", "secret",
    "topics", "app_url", "webhook_uri", "include_fields", "note", "email", "tags", "displayFinancialStatus", "fault", "kind",
    "times", "seconds", "duplicate", "lose", "shuffle", "seed", "days", "hours", "clock", "latency_ms", "name", "tea",
]  # fmt: skip
LIKELY = [SHOP, "#1002", "G-1", ADA, "all", "500", "graphql", "Apron", "read_orders", "PAID", "", "\ud800", "1e9"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(LIKELY),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "title", *LIKELY]), inner, max_size=3)
    ),
    max_leaves=5,
)
# Holding would keep deliveries waiting, and draining would wait for them.
DOORS = sorted({*ACTIONS, "faults", "settings"} - {"webhooks/hold", "webhooks/drain"})


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with serve(small_store()) as served:
        yield served


@given(
    door=st.sampled_from(DOORS),
    body=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5),
    shop=st.sampled_from([{}, {"shop": SHOP}, {"shop": SHOP, "order": "#1002"}, {"shop": SHOP, "customer": ADA}]),
)
def test_no_request_is_a_fault_of_the_sandbox(
    running: RunningSandbox, door: str, body: dict[str, Any], shop: dict[str, str]
) -> None:
    answered = answer_control(running.sandbox, "POST", door, json.dumps({**body, **shop}).encode())
    assert answered.status in (200, 400), answered
    json.dumps(answered.body)
    running.sandbox.faults.clear()


def test_it_still_plays_after_all_that(running: RunningSandbox) -> None:
    for name in (
        "stores",
        "log",
        "settings",
        "tokens",
        "faults",
        "deliveries",
        "webhooks",
        "subscriptions",
        "apps",
        "",
    ):
        assert request(running, "GET", f"/_sandbox/{name}").status == 200
    running.sandbox.latency_ms = 0
    running.merchant.unfreeze(SHOP)
    token = running.grant(SHOP)["access_token"]
    assert graphql(running, SHOP, token, PROBE).json["data"]["shop"]["name"] == "Shop One"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"5", b"[" * 100_000, b"\xff", b'{"shop": NaN}'])
def test_a_body_that_is_no_object_is_refused(running: RunningSandbox, body: bytes) -> None:
    assert answer_control(running.sandbox, "POST", "orders/edit", body).status == 400
    assert answer_control(running.sandbox, "POST", "faults", body).status == 400
