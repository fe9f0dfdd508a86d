"""The door: where requests may go, what may come back, and that no secret is seen on the way."""

import gzip
import logging
import sys
import threading
import time
import traceback
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from integrations import errors, http
from tenants.crypto.secret import Secret
from tests.integrations.hostile_server import HostileServer, answer, hostile_server

SHOP = "harbor-goods.myshopify.com"
CANARY = "shpat_canary_0123456789abcdef"
FAST = http.Timeouts(connect=0.5, read=0.5, total=1.0)


@pytest.fixture
def server(settings: Settings) -> Iterator[HostileServer]:
    with hostile_server() as running:
        settings.SHOPIFY_SANDBOX_URL = running.url
        yield running


def ask(**changes: object) -> http.Answer:
    arguments: dict[str, object] = {
        "host": SHOP,
        "path": "/admin/x.json",
        "headers": {"X-Shopify-Access-Token": Secret(CANARY)},
        "body": {"code": Secret(CANARY), "plain": 1},
        "timeouts": FAST,
    }
    return http.post(**{**arguments, **changes})  # type: ignore[arg-type]


def test_secrets_reach_the_other_side_in_header_and_body(server: HostileServer) -> None:
    server.pieces = [answer(b'{"ok": true}', headers="X-Request-Id: abc-1\r\nRetry-After: 2.0\r\n")]
    got = ask()
    assert (got.status, got.body, got.request_id, got.retry_after) == (200, {"ok": True}, "abc-1", 2.0)
    sent = server.requests[0].decode()
    assert f"X-Shopify-Access-Token: {CANARY}" in sent
    assert f"Host: {SHOP}" in sent
    assert f'"code": "{CANARY}"' in sent
    assert CANARY not in sent.splitlines()[0]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "harbor-goods.myshopify.com.evil.example",
        "harbor-goods.myshopify.com\n",
        "harbor-goods.myshopify.com/",
        "a@harbor-goods.myshopify.com",
        "Harbor-Goods.myshopify.com",
        "127.0.0.1",
        ".myshopify.com",
        "-a.myshopify.com",
        "a.b.myshopify.com",
        "hårbor.myshopify.com",
        "",
    ],
)
def test_requests_go_to_shops_only(server: HostileServer, host: str) -> None:
    with pytest.raises(errors.DestinationRefused):
        ask(host=host)
    with pytest.raises(errors.DestinationRefused):
        http.browser_base(host)
    assert not server.requests


@pytest.mark.parametrize("path", ["", "x", "//evil.example@/x?y", "/a?b=c", "/a\r\nX: y", "@evil.example/", "/ä"])
def test_a_path_is_a_plain_path(server: HostileServer, path: str) -> None:
    with pytest.raises(errors.DestinationRefused):
        ask(path=path)
    assert not server.requests


@pytest.mark.parametrize(
    "sandbox",
    [
        "https://127.0.0.1:1",
        "http://evil.example",
        "http://127.0.0.1:1/x",
        "http://127.0.0.1@evil.example/",
        "ftp://localhost",
    ],
)
def test_a_sandbox_elsewhere_than_on_this_machine_is_refused(settings: Settings, sandbox: str) -> None:
    settings.SHOPIFY_SANDBOX_URL = sandbox
    with pytest.raises(errors.DestinationRefused):
        ask()


def test_a_browser_finds_a_shop_at_its_address_or_in_the_sandbox(settings: Settings) -> None:
    settings.SHOPIFY_SANDBOX_URL = None
    assert http.browser_base(SHOP) == f"https://{SHOP}"
    settings.SHOPIFY_SANDBOX_URL = "http://127.0.0.1:8123/"
    assert http.browser_base(SHOP) == f"http://127.0.0.1:8123/{SHOP}"


CUT_OFF = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"data":'


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (answer(b'{"data": '), errors.UnreadableAnswer),
        (CUT_OFF, errors.UnreadableAnswer),
        (answer(b""), errors.UnreadableAnswer),
        (answer(b'{"name": "\xff\xfe"}'), errors.UnreadableAnswer),
        (answer('{"name": "ä"}'.encode("latin-1")), errors.UnreadableAnswer),
        (answer(b'{"n": NaN}'), errors.UnreadableAnswer),
        (answer(b'{"n": ' + b"9" * 5000 + b"}"), errors.UnreadableAnswer),
        (answer(b"[" * 100_000), errors.UnreadableAnswer),
        (answer(b"<html>hello</html>", content_type="text/html"), errors.UnexpectedContentType),
        (answer(b"{}", content_type="application/json-but-not"), errors.UnexpectedContentType),
        (answer(b"{}", content_type=""), errors.UnexpectedContentType),
        (answer(b"not gzip", headers="Content-Encoding: gzip\r\n"), errors.UnreadableAnswer),
        (answer(b"{}", status="302 Found", headers="Location: https://evil.example/\r\n"), errors.RedirectRefused),
        (answer(b"{}", status="307 Temporary Redirect", headers="Location: /elsewhere\r\n"), errors.RedirectRefused),
        (b"", errors.Unreachable),
        (b"garbage that is not HTTP\r\n\r\n", errors.Unreachable),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200 + b"\r\n", errors.Unreachable),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", errors.Unreachable),
    ],
    ids=range(18),
)
def test_every_kind_of_bad_answer_has_its_error(server: HostileServer, raw: bytes, error: type[Exception]) -> None:
    server.pieces = [raw]
    with pytest.raises(error) as raised:
        ask()
    assert type(raised.value) is error
    assert len(server.requests) == 1, "no redirect is followed and nothing is tried twice"


def test_an_answer_over_the_limit_is_refused(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 1000)
    server.pieces = [answer(b'"' + b"x" * 2000 + b'"')]
    with pytest.raises(errors.AnswerTooLarge):
        ask()


def test_a_small_answer_that_inflates_is_refused_before_it_fills_memory(server: HostileServer) -> None:
    server.pieces = [answer(gzip.compress(b'"' + b"0" * 40_000_000 + b'"'), headers="Content-Encoding: gzip\r\n")]
    with pytest.raises(errors.AnswerTooLarge):
        ask(timeouts=http.Timeouts(connect=1, read=5, total=10))


def test_a_compressed_answer_is_read(server: HostileServer) -> None:
    server.pieces = [answer(gzip.compress(b'{"a": 1}'), headers="Content-Encoding: gzip\r\n")]
    assert ask().body == {"a": 1}


def test_the_status_of_an_error_counts_even_when_its_body_cannot_be_read(server: HostileServer) -> None:
    server.pieces = [answer(b"<h1>Bad gateway</h1>", status="502 Bad Gateway", content_type="text/html")]
    assert (ask().status, ask().body) == (502, None)
    server.pieces = [answer(b"{oops", status="429 Too Many Requests", headers="Retry-After: 2.0\r\n")]
    assert (ask().status, ask().body, ask().retry_after) == (429, None, 2.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2.0", 2.0),
        ("0", 0.0),
        ("7", 7.0),
        ("99999999", 3600.0),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("Fri, 31 Dec 2026 23:59:59 GMT", None),
        ("", None),
    ],
)
def test_retry_after_is_a_bounded_number_or_nothing(server: HostileServer, header: str, seconds: float | None) -> None:
    server.pieces = [answer(b"{}", status="429 Too Many Requests", headers=f"Retry-After: {header}\r\n")]
    assert ask().retry_after == seconds


def test_a_silent_server_times_out(server: HostileServer) -> None:
    server.pieces, server.pause = [b""], 5
    started = time.monotonic()
    with pytest.raises(errors.TimedOut):
        ask()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\n"] + [b"X-Drip: a\r\n"] * 50,
        [bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"] + [b" "] * 50,
        [b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"] + [b" "] * 50,
    ],
    ids=["headers", "bytes", "body", "body without length"],
)
def test_a_dripping_server_is_cut_off_when_the_whole_takes_too_long(server: HostileServer, pieces: list[bytes]) -> None:
    server.pieces, server.pause = pieces, 0.2
    started = time.monotonic()
    with pytest.raises(errors.TimedOut):
        ask()
    assert 0.9 < time.monotonic() - started < 5


def test_a_closed_port_is_unreachable(settings: Settings) -> None:
    with hostile_server() as gone:
        settings.SHOPIFY_SANDBOX_URL = gone.url
    with pytest.raises(errors.Unreachable) as raised:
        ask()
    assert not raised.value.permanent


def test_threads_share_the_pool_without_mixing_answers(server: HostileServer) -> None:
    server.pieces = [answer(b'{"a": 1}', headers="Set-Cookie: session=shared; Path=/\r\n")]
    bodies: list[object] = []
    threads = [threading.Thread(target=lambda: bodies.append(ask(timeouts=http.API).body)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert bodies == [{"a": 1}] * 16
    assert not [request for request in server.requests if b"cookie" in request.lower()], (
        "one shop's cookie is not for the next"
    )


def test_a_token_that_is_no_header_value_is_refused_without_being_shown(server: HostileServer) -> None:
    for token in (f"{CANARY}\r\nX-Evil: 1", f"{CANARY}ä\u20ac", f" {CANARY}"):
        with pytest.raises(errors.RequestRefused) as raised:
            ask(headers={"X-Shopify-Access-Token": Secret(token)})
        assert raised.value.__context__ is None
    assert not server.requests


@pytest.mark.parametrize("raw", [b"", b"junk\r\n\r\n", answer(b"{"), answer(b"{}", status="302 Found"), CUT_OFF])
def test_no_failure_carries_the_token_in_its_text_its_chain_or_its_frames(
    server: HostileServer, raw: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    server.pieces = [raw]
    with pytest.raises(errors.IntegrationError) as raised:
        ask()
    shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True).format()
    ours = [part for part in shown if "test_http_door" not in part]
    assert CANARY not in "".join(ours) + str(raised.value) + caplog.text + "".join(capfd.readouterr())
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    assert CANARY not in repr(sys.exc_info())


def test_the_log_names_host_path_and_outcome_and_nothing_else(
    server: HostileServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="integrations.http")
    server.pieces = [answer(b'{"email": "ada@example.com"}')]
    ask()
    assert [record.getMessage().rsplit(" after", 1)[0] for record in caplog.records] == [
        f"POST {SHOP}/admin/x.json: 200"
    ]


def test_an_answer_does_not_print_its_body(server: HostileServer) -> None:
    server.pieces = [answer(b'{"email": "ada@example.com"}')]
    assert "ada@" not in repr(ask())
