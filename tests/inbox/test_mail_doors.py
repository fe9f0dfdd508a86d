"""The doors at which mail is handed in, and those who knock: with no secret, a wrong one, too much, in pieces, thousands."""

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from inbox.email import doorstep
from inbox.models import RawMail
from inbox.views import mail_doors
from tenants.models import Tenant
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.inbox.email.test_inbound import mail

pytestmark = pytest.mark.django_db
SECRET = "a secret of one's own mail server"[:30].replace(" ", "-")
TO = "acme@in.example.com"


@pytest.fixture(autouse=True)
def _open(settings: Any) -> None:
    settings.INBOUND_DOMAIN, settings.MAIL_DOOR_SECRET = "in.example.com", SECRET


def post(body: bytes = b"", **given: Any) -> HttpResponse:
    fields = {
        "content_type": "message/rfc822",
        "HTTP_AUTHORIZATION": f"Bearer {SECRET}",
        "HTTP_X_ENVELOPE_TO": TO,
        **given,
    }
    return Client(enforce_csrf_checks=True).post(
        fields.pop("path", "/mail/in/"), body or mail("a"), **{k: v for k, v in fields.items() if v is not None}
    )


def kept(cast: Cast) -> int:
    with tenant_context(cast.acme.pk):
        return RawMail.objects.count()


def test_a_mail_is_kept_before_it_is_thanked_for(cast: Cast) -> None:
    response = post()
    assert (response.status_code, response.content) == (200, b"kept\n")
    with tenant_context(cast.acme.pk):
        row = RawMail.objects.get()
        assert (bytes(row.raw), row.source, row.recipient) == (mail("a"), "door", TO)
    assert Event.objects.filter(kind="inbox.events.MailWaits", tenant_id=cast.acme.pk).count() == 1


def test_the_recipient_may_stand_in_the_address(cast: Cast) -> None:
    assert post(HTTP_X_ENVELOPE_TO=None, path=f"/mail/in/?recipient={TO}").status_code == 200
    assert kept(cast) == 1


def test_the_mails_own_to_says_nothing(cast: Cast) -> None:
    post(mail("a", to="nextdoor@in.example.com"))
    with tenant_context(cast.next_door.pk):
        assert not RawMail.objects.exists()


REFUSALS: dict[str, tuple[dict[str, Any], int]] = {
    "no secret": ({"HTTP_AUTHORIZATION": None}, 401),
    "an empty secret": ({"HTTP_AUTHORIZATION": "Bearer "}, 401),
    "another secret": ({"HTTP_AUTHORIZATION": "Bearer x"}, 401),
    "a secret with more behind it": ({"HTTP_AUTHORIZATION": f"Bearer {SECRET}x"}, 401),
    "basic auth": ({"HTTP_AUTHORIZATION": f"Basic {SECRET}"}, 401),
    "letters that are no ASCII": ({"HTTP_AUTHORIZATION": "Bearer ☃"}, 401),
    "nobody's mail": ({"HTTP_X_ENVELOPE_TO": None}, 400),
    "a form": ({"content_type": "application/x-www-form-urlencoded"}, 415),
    "a form with files": ({"content_type": "multipart/form-data; boundary=x"}, 415),
    "no type": ({"content_type": ""}, 415),
    "white space": ({"body": b" \r\n "}, 400),
    "another workspace's domain": ({"HTTP_X_ENVELOPE_TO": "acme@example.com"}, 404),
    "no workspace": ({"HTTP_X_ENVELOPE_TO": "nobody@in.example.com"}, 404),
    "a length that is none": ({"CONTENT_LENGTH": "many"}, 400),
    "one byte too many": ({"body": b"From: a@b.example\n\n" + b"x" * mail_doors.MAIL_LIMIT}, 413),
    "26 MB and one": ({"CONTENT_LENGTH": str(mail_doors.MAX_BODY + 1)}, 413),
    "a terabyte": ({"CONTENT_LENGTH": str(10**12)}, 413),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_and_with_which_word(cast: Cast, name: str) -> None:
    given, status = REFUSALS[name]
    assert post(**given).status_code == status
    assert kept(cast) == 0
    assert not Event.objects.filter(kind="inbox.events.MailWaits").exists()


def test_without_a_secret_in_the_settings_there_is_no_door(cast: Cast, settings: Any) -> None:
    settings.MAIL_DOOR_SECRET = ""
    assert post(HTTP_AUTHORIZATION="Bearer ").status_code == 404


def test_nothing_is_read_before_the_secret_is_known(cast: Cast) -> None:
    class Unread(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("it was read")

    request = {"wsgi.input": Unread(), "CONTENT_LENGTH": "1000", "HTTP_AUTHORIZATION": "Bearer x"}
    assert Client().generic("POST", "/mail/in/", b"", "message/rfc822", **request).status_code == 401


@pytest.mark.parametrize(("size", "status"), [(1_000, 200), (mail_doors.MAX_BODY + 10, 413)])
def test_chunks_are_read_where_the_server_says_where_they_end(cast: Cast, size: int, status: int) -> None:
    stream = io.BytesIO(b"From: Mia <mia@example.com>\n\n" + b"x" * size)
    given = {"wsgi.input": stream, "CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    assert post(**given).status_code == status
    assert post(**{**given, "wsgi.input_terminated": False}).status_code == 411


def test_a_closed_workspace_is_said_to_be_closed(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(closed_at="2026-11-01T00:00Z", erase_after="2026-12-01T00:00Z")
    assert post().status_code == 410


def test_while_the_database_is_away_the_mail_stays_where_it_is(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(handed: object) -> None:
        raise OperationalError("connection lost")

    monkeypatch.setattr(doorstep, "hand_in", away)
    response = post()
    assert (response.status_code, response["Retry-After"]) == (503, "60")


def test_nobodys_address_or_mail_stands_in_the_log(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    for given in ({}, {"HTTP_X_ENVELOPE_TO": "nobody-we-know@in.example.com"}, {"HTTP_AUTHORIZATION": "Bearer not-it"}):
        post(mail("a", text="a word of hers"), **given)
    assert len(caplog.records) >= 2
    for word in ("nobody-we-know", "mia@example.com", "a word of hers", SECRET, "not-it"):
        assert word not in caplog.text


def test_a_large_mail_is_taken_whole(cast: Cast) -> None:
    raw = b"From: Mia <mia@example.com>\nContent-Type: text/plain\n\n" + b"x" * 99 + b"\n"
    raw += b"y" * (mail_doors.MAIL_LIMIT - len(raw))
    assert post(raw).status_code == 200
    with tenant_context(cast.acme.pk):
        assert len(bytes(RawMail.objects.get().raw)) == mail_doors.MAIL_LIMIT


def knock(many: int) -> tuple[int, float]:
    begun = time.monotonic()
    wrong: list[Callable[[], HttpResponse]] = [
        lambda: post(HTTP_AUTHORIZATION=f"Bearer {time.monotonic()}"),
        lambda: post(HTTP_AUTHORIZATION=None),
        lambda: post(path="/mail/in/postmark/", HTTP_AUTHORIZATION="Basic eDp5"),
        lambda: post(content_type="multipart/form-data; boundary=x"),
        lambda: post(HTTP_X_ENVELOPE_TO="nobody@in.example.com"),
    ]
    bad = sum(not 400 <= wrong[n % 5]().status_code < 500 for n in range(many))
    return bad, time.monotonic() - begun


def test_hundreds_of_knocks_change_nothing(cast: Cast) -> None:
    assert (knock(200)[0], kept(cast)) == (0, 0)


@pytest.mark.long
def test_five_thousand_knocks_change_nothing_and_the_next_mail_is_taken(
    cast: Cast, tell: Callable[[str], None]
) -> None:
    bad, seconds = knock(5_000)
    tell(f"mail doors: 5,000 knocks without a right, {bad} answered with anything but 4xx, {seconds / 5:.1f} ms each")
    assert (bad, kept(cast)) == (0, 0)
    assert (post().status_code, kept(cast)) == (200, 1)
