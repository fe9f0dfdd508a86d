"""The server itself: hostile requests, the control interface, the log, latency, the command line."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from integrations.shopify.sandbox import RunningSandbox, serve
from tests.integrations.shopify.sandbox.asking import approved_code, graphql, request, token_request
from tests.integrations.shopify.sandbox.queries import PROBE, by_email
from tests.integrations.shopify.sandbox.small_store import ADA, SHOP, small_store

ROOT = Path(__file__).parents[4]


def raw(running: RunningSandbox, text: bytes) -> bytes:
    address = urlsplit(running.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"POST /admin/oauth/access_token HTTP/1.1\r\nHost: %b\r\nContent-Length: 1000001\r\n\r\n", 413),
        (b"POST /admin/oauth/access_token HTTP/1.1\r\nHost: %b\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        (b"POST /admin/oauth/access_token HTTP/1.1\r\nHost: %b\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST /admin/oauth/access_token HTTP/1.1\r\nHost: %b\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\nHost: %b\r\nHost: 127.0.0.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"BREW / HTTP/1.1\r\nHost: %b\r\n\r\n", 501),
        (b"GET http://[ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_a_hostile_request_gets_a_short_refusal(running: RunningSandbox, text: bytes, status: int) -> None:
    answer = raw(running, text.replace(b"%b", SHOP.encode()))
    assert str(status).encode() in answer.split(b"\r\n")[0] or f"Error code: {status}".encode() in answer
    assert len(answer) < 2000
    assert request(running, "GET", "/").status == 200


def test_two_tokens_in_one_request_are_refused(running: RunningSandbox) -> None:
    token = running.grant(SHOP)["access_token"].encode()
    text = (
        b"POST /admin/api/2026-10/graphql.json HTTP/1.1\r\nHost: "
        + SHOP.encode()
        + b"\r\nX-Shopify-Access-Token: x\r\nX-Shopify-Access-Token: "
        + token
    )
    assert b" 400 " in raw(running, text + b"\r\nContent-Length: 0\r\n\r\n").split(b"\r\n")[0]


def test_control_answers_only_under_a_loopback_name(running: RunningSandbox) -> None:
    assert request(running, "GET", "/_sandbox/tokens", host="rebound.example").status == 404
    assert request(running, "GET", "/_sandbox/tokens", host=SHOP).status == 404
    assert request(running, "GET", "/_sandbox/nonsense").status == 404
    assert request(running, "POST", "/_sandbox/settings", body="latency_ms=5").status == 415


def test_the_log_tells_calls_without_their_secrets(running: RunningSandbox) -> None:
    code = approved_code(running, SHOP)
    pair = token_request(running, SHOP, code=code, expiring="1").json
    graphql(running, SHOP, pair["access_token"], by_email(), {"email": ADA})
    graphql(running, SHOP, "shpat_wrong", PROBE)
    token_request(running, SHOP, grant_type="refresh_token", refresh_token=pair["refresh_token"])
    reply = request(running, "GET", "/_sandbox/log")
    assert [(call["kind"], call["operation"], call["status"], call["requested_cost"]) for call in reply.json] == [
        ("token", None, 200, None),
        ("graphql", "ByEmail", 200, 180),
        ("graphql", None, 401, None),
        ("refresh", None, 200, None),
    ]
    assert reply.json == running.calls
    for secret in (code, pair["access_token"], pair["refresh_token"], ADA, "shpat_", "shprt_"):
        assert secret not in reply.text
    assert request(running, "DELETE", "/_sandbox/log").status == 200
    assert running.calls == []


def test_the_log_is_written_to_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with serve(small_store(), log_path=path) as running:
        graphql(running, SHOP, running.grant(SHOP)["access_token"], PROBE)
    assert [json.loads(line)["operation"] for line in path.read_text().splitlines()] == ["ConnectProbe"]


def test_every_issued_token_is_listed_with_its_state(running: RunningSandbox) -> None:
    pair = running.grant(SHOP)
    token_request(running, SHOP, grant_type="refresh_token", refresh_token=pair["refresh_token"])
    rows = request(running, "GET", "/_sandbox/tokens").json
    assert len(rows) == 4
    assert {row["token"]: row["alive"] for row in rows}[pair["access_token"]] is False
    assert {row["kind"] for row in rows} == {"access", "refresh"}


def test_clock_and_latency_can_be_set_and_wrong_settings_change_nothing(running: RunningSandbox) -> None:
    assert (
        request(running, "POST", "/_sandbox/settings", body={"clock": "2027-01-01T00:00:00Z", "latency_ms": 5}).status
        == 200
    )
    got = request(running, "GET", "/_sandbox/settings").json
    assert got["clock"].startswith("2027-01-01T00:00:0")
    assert got["latency_ms"] == 5
    for wrong in (
        {"clock": "soon"},
        {"latency_ms": -1},
        {"latency_ms": "5"},
        {"latency_ms": True},
        {"tea": 1},
        {"latency_ms": 9, "clock": 1},
        [],
        [1],
    ):
        assert request(running, "POST", "/_sandbox/settings", body=wrong).status == 400
    assert request(running, "GET", "/_sandbox/settings").json["latency_ms"] == 5


def test_latency_delays_api_calls_and_nothing_else(running: RunningSandbox) -> None:
    token = running.grant(SHOP)["access_token"]
    running.set_latency(1500)
    started = time.monotonic()
    request(running, "GET", "/")
    assert time.monotonic() - started < 1.5
    started = time.monotonic()
    graphql(running, SHOP, token, PROBE)
    assert time.monotonic() - started >= 1.5


def test_reload_takes_new_stores_and_keeps_the_old_ones_if_they_are_wrong() -> None:
    stores = small_store()
    with serve(stores) as running:
        stores["shops"][0]["name"] = "Renamed"
        assert request(running, "POST", "/_sandbox/reload").status == 200
        token = running.grant(SHOP)["access_token"]
        assert graphql(running, SHOP, token, PROBE).json["data"]["shop"]["name"] == "Renamed"
        stores["orders"][2]["createdAt"] = "yesterday"
        reply = request(running, "POST", "/_sandbox/reload")
        assert reply.status == 400
        assert "(#1002).createdAt" in reply.json["error"]
        assert graphql(running, SHOP, token, PROBE).status == 200


def test_connections_are_kept_alive(running: RunningSandbox) -> None:
    answers = raw(running, b"GET /_sandbox/settings HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
    assert answers.count(b"HTTP/1.1 200") == 3


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "integrations.shopify.sandbox", *arguments]
    clean = {"PATH": os.environ["PATH"], "SHOPIFY_CLIENT_ID": "a", "SHOPIFY_CLIENT_SECRET": "b", **environment}
    return subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=30, check=False)


def test_the_command_says_what_is_wrong_and_exits(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"shops": [{"domain": "nope"}]}')
    finished = run("--stores", str(bad), "--port", "0")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "shops[0].domain" in finished.stderr
    assert run("--stores", str(tmp_path / "missing.json")).returncode == 2
    assert run("--all-orders", "nobody.myshopify.com").returncode == 2
    assert run("--latency-ms", "-1").returncode == 2
    assert "SHOPIFY_CLIENT_ID" in run(SHOPIFY_CLIENT_ID="").stderr


def test_a_taken_port_is_a_clear_message(running: RunningSandbox) -> None:
    finished = run("--port", str(urlsplit(running.url).port))
    assert finished.returncode == 1
    assert "cannot listen on 127.0.0.1" in finished.stderr


def test_the_command_serves_the_demo_stores_without_django() -> None:
    command = [sys.executable, "-W", "error", "-m", "integrations.shopify.sandbox", "--port", "0"]
    clean = {"PATH": os.environ["PATH"], "SHOPIFY_CLIENT_ID": "a", "SHOPIFY_CLIENT_SECRET": "b"}
    with subprocess.Popen(command, cwd=ROOT, env=clean, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("sandbox ready http://127.0.0.1:")
        finally:
            process.terminate()
