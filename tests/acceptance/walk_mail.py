"""Mail's way: the password of a mailbox, of the mail server, of whoever hands mail in, and the link to a file, each brought to
its doors, also while a place behind the door fails."""

import base64
import imaplib
import json
import smtplib
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import anymail.webhooks.base
import pytest
from django.test import Client
from django.utils import timezone

from inbox import mailboxes
from inbox.email import doorstep, smtp
from inbox.mailbox_form import MailboxForm
from inbox.models import Attachment, Mailbox
from inbox.views import mail_doors
from integrations import imap
from tenants.crypto import sealing
from tenants.outbox import mail as outbox_mail
from tenants.outbox.models import QueuedMail
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.acceptance.walk import Walk, forced
from tests.acceptance.walk_people import Visitor
from tests.inbox.email.test_inbound import mail
from tests.inbox.imap_server import Box, Server
from tests.walking import soup_of

DOMAIN, TO = "in.example.com", "acme@in.example.com"
MAIL_IN = "/acme/settings/mail-in/"


def mailed(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = walk.settings
    settings.INBOUND_DOMAIN, settings.MAIL_DOOR_SECRET = DOMAIN, walk.known["mail door's secret"]
    settings.INBOUND_PROVIDER, settings.MAILBOXES_AT_HOME = "postmark", True
    settings.ANYMAIL = {"WEBHOOK_SECRET": "provider:" + walk.known["provider's secret"]}
    with tempfile.TemporaryDirectory() as folder, refusing_smtp(walk) as port:
        box = Box(password=walk.known["mailbox password"])
        box.add(mail("waiting"))
        server = Server(box, Path(folder))
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        jobs = (*mailbox_jobs(walk, box, server.start()), *door_jobs(walk), *smtp_jobs(walk, port), lambda: files(walk))
        for site in (None, *SITES.values()):
            with monkeypatch.context() as patched:
                if site:
                    patched.setattr(*site, forced)
                for job in jobs:
                    walk.step(job)
        server.stop()
    assert box.connections > len(SITES)
    assert any(each.startswith("LOGIN") for each in box.told)
    assert any(each.startswith("AUTHENTICATE") for each in box.told)


SITES: dict[str, tuple[object, str]] = {
    "the form is read": (MailboxForm, "clean_password"),
    "what was entered is taken": (MailboxForm, "entered"),
    "the password is sealed": (sealing, "AESGCM"),
    "the mailbox is saved": (Mailbox, "save_base"),
    "the audit is written": (mailboxes.audit, "record"),
    "the event is published": (mailboxes, "publish"),
    "the server is looked up": (imap, "_address"),
    "the password is told": (imaplib.IMAP4, "authenticate"),
    "the password is told, in the old way": (imaplib.IMAP4, "login"),
    "the folder is opened": (imap, "_folder"),
    "the mail is kept": (doorstep, "take"),
    "the door's secret is compared": (mail_doors, "constant_time_compare"),
    "the provider's secret is compared": (anymail.webhooks.base, "constant_time_compare"),
    "a mail is handed in": (doorstep, "hand_in"),
    "the mail server is asked to let us in": (smtplib.SMTP, "auth"),
}


# --- A mailbox ----------------------------------------------------------------------------------------------------------
def mailbox_jobs(walk: Walk, box: Box, port: int) -> tuple[Callable[[], Any], ...]:
    """Entered by the page, rightly and wrongly; looked into while its server refuses, drops and says nonsense; removed."""

    with tenant_context(walk.cast.acme.pk):
        place = {"host": "localhost", "port": port, "username": "help", "folder": "INBOX"}
        password = walk.secret("mailbox password")
        new = mailboxes.NewMailbox(address="first@shop.example", password=password, **place)
        row = mailboxes.add(entered=new, by=walk.cast.adam)

    def entered() -> None:
        adam, typed = Visitor(walk, walk.cast.adam.user), walk.known["mailbox password as it is typed"]
        form = {**place, "port": str(port), "address": "second@shop.example", "password": typed}
        adam.post(MAIL_IN, {**form, "host": "not a host"})
        adam.post(MAIL_IN, {**form, "password": typed + "\x07"})
        adam.post(MAIL_IN, form)
        adam.post(MAIL_IN, form)  # which is there by now
        adam.get(MAIL_IN)

    def looked_into() -> None:
        for way in ({}, {"plain": False}, {"drops_at": "AUTHENTICATE"}, {"nonsense_at": "EXAMINE"}, {"password": "x"}):
            before = {name: getattr(box, name) for name in way}
            vars(box).update(way)
            walk.step(poll)
            vars(box).update(before)

    def poll() -> None:
        with tenant_context(walk.cast.acme.pk):
            Mailbox.objects.update(next_poll_at=timezone.now() - timedelta(seconds=1))
        with expected_tenant(walk.cast.acme.pk):
            mailboxes.poll(mailbox_id=row.pk)

    def account() -> None:
        """The objects themselves, and one that cannot be opened any more."""
        with tenant_context(walk.cast.acme.pk):
            opened = Mailbox.objects.get(pk=row.pk)
            account = imap.Account(opened.host, opened.port, opened.username, opened.password, opened.folder)
        walk.sinks.put("object: repr", f"{opened!r} {opened} {vars(opened)!r} {account!r}")
        keys, walk.settings.SEALING_KEYS = walk.settings.SEALING_KEYS, {1: b"k" * 32}
        walk.step(poll)
        walk.settings.SEALING_KEYS = keys

    return entered, looked_into, account


# --- Whoever hands mail in ----------------------------------------------------------------------------------------------
def door_jobs(walk: Walk) -> tuple[Callable[[], Any], ...]:
    def handed() -> None:
        for secret in (walk.known["mail door's secret"], walk.known["mistyped password"], ""):
            answered(walk, "/mail/in/", mail("a"), f"Bearer {secret}", "message/rfc822")

    def told() -> None:
        call = json.dumps({"OriginalRecipient": TO, "RawEmail": mail("b").decode(), "MessageID": "x", "Headers": []})
        for secret in (walk.known["provider's secret"], walk.known["mistyped password"]):
            basic = base64.b64encode(f"provider:{secret}".encode()).decode()
            answered(walk, "/mail/in/postmark/", call.encode(), f"Basic {basic}", "application/json")
            answered(walk, "/mail/in/postmark/", b"{", f"Basic {basic}", "application/json")

    return handed, told


def answered(walk: Walk, path: str, body: bytes, authorization: str, content_type: str) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    response = client.post(
        path, body, content_type=content_type, HTTP_AUTHORIZATION=authorization, HTTP_X_ENVELOPE_TO=TO
    )
    walk.sinks.response(response, "anonymous")
    if error := response.exc_info:  # type: ignore[attr-defined]  # the test client's
        walk.raised += 1
        walk.sinks.error(error[1])


# --- The server that mail leaves by -------------------------------------------------------------------------------------
def smtp_jobs(walk: Walk, port: int) -> tuple[Callable[[], Any], ...]:
    """Replies, and the product's own mails by Django's backend."""
    settings = walk.settings
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "product", walk.known["mail server's password"]

    def reply() -> None:
        server = smtp.configured()
        walk.sinks.put("object: repr", repr(server))
        smtp.hand_over(
            server=server, sender="support@shop.example", recipients=("maya@lindqvist.example",), data=b"x\r\n",
            whole=True, handing_over=lambda: True,
        )  # fmt: skip

    def own() -> None:
        to = ["maya@lindqvist.example"]
        row = QueuedMail.objects.create(message=mail("c"), sender="us@shop.example", recipients=to)
        before, settings.MAIL_TRANSPORT = settings.MAIL_TRANSPORT, "django.core.mail.backends.smtp.EmailBackend"
        try:
            outbox_mail.deliver_mail(outbox_mail.MailQueued(mail_id=row.pk))
        finally:
            settings.MAIL_TRANSPORT = before

    return reply, own


@contextmanager
def refusing_smtp(walk: Walk) -> Iterator[int]:
    """Lets nobody in, and says in its refusal what it was told, as no server should."""

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                greeting = line[:4].upper() == b"EHLO"
                self.wfile.write(b"250-here\r\n250 AUTH PLAIN LOGIN\r\n" if greeting else b"535 not " + line)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


# --- The link to a file -------------------------------------------------------------------------------------------------
def files(walk: Walk) -> None:
    """As the page has it; another member's; cut off."""
    with tenant_context(walk.cast.acme.pk):
        if not Attachment.objects.exists():
            factories.attachment(factories.message(factories.conversation(email="noa@mail.example")))
        number = Attachment.objects.values_list("message__conversation__number", flat=True)[0]
    ava, adam = Visitor(walk, walk.cast.ava.user), Visitor(walk, walk.cast.adam.user)
    page = soup_of(ava.get(f"/acme/inbox/{number}/"))
    link = str(next(a["href"] for a in page.select("a[href*='link=']")))
    walk.learn("link to a file", link.partition("link=")[2], most=2)
    for visitor, path in ((ava, link), (adam, link), (Visitor(walk), link), (ava, link[:-3])):
        visitor.get(path)
