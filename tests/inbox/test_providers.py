"""What a mail provider's webhook brings: each provider's own form of it, signed as it signs; and forgeries of all of them."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from inbox import providers
from inbox.email import doorstep
from inbox.email.parsing import parse
from inbox.models import RawMail
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.inbox.email.test_inbound import mail
from versana.mail_settings import PROVIDERS

pytestmark = pytest.mark.django_db
TO = "acme@in.example.com"
BASIC = "provider:a-long-password-of-ours"
KEY = "signing-key-of-the-provider"
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
PUBLIC = (
    RSA.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
    .replace("-----BEGIN PUBLIC KEY-----\n", "")
    .replace("\n-----END PUBLIC KEY-----\n", "")
)
RAW = mail("a", text="Where is my parcel? Grüße")
BASIC_HEADER = "Basic " + base64.b64encode(BASIC.encode()).decode()


@dataclass(frozen=True)
class Call:
    path: str
    body: bytes
    headers: dict[str, str]
    content_type: str = "application/json"


def _json(name: str, content: object, **headers: str) -> Call:
    return Call(f"/mail/in/{name}/", json.dumps(content).encode(), headers)


def postmark(to: str = TO) -> Call:
    content = {"OriginalRecipient": to, "RawEmail": RAW.decode(), "MessageID": "x", "Headers": []}
    return _json("postmark", content, HTTP_AUTHORIZATION=BASIC_HEADER)


def mailjet(to: str = TO) -> Call:
    picture = base64.b64encode(b"\xff\xd8 a picture").decode()
    content = {
        "Sender": "mia@example.com",
        "Recipient": to,
        "Headers": {"From": "Mia Chen <mia@example.com>", "To": "support@shop.example", "Message-ID": "<a@mail.example>",
                    "Subject": "Where is it?", "Date": "Mon, 02 Nov 2026 09:00:00 +0000"},
        "Text-part": "Where is my parcel? Grüße",
        "Html-part": "<p>Where is my parcel?</p>",
        "Parts": [{"Headers": {"Content-Type": 'image/jpeg; name="a.jpg"', "Content-Disposition": 'attachment; filename="a.jpg"'},
                   "ContentRef": "Attachment1"}],
        "Attachment1": picture,
    }  # fmt: skip
    return _json("mailjet", content, HTTP_AUTHORIZATION=BASIC_HEADER)


def sparkpost(to: str = TO) -> Call:
    content = {"email_rfc822": base64.b64encode(RAW).decode(), "email_rfc822_is_base64": True}
    relay = {"content": content, "protocol": "smtp", "rcpt_to": to, "msg_from": "mia@example.com"}
    return _json("sparkpost", [{"msys": {"relay_message": relay}}], HTTP_AUTHORIZATION=BASIC_HEADER)


def mailersend(to: str = TO) -> Call:
    data = {
        "id": "x",
        "raw": RAW.decode(),
        "sender": {"email": "mia@example.com"},
        "recipients": {"rcptTo": [{"email": to}]},
    }
    body = json.dumps({"type": "inbound.message", "data": data}).encode()
    return Call(
        "/mail/in/mailersend/", body, {"HTTP_SIGNATURE": hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()}
    )


def postal(to: str = TO) -> Call:
    body = json.dumps({"id": 1, "rcpt_to": to, "message": base64.b64encode(RAW).decode(), "base64": True}).encode()
    signature = RSA.sign(body, padding.PKCS1v15(), hashes.SHA1())
    return Call("/mail/in/postal/", body, {"HTTP_X_POSTAL_SIGNATURE": base64.b64encode(signature).decode()})


def _form(fields: dict[str, str]) -> tuple[bytes, str]:
    parts = [f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    return ("".join(parts) + "--x--\r\n").encode(), "multipart/form-data; boundary=x"


def mailgun(to: str = TO) -> Call:
    stamp = str(int(time.time()))
    signature = hmac.new(KEY.encode(), f"{stamp}token".encode(), hashlib.sha256).hexdigest()
    given = {"timestamp": stamp, "token": "token", "signature": signature, "recipient": to, "body-mime": RAW.decode()}
    body, kind = _form(given)
    return Call("/mail/in/mailgun/mime/", body, {}, kind)


def mandrill(to: str = TO) -> Call:
    events = json.dumps([{"event": "inbound", "ts": 1_700_000_000, "msg": {"raw_msg": RAW.decode(), "email": to}}])
    signed = f"http://testserver/mail/in/mandrill/mandrill_events{events}".encode()
    signature = base64.b64encode(hmac.new(KEY.encode(), signed, hashlib.sha1).digest()).decode()
    body, kind = _form({"mandrill_events": events})
    return Call("/mail/in/mandrill/", body, {"HTTP_X_MANDRILL_SIGNATURE": signature}, kind)


CALLS: dict[str, Callable[..., Call]] = {
    "mailersend": mailersend, "mailgun": mailgun, "mailjet": mailjet, "mandrill": mandrill, "postal": postal,
    "postmark": postmark, "sparkpost": sparkpost,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _domain(settings: Any) -> None:
    settings.INBOUND_DOMAIN = "in.example.com"


def open_door(settings: Any, name: str) -> None:
    settings.INBOUND_PROVIDER = name
    key = PROVIDERS[name][0]
    settings.ANYMAIL = {key: BASIC if key == "WEBHOOK_SECRET" else PUBLIC if name == "postal" else KEY}


def send(call: Call, **changed: Any) -> HttpResponse:
    headers = {**call.headers, **changed.pop("headers", {})}
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    body = changed.pop("body", call.body)
    return client.generic("POST", changed.pop("path", call.path), body, call.content_type, **headers)


def kept(cast: Cast) -> list[RawMail]:
    with tenant_context(cast.acme.pk):
        return list(RawMail.objects.all())


def test_every_provider_that_the_settings_allow_is_tried_here() -> None:
    assert set(CALLS) == set(PROVIDERS)


@pytest.mark.parametrize("name", CALLS)
def test_a_signed_call_brings_the_mail_whole(cast: Cast, settings: Any, name: str) -> None:
    open_door(settings, name)
    assert send(CALLS[name]()).status_code == 200
    (row,) = kept(cast)
    assert (row.source, row.recipient) == ("provider", TO)
    mail = parse(bytes(row.raw))
    assert (mail.message_id, mail.from_, mail.text.strip()) == (
        "a@mail.example", ("Mia Chen", "mia@example.com"), "Where is my parcel? Grüße",
    )  # fmt: skip
    if name == "mailjet":  # which gives parts: nothing of them is lost
        assert [(file.name, file.content) for file in mail.attachments] == [("a.jpg", b"\xff\xd8 a picture")]
        assert mail.html.strip() == "<p>Where is my parcel?</p>"
    else:
        assert bytes(row.raw).replace(b"\r\n", b"\n").strip() == RAW.strip()


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_nobody_signed_changes_nothing(cast: Cast, settings: Any, name: str) -> None:
    open_door(settings, name)
    call = CALLS[name]()
    unsigned = Call(call.path, call.body.replace(b"signature", b"sig"), {}, call.content_type)
    wrong = {header: value[::-1] for header, value in call.headers.items()}
    changed = call.body.replace(b"parcel", b"Parcel") if name in ("mailersend", "postal", "mandrill") else b""
    assert send(unsigned).status_code == 401
    assert not wrong or send(call, headers=wrong).status_code == 401
    assert not changed or changed == call.body or send(call, body=changed).status_code == 401
    assert kept(cast) == []


@pytest.mark.parametrize("name", CALLS)
def test_only_the_provider_of_this_installation_has_a_door(cast: Cast, settings: Any, name: str) -> None:
    open_door(settings, "postal" if name != "postal" else "postmark")
    assert send(CALLS[name]()).status_code == 404
    settings.INBOUND_PROVIDER = ""
    assert send(CALLS[name]()).status_code == 404
    assert kept(cast) == []


@pytest.mark.parametrize("name", ["amazon_ses", "brevo", "sendgrid", "resend", "mailtrap", "nobody"])
def test_a_provider_that_is_not_taken_has_none_in_any_case(settings: Any, name: str) -> None:
    open_door(settings, "postmark")
    assert send(postmark(), path=f"/mail/in/{name}/").status_code == 404


def test_what_is_for_nobody_here_is_thanked_for_and_dropped(cast: Cast, settings: Any) -> None:
    open_door(settings, "postmark")
    for recipient in ("nobody@in.example.com", "acme@elsewhere.example", ""):
        assert send(postmark(recipient)).status_code == 200
    assert kept(cast) == []


def test_a_mail_to_two_workspaces_comes_to_both(cast: Cast, settings: Any) -> None:
    open_door(settings, "postmark")
    send(postmark(f"{TO}, nextdoor@in.example.com, {TO}"))
    assert len(kept(cast)) == 1
    with tenant_context(cast.next_door.pk):
        assert RawMail.objects.count() == 1


def test_while_the_database_is_away_the_provider_is_asked_to_come_again(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(handed: object) -> None:
        raise OperationalError("connection lost")

    open_door(settings, "postmark")
    monkeypatch.setattr(doorstep, "hand_in", away)
    assert send(postmark()).status_code == 503


def test_a_call_larger_than_any_mail_is_refused_unread(settings: Any) -> None:
    open_door(settings, "postmark")
    assert send(postmark(), headers={"CONTENT_LENGTH": str(60_000_000)}).status_code == 413


def test_what_the_provider_takes_for_spam_is_kept_as_such(cast: Cast, settings: Any) -> None:
    open_door(settings, "postmark")
    call = postmark()
    send(call, body=call.body.replace(b'"From: Mia', b'"X-Spam-Status: Yes\\nFrom: Mia'))
    assert [row.spam for row in kept(cast)] == [True]


def test_a_mail_that_python_cannot_write_is_written_by_its_older_rules() -> None:
    raw = b"From: a@b.example\nContent-Type: text/plain; charset=nosuch\nSubject: =?nosuch?q?x?=\n\n\xff\xfe caf\xe9\n"
    written = providers.written(message_from_bytes(raw, policy=policy.default))
    assert b"caf" in written
    assert b"From: a@b.example" in written
