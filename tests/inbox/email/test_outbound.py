"""A letter of ours as a mail: threads, names in every script, files byte for byte, and nobody's header but ours."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.email import outbound
from inbox.email.outbound import Address, File, Letter
from tenants.addresses import AddressError

MAYA = Address("maya@lindqvist.example", "Maya Lindqvist")
LETTER = Letter(
    message_id="1.2@shop.example",
    sender=Address("support@shop.example", "Acme Goods"),
    to=(MAYA,),
    subject="Re: Where is my order?",
    text="Hello Maya,\n\nit is on its way: https://track.example/1?a=b&c=d\n",
)


def made(**fields: object) -> Letter:
    given = {name: getattr(LETTER, name) for name in LETTER.__dataclass_fields__}
    return Letter(**{**given, **fields})  # type: ignore[arg-type]


def read(letter: Letter) -> EmailMessage:
    data = outbound.as_bytes(letter)
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    found = message_from_bytes(data, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def parts(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text
    assert html
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def test_a_letter_as_it_is_read_again() -> None:
    mail = read(LETTER)
    assert mail["Message-ID"] == "<1.2@shop.example>"
    assert (mail["From"], mail["To"]) == (
        "Acme Goods <support@shop.example>",
        "Maya Lindqvist <maya@lindqvist.example>",
    )
    assert mail["Subject"] == LETTER.subject
    assert mail["Date"].datetime
    assert mail["Reply-To"] is mail["Cc"] is mail["In-Reply-To"] is None
    text, html = parts(mail)
    assert text == LETTER.text
    assert '<p>it is on its way: <a href="https://track.example/1?a=b&amp;c=d">' in html


def test_a_reply_names_what_it_answers() -> None:
    mail = read(made(in_reply_to="b@x.example", references=("a@x.example", "b@x.example")))
    assert mail["In-Reply-To"] == "<b@x.example>"
    assert mail["References"] == "<a@x.example> <b@x.example>"


def test_a_long_thread_keeps_its_first_and_its_newest_ids() -> None:
    ids = tuple(f"{number}.{'x' * 90}@x.example" for number in range(300))
    found = str(read(made(references=ids))["References"]).split()
    assert found == [f"<{each}>" for each in (ids[0], *ids[-19:])]


@pytest.mark.parametrize(
    "bad", ["a@b.example>\r\nBcc: <x@y.example", "", "ü@b.example", "a b@c.example", "a>b@c.example"]
)
def test_an_id_that_is_none_is_left_out(bad: str) -> None:
    mail = read(made(in_reply_to=bad, references=(bad, "a@x.example")))
    assert mail["In-Reply-To"] is None
    assert mail["References"] == "<a@x.example>"
    assert mail["Bcc"] is None
    with pytest.raises(AddressError):
        outbound.as_bytes(made(message_id=bad))


def test_the_blind_copy_stands_on_the_envelope_alone() -> None:
    letter = made(cc=(Address("priya@rao.example"),), bcc=(Address("boss@acme.example"), MAYA))
    assert letter.recipients == ("maya@lindqvist.example", "priya@rao.example", "boss@acme.example")
    data = outbound.as_bytes(letter)
    assert b"priya@rao.example" in data
    assert b"boss@acme.example" not in data
    assert read(letter)["Bcc"] is None


@pytest.mark.parametrize(
    "name", ["Zoë Müller", "李小龍", "مايا", 'O\'Neil, Ann "Annie"', "a;b@c <d@e.example>", "=?utf-8?q?x?=", "\\"]
)
def test_a_name_in_any_script_is_a_name_and_never_an_address(name: str) -> None:
    mail = read(made(to=(Address("maya@lindqvist.example", name),), sender=Address("support@shop.example", name)))
    for header in ("To", "From"):
        (who,) = mail[header].addresses
        assert who.addr_spec == ("maya@lindqvist.example" if header == "To" else "support@shop.example")
        assert who.display_name.replace("= ?", "=?") == name


def test_a_domain_in_another_script_is_written_in_ascii() -> None:
    letter = made(to=(Address("maya@müller.example", "Maya"),))
    assert letter.recipients == ("maya@xn--mller-kva.example",)
    assert read(letter)["To"].addresses[0].addr_spec == "maya@xn--mller-kva.example"


@pytest.mark.parametrize(
    "email",
    ["", "nobody", "mäya@x.example", "a b@x.example", "a@x.example\nBcc: b@y.example", "a,b@x.example", "<a@x.example"],
)
def test_an_address_that_cannot_be_written_is_refused(email: str) -> None:
    with pytest.raises(AddressError):
        outbound.as_bytes(made(to=(Address(email),)))


HOSTILE = st.text(st.sampled_from('ab\r\n\0:\u2028\u2029\x85\t <>@=?,;"\\\u202e\ud800é李 '), max_size=40)


@given(name=HOSTILE, subject=HOSTILE, file=HOSTILE, text=HOSTILE, signature=HOSTILE)
def test_nothing_that_is_typed_adds_a_header(name: str, subject: str, file: str, text: str, signature: str) -> None:
    plain = read(made(files=(File("x", "image/png", b"x"),), signature=""))
    mail = read(
        made(
            to=(Address(MAYA.email, name + "\r\nBcc: x@y.example"),),
            subject=subject + "\r\nX-Injected: 1",
            files=(File(file + "\r\nX-Injected: 1", "image/png\r\nX-Injected: 1", b"x"),),
            text=text,
            signature=signature,
        )
    )
    assert sorted(mail.keys()) == sorted(plain.keys())
    assert all("X-Injected" not in part for part in mail.walk())
    assert [each.addr_spec for each in mail["To"].addresses] == [MAYA.email]


def test_text_in_any_script_arrives_in_both_forms() -> None:
    words = "Grüße, 李, مرحبا, 🎉\n.\nFrom here\n" + "x" * 5000 + "\n"
    text, html = parts(read(made(text=words)))
    assert text == words
    assert "Grüße, 李, مرحبا, 🎉<br>.<br>From here" in html


def test_markup_is_shown_and_not_obeyed() -> None:
    _, html = parts(read(made(text="<script>alert(1)</script> & <b>", signature="<i>", quoted="> <img src=x>")))
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;" in html
    assert "<img" not in html
    assert "<i>" not in html


def test_the_signature_stands_below_and_the_history_under_it() -> None:
    text, html = parts(read(made(text="Yes.", signature="Ava\nAcme", quoted="> Is it?")))
    assert text == "Yes.\n\n-- \nAva\nAcme\n\n> Is it?\n"
    assert html.index("Yes.") < html.index("Ava<br>Acme") < html.index("<blockquote>")


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("photo.jpg", "image/jpeg", bytes(range(256))),
        ("Rechnung für Zoë.pdf", "application/pdf", b"%PDF-1.7\n"),
        ("notes.txt", "text/plain", "Grüße\r\nline\rend\n".encode("latin-1")),
        ("empty", "application/octet-stream", b""),
    ],
)
def test_a_file_arrives_byte_for_byte(name: str, kind: str, content: bytes) -> None:
    (part,) = read(made(files=(File(name, kind, content),))).iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == (name, kind)
    assert part.get_payload(decode=True) == content


@pytest.mark.parametrize("kind", ["", "nonsense", "message/rfc822", "multipart/mixed", "text/html; charset=x"])
def test_a_file_of_a_kind_that_is_none_is_bytes(kind: str) -> None:
    (part,) = read(made(files=(File("x", kind, b"a"),))).iter_attachments()
    assert part.get_content_type() == "application/octet-stream"
