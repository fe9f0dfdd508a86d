"""Bad mail on a bad day, through the doorstep and onto the page: taken in or refused with a reason, within bounds, and the thread
that holds it is read as fast as any other."""

import time
import tracemalloc
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.test import Client

from inbox.email import doorstep
from inbox.email.parsing import MAIL_LIMIT, parse
from inbox.models import Attachment, Conversation, Message, RawMail
from tenants.rls.context import expected_tenant, tenant_context
from tests.conftest import Cast
from tests.inbox.email import hostile, monsters
from tests.inbox.email.test_html import ATTACKS, assert_harmless
from tests.telling import Tell
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db
SLOWEST = 20.0  # seconds, on a machine with other things to do: what goes wrong here takes minutes, or the memory
THREAD = "/acme/inbox/1/"


@pytest.fixture
def ava(cast: Cast) -> Client:
    return signed_in(cast.ava)


def arrive(cast: Cast, raw: bytes) -> float:
    """Kept and filed as in production; how many seconds it took."""
    begun = time.monotonic()
    with tenant_context(cast.acme.pk):
        row = doorstep.take(raw=raw, source=RawMail.Source.DOOR)
    with expected_tenant(cast.acme.pk):
        doorstep.file(raw_id=row.pk)
    return time.monotonic() - begun


def opened(ava: Client, path: str = THREAD) -> tuple[HttpResponse, float]:
    """And how many seconds it took once the templates were read."""
    ava.get(path)
    begun = time.monotonic()
    response = ava.get(path)
    assert response.status_code == 200
    return response, time.monotonic() - begun


def only_message(cast: Cast) -> Message:
    with tenant_context(cast.acme.pk):
        assert not RawMail.objects.exists(), RawMail.objects.get().reason
        return Message.objects.get()


def files_of(cast: Cast) -> list[Attachment]:
    with tenant_context(cast.acme.pk):
        return list(Attachment.objects.order_by("pk"))


@pytest.mark.long
def test_a_mail_of_25_megabytes_is_filed_and_its_thread_is_as_light_as_any(cast: Cast, ava: Client, tell: Tell) -> None:
    raw = monsters.of_size(MAIL_LIMIT)
    assert len(raw) == MAIL_LIMIT
    filed = arrive(cast, raw)
    assert only_message(cast).text.strip() == "See the file."
    assert [file.size > 18_000_000 for file in files_of(cast)] == [True]
    response, seconds = opened(ava)
    assert len(response.content) < 100_000
    tell(f"a mail of 25 MB: filed in {filed:.2f} s, its thread opened in {seconds * 1000:.0f} ms")
    assert filed < SLOWEST
    assert seconds < SLOWEST / 4


def test_all_of_500_files_are_kept_and_listed(
    cast: Cast, ava: Client, tell: Tell, django_assert_max_num_queries: Callable[..., object]
) -> None:
    filed = arrive(cast, monsters.files(500))
    names = {file.name for file in files_of(cast)}
    assert names == {f"photo-{n}.jpg" for n in range(500)}
    response, seconds = opened(ava)
    with django_assert_max_num_queries(30):  # type: ignore[attr-defined]  # no statement for each file
        ava.get(THREAD)
    assert "photo-499.jpg" in response.content.decode()
    tell(
        f"500 files: filed in {filed:.2f} s, the thread opened in {seconds * 1000:.0f} ms, {len(response.content):,} bytes"
    )
    assert filed < SLOWEST
    assert seconds < SLOWEST / 4


def test_an_archive_that_would_burst_is_a_file_that_nobody_opens(cast: Cast, ava: Client) -> None:
    bomb = monsters.zip_bomb(50)
    tracemalloc.start()
    try:
        arrive(cast, monsters.with_file("photos.zip", "application/zip", bomb))
        opened(ava)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    (file,) = files_of(cast)
    assert bytes(file.content) == bomb
    assert peak < 40_000_000


@pytest.mark.parametrize("made", [hostile.nested_multiparts, hostile.nested_mails])
def test_a_mail_in_a_mail_is_filed_and_a_thousand_are_refused_with_the_reason(
    cast: Cast, made: Callable[[int], bytes]
) -> None:
    assert arrive(cast, made(50)) < SLOWEST
    only_message(cast)
    assert arrive(cast, made(1_000)) < SLOWEST
    with tenant_context(cast.acme.pk):
        assert "nested" in RawMail.objects.get(state="refused").reason
    page = text_of(signed_in(cast.adam).get("/acme/settings/mail-in/"))
    assert "nested" in page


def test_mails_without_an_id_are_told_apart_by_what_they_say(cast: Cast) -> None:
    first, second = hostile.mail(b"Subject: a\n", b"one\n"), hostile.mail(b"Subject: a\n", b"two\n")
    for raw in (first, second, first, second.replace(b"\n", b"\r\n")):
        arrive(cast, raw)
    with tenant_context(cast.acme.pk):
        assert sorted(Message.objects.values_list("text", flat=True)) == ["one", "two"]
        assert not RawMail.objects.exists()


def test_a_mail_to_5000_people_is_filed_and_answered_to_its_sender(cast: Cast, ava: Client, tell: Tell) -> None:
    filed = arrive(cast, monsters.for_many(5_000))
    response, seconds = opened(ava)
    everybody, all_seconds = opened(ava, f"{THREAD}?write=reply&all=1")
    tell(
        f"5,000 people in To and in Cc: filed in {filed:.2f} s, opened in {seconds * 1000:.0f} ms, "
        f"{len(response.content):,} bytes; to all in {all_seconds * 1000:.0f} ms"
    )
    assert soup_of(response).select_one("#reply-to")["value"] == "Mia <mia@example.com>"  # type: ignore[index]
    assert "person17@list.example" in soup_of(everybody).select_one("#reply-cc")["value"]  # type: ignore[index]
    assert len(response.content) < 200_000
    assert len(everybody.content) < 400_000
    assert filed < SLOWEST
    assert max(seconds, all_seconds) < SLOWEST / 4


def test_a_file_of_outlooks_own_kind_is_kept_as_it_came(cast: Cast, ava: Client) -> None:
    tnef = bytes.fromhex("789f3e22") + b"\x00" * 200
    arrive(cast, monsters.with_file("winmail.dat", "application/ms-tnef", tnef))
    assert [(file.name, bytes(file.content)) for file in files_of(cast)] == [("winmail.dat", tnef)]
    page = text_of(opened(ava)[0])
    assert "See the file." in page
    assert "winmail.dat" in page


def test_an_invitation_is_read_and_its_dates_are_files(cast: Cast, ava: Client) -> None:
    arrive(cast, monsters.invitation())
    assert [file.name for file in files_of(cast)] == ["invitation.ics", "invite.ics"]
    assert "You are invited to a fitting." in text_of(opened(ava)[0])


@pytest.mark.parametrize("body", [b"", b"\n\n", b" \t\n"])
def test_a_mail_without_a_word_is_a_message(cast: Cast, ava: Client, body: bytes) -> None:
    arrive(cast, hostile.mail(b"Subject: nothing\n", body))
    assert only_message(cast).text.strip() == ""
    assert "nothing" in text_of(opened(ava)[0])


@pytest.mark.long
def test_ten_megabytes_of_html_are_filed_and_shown_within_bounds(cast: Cast, ava: Client, tell: Tell) -> None:
    raw = monsters.large_html(10_000_000)
    tracemalloc.start()
    try:
        parse(raw)
        read_peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    filed = arrive(cast, raw)
    only_message(cast)
    response, seconds = opened(ava)
    frame, framed = opened(ava, f"{THREAD}messages/1/html/")
    tell(
        f"HTML of 10 MB: filed in {filed:.2f} s, the thread opened in {seconds * 1000:.0f} ms ({len(response.content):,} bytes), "
        f"its frame in {framed * 1000:.0f} ms ({len(frame.content):,} bytes); reading it took {read_peak / 1e6:.0f} MB"
    )
    assert len(response.content) < 400_000
    assert len(frame.content) < 2_000_000
    assert read_peak < 200_000_000
    assert filed < SLOWEST
    assert max(seconds, framed) < SLOWEST / 4


def test_hostile_css_and_svg_come_to_nothing_on_the_page(cast: Cast, ava: Client) -> None:
    css = [
        "<style>*{background:url(https://evil.example/a)} body{display:none}</style>",
        "<p style='position:fixed;inset:0;z-index:99;background:url(javascript:alert(1))'>cover</p>",
        "<p style='width:expression(alert(1));behavior:url(#x);-moz-binding:url(https://evil.example/x.xml)'>old</p>",
        "<svg xmlns='http://www.w3.org/2000/svg'><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
        "<svg><foreignObject><iframe src='javascript:alert(1)'></iframe></foreignObject></svg>",
        "<svg><use href='https://evil.example/x.svg#y'/><image href='https://evil.example/z'/></svg>",
        "<img src=\"data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>\">",
    ]
    arrive(cast, monsters.html("".join([*css, "<p>the last word</p>", *ATTACKS]).encode()))
    assert_harmless(only_message(cast).html)
    frame, _ = opened(ava, f"{THREAD}messages/1/html/")
    policy = frame["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy or "script-src 'none'" in policy
    shown = BeautifulSoup(frame.content, "html.parser")
    assert not shown.select("script, iframe, svg, object, embed, form, meta[http-equiv=refresh]")
    assert "evil.example" not in "".join(str(each.get("src", "")) for each in shown.find_all(True))
    assert "the last word" in shown.get_text()


def test_a_drawing_that_came_as_a_file_is_never_shown_in_the_page(cast: Cast, ava: Client) -> None:
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
    arrive(cast, monsters.with_file("logo.svg", "image/svg+xml", drawing, disposition="inline"))
    page = soup_of(opened(ava)[0])
    assert not page.select("img[src*='logo'], svg [onload], object, embed")
    with tenant_context(cast.acme.pk):
        assert Conversation.objects.count() == 1
    link = next(a for a in page.select("a[href*='/files/']") if "logo.svg" in a.get_text())
    served = ava.get(str(link["href"]))
    assert served["Content-Type"] != "image/svg+xml" or "attachment" in served["Content-Disposition"]
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served["Content-Security-Policy"]
