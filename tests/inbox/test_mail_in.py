"""Settings -> Mail in: the address, mailboxes with their state, and mail that could not be filed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inbox.email import doorstep
from inbox.models import Mailbox, Message, RawMail
from tenants.crypto.secret import Secret
from tenants.models import AuditEvent
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db
PAGE = "/acme/settings/mail-in/"
PASSWORD = "very-secret-of-the-mailbox"
ENTERED = {"address": "Support@Shop.Example", "host": "IMAP.shop.example.", "port": "993", "username": "support",
           "password": PASSWORD, "folder": ""}  # fmt: skip


@pytest.fixture
def adam(cast: Cast) -> Client:
    return signed_in(cast.adam)


def refused(cast: Cast, raw: bytes = b"Subject: from nobody\n\nhello") -> int:
    with tenant_context(cast.acme.pk):
        row = doorstep.take(raw=raw, source=RawMail.Source.DOOR, recipient="acme@in.example.com")
    with expected_tenant(cast.acme.pk):
        doorstep.file(raw_id=row.pk)
    return row.number


def test_the_page_says_where_to_forward_to(cast: Cast, adam: Client, settings: Any) -> None:
    settings.INBOUND_DOMAIN = "in.example.com"
    soup = soup_of(adam.get(PAGE))
    assert soup.select_one("#inward")["value"] == "acme@in.example.com"  # type: ignore[index]
    assert "support@shop.example" in soup.get_text()


def test_without_a_domain_it_says_so(cast: Cast, adam: Client, settings: Any) -> None:
    settings.INBOUND_DOMAIN = ""
    response = adam.get(PAGE)
    assert "takes no mail in by address" in text_of(response)
    assert soup_of(response).select_one("#inward") is None


def test_an_agent_neither_sees_nor_changes_how_mail_gets_in(cast: Cast) -> None:
    number = refused(cast)
    ava = signed_in(cast.ava)
    assert ava.get(PAGE).status_code == ava.post(PAGE, ENTERED).status_code == 403
    for path in (f"{PAGE}refused/{number}/again/", f"{PAGE}refused/{number}/delete/"):
        assert ava.post(path).status_code == 403
    assert ava.get(f"{PAGE}refused/{number}/").status_code == 403
    assert signed_in(cast.mallory).get(PAGE).status_code == 404


def test_a_mailbox_is_added_and_its_password_never_shown_again(cast: Cast, adam: Client) -> None:
    assert adam.post(PAGE, ENTERED).status_code == 302
    with tenant_context(cast.acme.pk):
        row = Mailbox.objects.get()
        assert (row.address, row.host, row.folder) == ("support@shop.example", "imap.shop.example", "INBOX")
        assert row.password == Secret(PASSWORD)
        assert PASSWORD not in str(list(AuditEvent.objects.values()))
    response = adam.get(PAGE)
    assert PASSWORD not in response.content.decode()
    assert "Being tried" in text_of(response)
    assert soup_of(response).select_one("#mailboxes")["hx-trigger"] == "load delay:2s"  # type: ignore[index]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "nobody"), ("host", "imap.shop.example/x"), ("host", "a b"), ("host", "-x.example"), ("host", "x" * 300),
        ("port", "0"), ("port", "70000"), ("port", "x"), ("username", "a\r\nDELETE"), ("password", "a\nb"),
        ("password", ""), ("folder", "In\x00box"), ("folder", "Größe"), ("folder", "x" * 200),
    ],
)  # fmt: skip
def test_what_is_no_mailbox_is_refused(cast: Cast, adam: Client, field: str, value: str) -> None:
    response = adam.post(PAGE, ENTERED | {field: value})
    assert response.status_code == 422
    assert PASSWORD not in response.content.decode()
    with tenant_context(cast.acme.pk):
        assert not Mailbox.objects.exists()


def test_the_same_mailbox_twice_is_said_in_words(cast: Cast, adam: Client) -> None:
    adam.post(PAGE, ENTERED)
    response = adam.post(PAGE, ENTERED)
    assert response.status_code == 422
    assert "fetched from this mailbox already" in text_of(response)


def test_a_mailbox_that_fails_says_why_and_since_when(cast: Cast, adam: Client) -> None:
    adam.post(PAGE, ENTERED)
    with tenant_context(cast.acme.pk):
        Mailbox.objects.update(failing_since=timezone.now() - timedelta(hours=3), failure="sign_in_refused")
    response = adam.get(PAGE)
    assert "refused the user name or the password" in text_of(response)
    assert soup_of(response).select_one("#mailboxes time") is not None


def test_a_mailbox_is_looked_into_again_and_removed(cast: Cast, adam: Client) -> None:
    adam.post(PAGE, ENTERED)
    with tenant_context(cast.acme.pk):
        Mailbox.objects.update(next_poll_at=timezone.now() + timedelta(minutes=30))
    assert adam.post(f"{PAGE}mailboxes/1/check/").status_code == 302
    with tenant_context(cast.acme.pk):
        assert Mailbox.objects.get().next_poll_at <= timezone.now() + timedelta(seconds=5)
    assert adam.post(f"{PAGE}mailboxes/1/remove/").status_code == 302
    assert adam.post(f"{PAGE}mailboxes/1/remove/").status_code == 404
    assert adam.post(f"{PAGE}mailboxes/7/check/").status_code == 404


def test_a_refused_mail_is_listed_with_its_reason_and_can_be_saved(cast: Cast, adam: Client) -> None:
    number = refused(cast, b"Subject: <script>alert(1)</script>\n\n<script>alert(2)</script>")
    response = adam.get(PAGE)
    assert "It does not say whom it is from" in text_of(response)
    assert "alert(" not in response.content.decode()  # nothing of the mail itself stands on the page
    saved = adam.get(f"{PAGE}refused/{number}/")
    assert saved.content.endswith(b"<script>alert(2)</script>")
    assert saved["Content-Type"] == "application/octet-stream"
    assert saved["Content-Disposition"] == f'attachment; filename="mail-{number}.eml"'
    assert saved["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_refused_mail_is_tried_again_and_deleted_once(cast: Cast, adam: Client) -> None:
    number = refused(cast)
    assert adam.post(f"{PAGE}refused/{number}/again/").status_code == 302
    assert "1 mail has come in and is being filed" in text_of(adam.get(PAGE))
    assert adam.post(f"{PAGE}refused/{number}/delete/").status_code == 302  # it waits, and is nobody's to delete
    with expected_tenant(cast.acme.pk):
        with tenant_context(cast.acme.pk):
            pk = RawMail.objects.get().pk
        doorstep.file(raw_id=pk)
    assert adam.post(f"{PAGE}refused/{number}/delete/").status_code == 302
    assert adam.get(f"{PAGE}refused/{number}/").status_code == 404


def test_a_message_that_its_domain_disowns_is_shown_as_such(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        thread = factories.conversation(texts=["one", "two"])
        Message.objects.filter(conversation=thread, text="two").update(authentication="fail")
    soup = soup_of(signed_in(cast.ava).get("/acme/inbox/1/"))
    marked = [
        card for card in soup.select("article.message") if "says that this message is not from there" in card.get_text()
    ]
    assert [card.select_one(".prose").get_text(strip=True) for card in marked] == ["two"]  # type: ignore[union-attr]
