"""One mail to a provider, by Anymail's own backend for it and a real connection: what may be tried again and what is not known."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from inbox.email import provider, transport
from inbox.email.answers import Lost, NotNow, Refused, Sent, Superseded
from inbox.email.outbound import Address, File, Letter

LETTER = Letter(
    message_id="1.2@shop.example",
    sender=Address("support@shop.example", "Grüße & Co."),
    to=(Address("maya@lindqvist.example", "Zoë, Müller"),),
    bcc=(Address("boss@acme.example"),),
    subject="Re: Wo?",
    text="Hallo",
    in_reply_to="0@x.example",
    references=("0@x.example",),
    files=(File("a.txt", "text/plain", b"a"),),
    handle="12.34:signed",
)
TAKEN = {
    "ErrorCode": 0,
    "Message": "OK",
    "MessageID": "pm-1",
    "To": "maya@lindqvist.example",
    "SubmittedAt": "2026-11-27T10:00:00Z",
}


@dataclass
class Provider:
    """Postmark's side. `status` 0: it takes the request and hangs up."""

    status: int = 200
    answer: Any = field(default_factory=lambda: dict(TAKEN))
    asked: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def postmark(settings: Settings) -> Iterator[Provider]:
    state = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if state.status:
                body = state.answer if isinstance(state.answer, bytes) else json.dumps(state.answer).encode()
                self.send_response(state.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.MAIL_TRANSPORT = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "x", "POSTMARK_API_URL": f"http://127.0.0.1:{server.server_port}/"}
    yield state
    server.shutdown()
    server.server_close()
    thread.join(5)


def hand_over(*, word: bool = True) -> Sent:
    return transport.hand_over(letter=LETTER, whole=True, handing_over=lambda: word)


def test_a_provider_takes_it_and_says_how_it_calls_it(postmark: Provider) -> None:
    assert hand_over() == Sent(provider_id="pm-1")
    (asked,) = postmark.asked
    assert asked["To"] == '"Zoë, Müller" <maya@lindqvist.example>'
    assert asked["Bcc"] == "boss@acme.example"
    assert asked["Metadata"] == {"versana": LETTER.handle}
    headers = {each["Name"]: each["Value"] for each in asked["Headers"]}
    assert headers["Message-ID"] == "<1.2@shop.example>"
    assert headers["In-Reply-To"] == headers["References"] == "<0@x.example>"
    assert [each["Name"] for each in asked["Attachments"]] == ["a.txt"]


@pytest.mark.parametrize(
    ("status", "wanted", "word"),
    [
        (422, Refused, "content_refused"),
        (413, Refused, "content_refused"),
        (401, NotNow, "login_refused"),
        (429, NotNow, "put_off"),
        (503, NotNow, "put_off"),
        (500, Lost, "no_answer"),
        (502, Lost, "no_answer"),
        (504, Lost, "no_answer"),
        (0, Lost, "no_answer"),
    ],
)
def test_what_a_provider_answers_decides(postmark: Provider, status: int, wanted: type[Exception], word: str) -> None:
    postmark.status, postmark.answer = status, {"ErrorCode": 10, "Message": "no"}
    with pytest.raises(wanted, match=word):
        hand_over()
    assert len(postmark.asked) == 1


def test_a_yes_that_cannot_be_read_is_not_known(postmark: Provider) -> None:
    for answer in (b"<html>", b"[]", {}, TAKEN | {"To": "x"}, {"ErrorCode": 406, "Message": "in other words"}):
        postmark.answer = answer
        with pytest.raises(Lost):
            hand_over()


def test_nobody_at_the_door_is_tried_again(postmark: Provider, settings: Settings) -> None:
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "x", "POSTMARK_API_URL": "http://127.0.0.1:1/"}
    with pytest.raises(NotNow, match="unreachable"):
        hand_over()


def test_without_our_word_nothing_leaves(postmark: Provider) -> None:
    with pytest.raises(Superseded):
        hand_over(word=False)
    assert postmark.asked == []


def test_a_receiver_whom_the_provider_does_not_write_to_is_refused(postmark: Provider) -> None:
    postmark.status = 422
    postmark.answer = {
        "ErrorCode": 406,
        "Message": "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: maya@lindqvist.example, boss@acme.example.\n Inactive recipients are ones that have generated a hard bounce.",
    }
    with pytest.raises(Refused, match="recipients_refused") as caught:
        hand_over()
    assert caught.value.refused == LETTER.recipients


def test_a_provider_without_a_place_for_the_handle_gets_it_without(settings: Settings) -> None:
    settings.MAIL_TRANSPORT = "anymail.backends.postal.EmailBackend"
    settings.ANYMAIL = {"POSTAL_API_KEY": "x", "POSTAL_API_URL": "http://127.0.0.1:1/"}
    with pytest.raises(NotNow, match="unreachable"):
        hand_over()


def test_any_backend_of_djangos_will_do(settings: Settings) -> None:
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    assert provider.hand_over(letter=LETTER, handing_over=lambda: True) == Sent()
    assert mail.outbox[0].message()["Message-ID"] == "<1.2@shop.example>"
