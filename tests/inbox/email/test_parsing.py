"""Bytes to mails: what people's programs send, and what nobody should send."""

import importlib.util
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.email.parsing import BadMail, InboundMail, parse
from tests.inbox.email import hostile

MAILS = Path(__file__).parent / "mails"


def standard_library_mails() -> list[bytes]:
    """CPython's own test mails where its test suite is installed; distributions often leave it out."""
    try:
        spec = importlib.util.find_spec("test.test_email")
    except ModuleNotFoundError:
        spec = None
    folders = [Path(place) / "data" for place in (spec.submodule_search_locations or [])] if spec else []
    return [path.read_bytes() for folder in folders for path in sorted(folder.glob("msg_*.txt"))]


OWN = [path.read_bytes() for path in sorted(MAILS.glob("*.eml"))]
SMALL_HOSTILE = [
    raw for raw in (make() for make in (*hostile.REFUSED.values(), *hostile.TAKEN.values())) if len(raw) < 20_000
]
CORPUS = [*OWN, *standard_library_mails(), *SMALL_HOSTILE]


def read(name: str) -> InboundMail:
    return parse((MAILS / name).read_bytes())


def texts(mail: InboundMail) -> list[str]:
    people = [mail.from_, *mail.to, *mail.cc, *([mail.reply_to] if mail.reply_to else [])]
    files = [text for file in mail.attachments for text in (file.name, file.content_type, file.content_id)]
    words = [word for person in people for word in person]
    return [mail.message_id, mail.in_reply_to, *mail.references, mail.subject, mail.text, mail.html, *files, *words]


def assert_storable(mail: InboundMail) -> None:
    for text in texts(mail):
        assert "\x00" not in text
        text.encode("utf-8")
    assert mail.message_id
    assert len(mail.message_id) <= 500
    assert len(mail.subject) <= 500
    assert "@" in mail.from_[1]
    assert len(mail.from_[0]) <= 200
    assert all(
        len(file.name) <= 255 and len(file.content_type) <= 120 and len(file.content_id) <= 255
        for file in mail.attachments
    )
    assert all(file.size == len(file.content) for file in mail.attachments)
    assert mail.sent_at is None or mail.sent_at.tzinfo is not None


def assert_read_or_refused(raw: bytes) -> None:
    mail, reason = None, ""
    try:
        mail = parse(raw)
    except BadMail as refusal:
        reason = refusal.reason
    if mail is None:
        assert reason
    else:
        assert_storable(mail)


def test_a_plain_reply_is_read_whole() -> None:
    mail = read("gmail_en.eml")
    assert mail.message_id == "gmail_en.eml@mail.example"
    assert mail.in_reply_to == "reply-1@acme.example"
    assert mail.references == ("first@mail.example", "reply-1@acme.example")
    assert mail.from_ == ("Mia Chen", "mia@example.com")
    assert mail.to == (("Acme support", "support@acme.example"),)
    assert mail.sent_at == datetime(2026, 11, 3, 8, 15, tzinfo=UTC)
    assert mail.subject == "Re: Your order #1042"
    assert mail.text.startswith("Thanks, the blue one fits.")
    assert "> does the jacket fit?" in mail.text
    assert mail.html == ""
    assert not mail.is_automatic


@pytest.mark.parametrize(
    ("name", "sender", "subject"),
    [
        ("gmail_de.eml", "Jürgen Groß", "Re: Ihre Bestellung für München"),
        ("gmail_fr.eml", "Zoé Lefèvre", "Re : commande reçue"),
        ("android_ru.eml", "Иван Петров", "Передаказ"),
        ("latin1_undeclared.eml", "Jörg", "Größe"),
    ],
)
def test_names_and_subjects_are_read_in_any_encoding(name: str, sender: str, subject: str) -> None:
    mail = read(name)
    assert mail.from_[0] == sender
    assert mail.subject == subject


def test_a_body_in_a_charset_that_does_not_exist_is_still_read() -> None:
    assert read("latin1_undeclared.eml").text == "Die Größe paßt nicht.\n"


def test_a_character_cut_by_the_folding_of_encoded_words_is_whole_again() -> None:
    raw = hostile.mail(b"Subject: =?utf-8?b?R3LDtsM=?=\n =?utf-8?b?n2U=?=\n")
    assert parse(raw).subject == "Größe"


def test_html_pictures_and_files_are_told_apart() -> None:
    mail = read("outlook_html_attachment.eml")
    assert mail.text == ""
    assert "<b>order #1042</b>" in mail.html
    picture, invoice = mail.attachments
    assert (picture.name, picture.content_type, picture.content_id) == ("photo.png", "image/png", "photo1")
    assert (invoice.name, invoice.content, invoice.content_id) == ("Rechnung Müller.pdf", b"%PDF-1.4 invoice", "")


def test_texts_on_both_sides_of_a_picture_are_both_kept() -> None:
    mail = read("apple_picture_between_texts.eml")
    assert mail.text == "Look at the seam here:\n\nAnd the other side is torn too."
    assert [file.name for file in mail.attachments] == ["IMG_1.jpeg"]


def test_a_text_beside_an_html_part_is_in_both_forms() -> None:
    parts = b"--b\nContent-Type: text/plain\n\n1 < 2\n--b\nContent-Type: text/html\n\n<p>and more</p>\n--b--\n"
    mail = parse(hostile.mail(b"Content-Type: multipart/mixed; boundary=b\n", parts))
    assert mail.text == "1 < 2\n\nand more"
    assert "1 &lt; 2" in mail.html
    assert "<p>and more</p>" in mail.html


def test_a_forwarded_mail_is_kept_as_a_file() -> None:
    inner = b"From: x@y.example\nSubject: inside\n\nkept\n"
    parts = b"--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\n" + inner + b"--b--\n"
    mail = parse(hostile.mail(b"Content-Type: multipart/mixed; boundary=b\n", parts))
    assert mail.text.strip() == "see below"
    assert mail.attachments[0].name == "message.eml"
    assert b"Subject: inside" in mail.attachments[0].content


@pytest.mark.parametrize(
    "given_id",
    [
        b"",
        b"Message-ID: \n",
        b"Message-ID: <>\n",
        b"Message-ID: <a b@c>\n",
        b"Message-ID: nonsense\n",
        b"Message-ID: <" + b"x" * 900 + b"@y>\n",
    ],
)
def test_a_mail_without_a_proper_id_gets_the_same_one_each_time(given_id: bytes) -> None:
    raw = hostile.mail(given_id)
    made = parse(raw).message_id
    assert made.endswith("@no-message-id.invalid")
    assert parse(raw.replace(b"\n", b"\r\n")).message_id == made
    assert parse(raw + b"\n").message_id == made
    assert parse(raw.replace(b"hello", b"other")).message_id != made


def test_ids_lose_their_brackets_and_duplicates() -> None:
    mail = parse(
        hostile.mail(
            b"Message-ID:  <A@b.example> \nReferences: <1@x> garbage <2@x>\n <1@x>\nIn-Reply-To: your mail <2@x> of Monday\n"
        )
    )
    assert mail.message_id == "A@b.example"
    assert mail.references == ("1@x", "2@x")
    assert mail.in_reply_to == "2@x"


@pytest.mark.parametrize(
    "header",
    [b"Auto-Submitted: auto-replied\n", b"Precedence: Bulk\n", b"Return-Path: <>\n", b"List-Id: <news.example>\n"],
)
def test_what_a_program_sent_is_marked(header: bytes) -> None:
    assert parse(hostile.mail(header)).is_automatic


def test_auto_submitted_no_is_a_person() -> None:
    assert not parse(hostile.mail(b"Auto-Submitted: no\nPrecedence: normal\n")).is_automatic


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\u202efdp.exe", "a_fdp.exe"),
        ("C:\\x\\y.txt", "C_x_y.txt"),
        ("", "attachment"),
    ],
)
def test_file_names_are_harmless(given_name: str, kept: str) -> None:
    quoted = given_name.replace("\\", "\\\\").encode()
    mail = parse(
        hostile.mail(b'Content-Type: image/png\nContent-Disposition: attachment; filename="' + quoted + b'"\n')
    )
    assert mail.attachments[0].name == kept


def test_a_long_file_name_keeps_its_ending() -> None:
    mail = parse(hostile.mail(b'Content-Disposition: attachment; filename="' + b"n" * 400 + b'.pdf"\n'))
    assert mail.attachments[0].name.endswith("n.pdf")
    assert len(mail.attachments[0].name) <= 150


def test_several_senders_count_as_the_first_and_sender_stands_in_for_from() -> None:
    assert parse(b"From: a@b.example, c@d.example\n\nx").from_[1] == "a@b.example"
    assert parse(b"From: \nSender: s@b.example\n\nx").from_[1] == "s@b.example"


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_hopeless_mail_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(BadMail) as refusal:
        parse(hostile.REFUSED[name]())
    assert refusal.value.reason.startswith("it")


def test_the_refusal_of_deep_mail_says_what_is_wrong() -> None:
    with pytest.raises(BadMail, match="nested"):
        parse(hostile.nested_multiparts(1_000))
    with pytest.raises(BadMail, match="nested"):
        parse(hostile.nested_mails(1_000))


@pytest.mark.parametrize("name", hostile.TAKEN)
def test_damaged_mail_is_taken_in(name: str) -> None:
    mail = parse(hostile.TAKEN[name]())
    assert_storable(mail)
    assert mail.from_[1] == "mia@example.com"


def test_a_mail_of_twenty_megabytes_is_taken_in() -> None:
    line = b"QUJD" * 19 + b"\n"
    raw = hostile.mail(
        b"Content-Type: application/zip; name=big.zip\nContent-Transfer-Encoding: base64\n",
        line * (20 * 1024 * 1024 // len(line)),
    )
    mail = parse(raw)
    assert mail.attachments[0].size > 14_000_000
    assert mail.size == len(raw)


@pytest.mark.parametrize("raw", CORPUS, ids=range(len(CORPUS)))
def test_every_mail_of_the_corpus_is_read_or_refused(raw: bytes) -> None:
    assert_read_or_refused(raw)


def test_most_of_the_corpus_is_read() -> None:
    assert len(OWN) >= 18
    assert all(isinstance(parse(raw), InboundMail) for raw in OWN)


SNIPPETS = st.sampled_from(
    [
        b"\x00",
        b"\xff",
        b"\n",
        b"\r",
        b"\n\n",
        b"--b",
        b"=?utf-8?b?",
        b"?=",
        b"<",
        b">",
        b'"',
        b";",
        b"Content-Type: multipart/mixed; boundary=b\n",
        b"charset=",
        b"\xed\xa0\x80",
        b"(",
        b"=",
        b"From ",
        b"message/rfc822",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(CORPUS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), st.one_of(SNIPPETS, st.binary(max_size=6))), max_size=12),
)
def test_mutated_mail_is_read_or_refused_and_never_anything_else(
    raw: bytes, changes: list[tuple[float, int, bytes]]
) -> None:
    for where, removed, added in changes:
        at = int(where * len(raw))
        raw = raw[:at] + added + raw[at + removed :]
    assert_read_or_refused(raw)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(head: bytes, body: bytes) -> None:
    assert_read_or_refused(b"From: a@b.example\n" + head + b"\n\n" + body)
