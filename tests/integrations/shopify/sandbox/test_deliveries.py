"""Webhooks on their way: signed, with all headers, retried by the sandbox's clock, doubled, lost and shuffled on demand."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.shopify.sandbox import RunningSandbox, serve
from tests.integrations.shopify.sandbox.asking import CLIENT_ID, CLIENT_SECRET, request
from tests.integrations.shopify.sandbox.receiving import Inbox, Received
from tests.integrations.shopify.sandbox.small_store import ADA, OPEN_SHOP, SHOP, small_store
from tests.integrations.shopify.sandbox.test_subscriptions import LIST, create, run

TOPICS = (
    "app/uninstalled",
    "app/scopes_update",
    "orders/create",
    "orders/updated",
    "orders/delete",
    "customers/update",
    "customers/delete",
    "customers/data_request",
    "customers/redact",
    "shop/redact",
)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as opened:
        yield opened


@pytest.fixture
def running(inbox: Inbox) -> Iterator[RunningSandbox]:
    """The small store with the app installed, whose configuration sends all its topics to the inbox."""
    with serve(
        small_store(), client_id=CLIENT_ID, client_secret=CLIENT_SECRET, webhook_uri=inbox.url, topics=TOPICS
    ) as served:
        served.grant(SHOP)
        yield served


def signed_with(received: Received, secret: str) -> bool:
    wanted = base64.b64encode(hmac.new(secret.encode(), received.body, hashlib.sha256).digest()).decode()
    return received.headers["x-shopify-hmac-sha256"] == wanted


def outcomes(running: RunningSandbox) -> list[tuple[str, str, int]]:
    return [(row["topic"], row["outcome"], len(row["attempts"])) for row in running.deliveries]


def test_a_change_is_delivered_signed_and_with_every_header(running: RunningSandbox, inbox: Inbox) -> None:
    running.merchant.edit_order(SHOP, "#1002", note="Leave it at the door")
    running.drain()
    (received,) = inbox.got
    assert signed_with(received, CLIENT_SECRET)
    assert received.headers["x-shopify-topic"] == "orders/updated"
    assert received.headers["x-shopify-shop-domain"] == SHOP
    assert received.headers["x-shopify-api-version"] == "2026-10"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["x-shopify-triggered-at"].startswith("2026-11-22T12:00:0")
    assert received.headers["x-shopify-webhook-id"] != received.headers["x-shopify-event-id"]
    assert received.json["id"] == 1002
    assert received.json["admin_graphql_api_id"] == "gid://shopify/Order/1002"
    assert received.json["customer"]["email"] == ADA
    assert received.json["note"] == "Leave it at the door"


def test_events_of_one_action_share_their_event_id_and_nothing_else(running: RunningSandbox, inbox: Inbox) -> None:
    running.merchant.cancel(SHOP, "#1002")
    running.configure(topics=[*TOPICS, "orders/cancelled"])
    running.merchant.cancel(SHOP, "G-1")
    running.drain()
    assert inbox.topics == ["orders/updated", "orders/cancelled", "orders/updated"]
    _, cancelled, updated = (one.headers for one in inbox.got)
    assert cancelled["x-shopify-event-id"] == updated["x-shopify-event-id"]
    assert len({one.headers["x-shopify-webhook-id"] for one in inbox.got}) == 3
    assert len({one.headers["x-shopify-event-id"] for one in inbox.got}) == 2


def test_a_failed_delivery_is_retried_eight_times_in_four_hours_with_the_same_body(
    running: RunningSandbox, inbox: Inbox
) -> None:
    inbox.status = 500
    running.merchant.edit_order(SHOP, "#1002", note="first")
    running.drain()
    assert len(inbox.got) == 1
    seen = [1]
    for _ in range(8):
        running.advance(minutes=30)
        running.drain()
        seen.append(len(inbox.got))
    assert seen == [1, 6, 7, 7, 8, 8, 8, 8, 9], "the waits do not grow exponentially"
    assert outcomes(running) == [("orders/updated", "failed", 9)]
    assert len({(one.body, one.headers["x-shopify-webhook-id"]) for one in inbox.got}) == 1
    running.advance(days=2)
    running.drain()
    assert len(inbox.got) == 9


def test_a_retry_that_is_accepted_ends_it(running: RunningSandbox, inbox: Inbox) -> None:
    inbox.statuses = [503, 302]
    running.merchant.edit_order(SHOP, "#1002", note="first")
    running.drain()
    running.advance(hours=4)
    running.drain()
    assert outcomes(running) == [("orders/updated", "delivered", 3)]
    assert [attempt["status"] for attempt in running.deliveries[0]["attempts"]] == [503, 302, 200]


def test_an_app_that_is_away_counts_as_a_failure(running: RunningSandbox) -> None:
    running.configure(webhook_uri="http://127.0.0.1:9/nobody")
    running.merchant.edit_order(SHOP, "#1002", note="first")
    running.drain()
    assert running.deliveries[0]["attempts"][0]["status"] == 0
    assert running.deliveries[0]["attempts"][0]["error"] == "ConnectionRefusedError"


def test_after_eight_failed_retries_a_subscription_by_the_api_is_deleted(running: RunningSandbox, inbox: Inbox) -> None:
    running.configure(topics=[])
    create(running, uri=inbox.url)
    inbox.status = 500
    running.merchant.edit_order(SHOP, "#1002", note="first")
    running.drain()
    running.advance(hours=3)
    running.drain()
    assert len(run(running, LIST)["nodes"]) == 1
    running.advance(hours=2)
    running.drain()
    assert run(running, LIST)["nodes"] == []
    running.merchant.edit_order(SHOP, "#1002", note="second")
    running.drain()
    assert len(running.deliveries) == 1, "a deleted subscription was served"


def test_only_the_fields_asked_for_are_sent(running: RunningSandbox, inbox: Inbox) -> None:
    running.configure(topics=[])
    create(running, uri=inbox.url, includeFields=["id", "customer.id", "line_items.sku", "nonsense"], name="thin")
    running.merchant.edit_order(SHOP, "#1001", note="x")
    running.drain()
    assert inbox.got[0].json["customer"] == {"id": 11}
    assert set(inbox.got[0].json) == {"id", "customer", "line_items"}
    assert inbox.got[0].headers["x-shopify-name"] == "thin"


def test_a_change_that_the_chosen_fields_do_not_show_is_not_sent_again(running: RunningSandbox, inbox: Inbox) -> None:
    running.configure(include_fields={"orders/updated": ["id", "note"]})
    for note in ("one", "one", "two"):
        running.merchant.edit_order(SHOP, "#1002", note=note)
    running.configure(include_fields={"orders/updated": ["id", "updated_at"]})
    for _ in range(2):
        running.advance(seconds=2)
        running.merchant.edit_order(SHOP, "#1002", note="the same")
    running.drain()
    assert [one.json.get("note") for one in inbox.got] == ["one", "two", None, None]


def test_the_configuration_can_name_fields_too(running: RunningSandbox, inbox: Inbox) -> None:
    running.configure(include_fields={"orders/updated": ["id", "updated_at"]})
    running.merchant.edit_order(SHOP, "#1002", note="x")
    running.drain()
    assert set(inbox.got[0].json) == {"id", "updated_at"}


def test_deliveries_can_be_held_doubled_shuffled_and_lost(running: RunningSandbox, inbox: Inbox) -> None:
    running.webhooks.hold()
    running.webhooks.disorder(duplicate=0.5, shuffle=True, lose=0.2, seed=3)
    for number in range(40):
        running.merchant.edit_order(SHOP, "#1002", note=str(number))
    assert inbox.got == []
    running.drain()
    notes = [int(one.json["note"]) for one in inbox.got]
    assert notes != sorted(notes)
    assert len(notes) > len(set(notes))
    assert 20 < len(set(notes)) < 40
    twins = [row for row in running.deliveries if row["duplicate"]]
    assert {row["webhook_id"] for row in twins} < {
        row["webhook_id"] for row in running.deliveries if not row["duplicate"]
    }
    assert {row["outcome"] for row in running.deliveries} == {"delivered", "lost"}
    running.webhooks.disorder()
    running.webhooks.clear()
    running.merchant.edit_order(SHOP, "#1002", note="orderly")
    running.drain()
    assert outcomes(running) == [("orders/updated", "delivered", 1)]


def test_during_a_rotation_the_old_secret_signs(running: RunningSandbox, inbox: Inbox) -> None:
    running.rotate_secret("the-next-secret")
    running.merchant.edit_order(SHOP, "#1002", note="x")
    running.drain()
    running.revoke_old_secret()
    running.grant(SHOP)
    running.merchant.edit_order(SHOP, "#1002", note="y")
    running.drain()
    assert signed_with(inbox.got[0], CLIENT_SECRET)
    assert signed_with(inbox.got[1], "the-next-secret")


def test_an_app_hears_only_of_stores_that_have_it_and_of_what_its_scopes_open(
    running: RunningSandbox, inbox: Inbox
) -> None:
    running.merchant.edit_customer(OPEN_SHOP, ADA, note="x")
    running.grant(OPEN_SHOP, ["read_orders"])
    running.merchant.edit_customer(OPEN_SHOP, ADA, note="y")
    running.merchant.edit_order(OPEN_SHOP, "T-1", note="z")
    running.merchant.approve(OPEN_SHOP, "none")
    running.merchant.edit_order(OPEN_SHOP, "T-1", note="z")
    running.drain()
    assert inbox.topics == ["orders/updated"]


def test_waiting_deliveries_outlive_the_sandbox(inbox: Inbox, tmp_path: Path) -> None:
    def serve_again() -> RunningSandbox:
        return serve(small_store(), webhook_uri=inbox.url, topics=TOPICS, state_path=tmp_path / "state.json")

    with serve_again() as before:
        before.grant(SHOP)
        before.webhooks.hold()
        before.merchant.edit_order(SHOP, "#1002", note="kept")
    with serve_again() as after:
        after.drain()
        assert [one.json["note"] for one in inbox.got] == ["kept"]
        assert after.sandbox.stores[SHOP].order("gid://shopify/Order/1002")["note"] == "kept"  # type: ignore[index]


def test_a_webhook_can_be_had_without_being_sent(running: RunningSandbox, inbox: Inbox) -> None:
    body, headers = running.webhook("orders/updated", SHOP, {"id": 1}, event_id="e-1")
    assert body == b'{"id":1}'
    assert headers["X-Shopify-Event-Id"] == "e-1"
    assert signed_with(Received("", {name.lower(): value for name, value in headers.items()}, body), CLIENT_SECRET)
    assert (inbox.got, running.deliveries) == ([], [])


def test_deliveries_are_read_and_steered_over_http(running: RunningSandbox, inbox: Inbox) -> None:
    assert request(running, "POST", "/_sandbox/webhooks/hold", body={}).json["held"] is True
    body: dict[str, Any] = {"shop": SHOP, "order": "#1002", "note": "x"}
    assert request(running, "POST", "/_sandbox/orders/edit", body=body).json["id"] == "gid://shopify/Order/1002"
    assert request(running, "GET", "/_sandbox/webhooks").json["waiting"] == 1
    assert request(running, "POST", "/_sandbox/webhooks/drain", body={}).json["waiting"] == 0
    assert request(running, "GET", "/_sandbox/deliveries").json[0]["outcome"] == "delivered"
    assert request(running, "POST", "/_sandbox/webhooks", body={"duplicate": 2}).status == 400
    assert request(running, "POST", "/_sandbox/webhooks", body={"tea": 2}).status == 400
    assert request(running, "DELETE", "/_sandbox/deliveries").json == []
    assert running.deliveries == []
