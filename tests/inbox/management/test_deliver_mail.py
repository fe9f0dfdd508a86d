"""The pipe of one's own mail server: which status it ends with, and that the mail is kept when it is 0."""

import io
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from inbox.email import doorstep
from inbox.email.parsing import MAIL_LIMIT
from inbox.models import RawMail
from tenants.models import Tenant
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.inbox.email.test_inbound import mail

pytestmark = pytest.mark.django_db


def deliver(raw: bytes, monkeypatch: pytest.MonkeyPatch, *, to: str = "acme@in.example.com") -> int:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    try:
        call_command("deliver_mail", recipient=to)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture(autouse=True)
def _domain(settings: Any) -> None:
    settings.INBOUND_DOMAIN = "in.example.com"


def kept(cast: Cast) -> int:
    with tenant_context(cast.acme.pk):
        return RawMail.objects.count()


def test_a_mail_is_kept_and_the_server_may_forget_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = mail("a") + b"\xff\xfe\r\n"
    assert (deliver(raw, monkeypatch), kept(cast)) == (0, 1)
    with tenant_context(cast.acme.pk):
        assert bytes(RawMail.objects.get().raw) == raw


@pytest.mark.parametrize(
    ("raw", "to", "status"),
    [
        (mail("a"), "nobody@in.example.com", 67),
        (mail("a"), "acme@elsewhere.example", 67),
        (mail("a"), "", 67),
        (b" \n", "acme@in.example.com", 65),
        (b"x" * (MAIL_LIMIT + 1), "acme@in.example.com", 65),
    ],
    ids=["no workspace", "another domain", "nobody", "empty", "too large"],
)
def test_what_will_never_be_taken(
    cast: Cast, raw: bytes, to: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (deliver(raw, monkeypatch, to=to), kept(cast)) == (status, 0)


def test_a_closed_workspace_is_none(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(closed_at=timezone.now(), erase_after=timezone.now() + timedelta(days=30))
    assert deliver(mail("a"), monkeypatch) == 67


@pytest.mark.parametrize("error", [OperationalError("password of the database"), MemoryError(), ValueError("x")])
def test_everything_unforeseen_is_to_be_tried_again(
    cast: Cast, error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(handed: object) -> None:
        raise error

    monkeypatch.setattr(doorstep, "hand_in", fail)
    assert deliver(mail("a"), monkeypatch) == 75
    assert "password of the database" not in capsys.readouterr().err
