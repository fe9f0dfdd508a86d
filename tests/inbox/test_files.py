"""Files of messages: short-lived links of one member's, saved and not opened; pictures of a mail, its own and others'."""

import base64
import struct
import time
import zlib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from inbox import file_kinds
from inbox.file_links import LIFETIME
from inbox.models import Contact, Conversation, Message
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.test_thread import THREAD, add, attach, given
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db


def png(width: int = 2, height: int = 2) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x40\x80\xc0" * min(width, 10) for _ in range(min(height, 10))))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def ava(cast: Cast) -> Client:
    return signed_in(cast.ava)


def links(client: Client) -> list[str]:
    return [chip["href"] for chip in soup_of(client.get(THREAD)).select("a.attachment")]


class _Earlier(signing.TimestampSigner):
    """Signs as it would have some seconds ago."""

    ago = 0

    def timestamp(self) -> str:
        return signing.b62_encode(int(time.time()) - self.ago)


def aged(link: str, by: timedelta) -> str:
    """The same link as it was made so long ago."""
    path, _, query = link.partition("?")
    signer = _Earlier(salt="inbox.file")
    signer.ago = int(by.total_seconds())
    said = signing.loads(parse_qs(query)["link"][0], salt="inbox.file")
    return f"{path}?link={signer.sign_object(said)}"


# --- Links ----------------------------------------------------------------------------------------------------------
def test_a_file_is_offered_and_can_only_be_saved(cast: Cast, ava: Client) -> None:
    thread = given(cast, texts=[])
    message = add(cast, thread)
    attach(cast, message, name="page.html", content=b"<script>alert(1)</script>", content_type="text/html")
    attach(cast, message, name="photo.jpg", content=b"\xff" * 123_456)
    chips = soup_of(ava.get(THREAD)).select("a.attachment")
    assert [" ".join(chip.get_text().split()) for chip in chips] == ["page.html 25 B", "photo.jpg 123 kB"]
    response = ava.get(chips[0]["href"])
    assert response.content == b"<script>alert(1)</script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="page.html"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-store"
    assert ava.get(chips[1]["href"]).content == b"\xff" * 123_456


NAMES = (
    "",
    ".",
    "..",
    "???",
    "💩",
    "../../etc/passwd",
    "a\r\nSet-Cookie: x=1",
    'q"uo"te.txt',
    "\u202egpj.exe",
    "x" * 255,
    "写真.jpg",
    " . ",
)


def test_a_file_of_any_name_can_be_saved_under_a_harmless_one(cast: Cast, ava: Client) -> None:
    message = add(cast, given(cast, texts=[]))
    for name in NAMES:
        attach(cast, message, name=name)
    for name, link in zip(NAMES, links(ava), strict=True):
        response = ava.get(link)
        assert response.status_code == 200, name
        told = response["Content-Disposition"]
        assert told.startswith("attachment; filename")
        assert not set(told) & set("\r\n/\\\u202e")
        assert "Set-Cookie" not in response.headers
        assert ".." not in told


def test_a_link_that_is_over_leads_to_a_fresh_one(cast: Cast, ava: Client) -> None:
    attach(cast, add(cast, given(cast, texts=[])), name="bill.pdf", content=b"%PDF-")
    (link,) = links(ava)
    over = ava.get(aged(link, LIFETIME + timedelta(seconds=1)))
    assert over.status_code == 410
    assert "Content-Disposition" not in over.headers
    fresh = soup_of(over).select_one("a.primary")
    assert "bill.pdf" in fresh.get_text()
    assert ava.get(fresh["href"]).content == b"%PDF-"
    assert ava.get(aged(link, LIFETIME - timedelta(seconds=30))).status_code == 200
    assert signed_in(cast.adam).get(aged(link, LIFETIME * 2)).status_code == 404


def test_a_link_is_its_members_alone(cast: Cast, ava: Client) -> None:
    attach(cast, add(cast, given(cast, texts=[])))
    (link,) = links(ava)
    assert ava.get(link).status_code == 200
    for other, status in ((cast.adam, 404), (cast.olivia, 404), (cast.mallory, 404)):
        assert signed_in(other).get(link).status_code == status
    assert Client().get(link)["Location"].startswith("/account/login/")


def test_a_link_into_another_conversation_or_workspace_is_not_found(cast: Cast, ava: Client) -> None:
    attach(cast, add(cast, given(cast, texts=[])))
    given(cast, email="sam@example.com")
    (link,) = links(ava)
    assert ava.get(link.replace("/inbox/1/", "/inbox/2/")).status_code == 404
    assert ava.get(link.replace("/inbox/1/", "/inbox/3/")).status_code == 404
    with tenant_context(cast.next_door.pk):
        factories.conversation()
    assert signed_in(cast.mallory).get(link.replace("/acme/", "/nextdoor/")).status_code == 404


def test_a_forged_link_is_not_found(cast: Cast, ava: Client) -> None:
    attach(cast, add(cast, given(cast, texts=[])))
    (link,) = links(ava)
    token = parse_qs(urlsplit(link).query)["link"][0]
    mine = [cast.acme.pk, cast.ava.pk, 1, True]
    forged = ["", "x", "a:b:c", "9" * 5000, token[:-1], token + "x", token.upper(), "\x00", signing.dumps(mine), "💩"]
    for each in forged:
        assert ava.get(f"{THREAD}files/", {"link": each}).status_code == 404, each
    assert ava.get(f"{THREAD}files/").status_code == 404


def test_a_link_works_on_after_its_conversation_was_merged(cast: Cast, ava: Client) -> None:
    given(cast, email="sam@example.com")
    attach(cast, add(cast, given(cast, texts=["x"])))
    link = soup_of(ava.get("/acme/inbox/2/")).select_one("a.attachment")["href"]
    assert ava.post("/acme/inbox/2/merge/", {"chosen": ["1"], "sure": "on"}).status_code == 302
    assert ava.get(link).status_code == 200


def test_a_file_that_can_run_programs_is_marked(cast: Cast, ava: Client) -> None:
    message = add(cast, given(cast, texts=[]))
    for name in ("invoice.pdf.exe", "map.SVG", "bill.docm", "photo.jpg", "page.html. "):
        attach(cast, message, name=name)
    marked = [bool(item.select(".fine")) for item in soup_of(ava.get(THREAD)).select(".attachments li")]
    assert marked == [True, True, True, False, True]


# --- What a file is ---------------------------------------------------------------------------------------------------
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 10 + b"\xff\xc0\x00\x11\x08\x00\x05\x00\x07\x03" + b"\0" * 20
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8X" + b"\0" * 8 + b"\x06\x00\x00\x04\x00\x00" + b"\0" * 8


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (png(3, 4), ("image/png", 3, 4)),
        (b"GIF89a\x03\x00\x04\x00", ("image/gif", 3, 4)),
        (JPEG, ("image/jpeg", 7, 5)),
        (WEBP, ("image/webp", 7, 5)),
    ],
    ids=["png", "gif", "jpeg", "webp"],
)
def test_a_picture_is_known_by_its_bytes(content: bytes, expected: tuple[str, int, int]) -> None:
    assert file_kinds.picture(content) == file_kinds.Picture(*expected)


NO_PICTURES = {
    "nothing": b"",
    "a document": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a page after a picture's first bytes": b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    "a cut head": png()[:20],
    "too many pixels": png(60_000, 60_000),
    "no pixels": png(0, 5),
    "a jpeg without a size": b"\xff\xd8\xff" + b"\xff" * 500,
    "a jpeg whose segment has no length": b"\xff\xd8\xff\xe0\x00\x00" + b"\0" * 50,
    "a webp of an unknown kind": WEBP.replace(b"VP8X", b"VP8?"),
    "a portable document": b"%PDF-1.7",
    "a program": b"MZ\x90",
    "more bytes than are shown": png() + b"\0" * file_kinds.SHOWN_LIMIT,
}


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_not_taken_for_one(name: str) -> None:
    assert file_kinds.picture(NO_PICTURES[name]) is None


@pytest.mark.parametrize(
    ("declared", "content", "kept"),
    [
        ("image/png", b"<svg onload=alert(1)>", "application/octet-stream"),
        ("text/html", b"<p>", "application/octet-stream"),
        ("application/octet-stream", png(), "image/png"),
        ("text/plain", b"hello", "text/plain"),
        ("image/svg+xml", b"<svg/>", "application/octet-stream"),
        ("application/pdf", b"MZ", "application/octet-stream"),
        ("application/x-msdownload", b"%PDF-1.4", "application/pdf"),
    ],
)
def test_a_file_is_kept_under_what_it_is(declared: str, content: bytes, kept: str) -> None:
    assert file_kinds.checked(declared, content) == kept


def test_a_picture_can_be_looked_at_and_nothing_else_can(cast: Cast, ava: Client) -> None:
    message = add(cast, given(cast, texts=[]))
    attach(cast, message, name="a.png", content=png(), content_type="image/png")
    attach(cast, message, name="b.svg", content=b"<svg/>", content_type="image/svg+xml")
    attach(cast, message, name="c.png", content=b"<script>alert(1)</script>", content_type="image/png")
    previews = [picture["src"] for picture in soup_of(ava.get(THREAD)).select(".preview img")]
    assert len(previews) == 2
    response = ava.get(previews[0])
    assert (response["Content-Type"], response.content) == ("image/png", png())
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert ava.get(previews[1]).status_code == 404
    assert ava.get(aged(previews[0], LIFETIME * 2), follow=True).content == png()


# --- Pictures of a mail ---------------------------------------------------------------------------------------------
REMOTE = '<p>Hello</p><img data-src="https://tracker.example/open.gif?id=1" alt="">'


def frame_of(client: Client) -> str:
    return soup_of(client.get(THREAD)).select_one("iframe")["src"]


def test_a_mails_own_picture_is_shown_in_its_frame_from_our_storage(cast: Cast, ava: Client) -> None:
    thread = given(cast, texts=[])
    message = add(cast, thread, html='<p>See</p><img data-cid="seam@mail"><img data-cid="elsewhere">')
    attach(cast, message, name="seam.png", content=png(), content_type="image/png", content_id="seam@mail", inline=True)
    attach(cast, add(cast, thread), content=png(), content_type="image/png", content_id="elsewhere")
    document = ava.get(frame_of(ava))
    shown, missing = soup_of(document).select("img")
    assert not missing.has_attr("src")
    assert ava.get(shown["src"]).content == png()
    policy = document["Content-Security-Policy"]
    assert "img-src data: testserver/acme/inbox/1/files/;" in policy
    assert "http" not in policy


def test_pictures_from_elsewhere_stay_away_until_somebody_asks(cast: Cast, ava: Client) -> None:
    add(cast, given(cast, texts=[]), html=REMOTE)
    document = ava.get(frame_of(ava))
    assert "tracker.example" not in document.content.decode()
    assert "img-src data:;" in document["Content-Security-Policy"]
    bar = soup_of(ava.get(THREAD)).select_one(".pictures")
    assert "lets the sender know" in text_of(ava.get(THREAD))
    asked = ava.get(bar.select_one("a")["href"])
    assert soup_of(asked).select_one("img")["src"] == "https://tracker.example/open.gif?id=1"
    assert "img-src data: https: http:;" in asked["Content-Security-Policy"]
    assert "script-src" not in asked["Content-Security-Policy"]
    assert asked["Referrer-Policy"] == "no-referrer"
    assert "tracker.example" not in ava.get(frame_of(ava)).content.decode()  # nothing was remembered


def test_no_other_page_can_ask_for_pictures_in_a_members_name(cast: Cast, ava: Client) -> None:
    thread = given(cast, texts=[])
    add(cast, thread, html=REMOTE, sent_at=timezone.now() - timedelta(hours=1))
    add(cast, thread, html=REMOTE)
    first, second = (bar.select_one("a")["href"] for bar in soup_of(ava.get(THREAD)).select(".pictures"))
    of_first = parse_qs(urlsplit(first).query)["pictures"][0]
    assert parse_qs(urlsplit(second).query)["pictures"][0] != of_first
    for forged in ("1", "", of_first[:-1], signing.dumps([cast.acme.pk, cast.ava.pk, 2])):
        document = ava.get(f"{THREAD}messages/2/html/", {"pictures": forged})
        assert "tracker.example" not in document.content.decode(), forged
    assert "tracker.example" not in ava.get(f"{THREAD}messages/2/html/", {"pictures": of_first}).content.decode()
    assert "tracker.example" not in signed_in(cast.adam).get(first).content.decode()


def test_what_is_remembered_of_a_contact_is_for_their_own_mails_alone(cast: Cast, ava: Client) -> None:
    thread = given(cast, texts=[])
    add(cast, thread, html=REMOTE)
    form = soup_of(ava.get(THREAD)).select_one(".pictures form")
    answer = ava.post(form["action"], {"shown": "yes", "next": f"{THREAD}#m1"})
    assert answer["Location"] == f"{THREAD}#m1"
    assert "tracker.example" in ava.get(frame_of(ava)).content.decode()
    for fields in (
        {"from_email": "mallory@evil.example"},
        {"authentication": "fail"},
        {"kind": "sent", "from_email": "support@shop.example"},
    ):
        with tenant_context(cast.acme.pk):
            Message.objects.all().delete()
        add(cast, thread, html=REMOTE, **fields)
        assert "tracker.example" not in ava.get(frame_of(ava)).content.decode(), fields
        assert not soup_of(ava.get(THREAD)).select(".pictures form")
    ava.post(form["action"], {"shown": "no"})
    with tenant_context(cast.acme.pk):
        assert Contact.objects.get().pictures_at is None


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example", ""]
)
def test_what_is_said_of_pictures_leads_nowhere_else(cast: Cast, ava: Client, back: str) -> None:
    given(cast)
    answer = ava.post("/acme/contacts/1/pictures/", {"shown": "yes", "next": back})
    assert answer["Location"] == "/acme/contacts/1/"


def test_a_frame_shows_no_other_message_than_the_page_said(cast: Cast, ava: Client) -> None:
    thread = given(cast, texts=[])
    add(cast, thread, html="<p>second</p>")
    frame = frame_of(ava)
    add(cast, thread, html="<p>first</p>", sent_at=timezone.now() - timedelta(hours=1))
    assert ava.get(frame).status_code == 404
    assert "first" in ava.get(frame_of(ava)).content.decode()


def test_a_picture_that_a_mail_carries_in_its_html_is_shown(cast: Cast, ava: Client) -> None:
    carried = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    add(cast, given(cast, texts=[]), html=f'<img data-src="{carried}">')
    document = ava.get(frame_of(ava))
    assert soup_of(document).select_one("img")["src"] == carried
    assert not soup_of(ava.get(THREAD)).select(".pictures")


# --- On paper ---------------------------------------------------------------------------------------------------------
def test_the_print_view_has_every_message_with_all_of_its_text_and_no_stores(cast: Cast, ava: Client) -> None:
    thread = given(cast, texts=[f"text {n}" for n in range(9)])
    attach(cast, add(cast, thread, text="last", quoted="> what was quoted"), name="bill.pdf")
    page = ava.get(f"{THREAD}print/")
    soup = soup_of(page)
    assert len(soup.select("article")) == 10
    assert not soup.select("details, aside, nav, script, form, iframe")
    for words in ("text 0", "text 8", "last", "what was quoted", "bill.pdf", "maya@lindqvist.example", "Acme Goods"):
        assert words in text_of(page)


def test_an_erased_conversation_prints_as_such(cast: Cast, ava: Client) -> None:
    thread = given(cast)
    with tenant_context(cast.acme.pk):
        Conversation.objects.filter(pk=thread.pk).update(erased_at=timezone.now())
        Contact.objects.update(name="")
    assert "Erased contact" in text_of(ava.get(f"{THREAD}print/"))
