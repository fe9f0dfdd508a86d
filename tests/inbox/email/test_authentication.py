"""What counts as the word of the server that took a mail in, and what is only a claim of whoever wrote it."""

import pytest

from inbox.email import authentication
from inbox.email.authentication import FAIL, NONE, PASS, UNKNOWN

OURS = ["mx.ours.example"]


def found(*fields: str, sender: str = "mia@shop.example.com") -> str:
    lines = [f"Authentication-Results: {field}" for field in fields]
    return authentication.of("\n".join([*lines, f"From: Mia <{sender}>", "", "hello"]).encode(), trusted=OURS)


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("mx.ours.example; dmarc=pass header.from=shop.example.com", PASS),
        ("mx.ours.example; spf=pass smtp.mailfrom=other.example; dmarc=fail (p=none) header.from=x", FAIL),
        ("MX.Ours.Example 1; DMARC=Pass", PASS),
        ("mx.ours.example; dkim=pass header.d=example.com", PASS),
        ("mx.ours.example; dkim=pass header.i=@shop.example.com header.b=x", PASS),
        ("mx.ours.example; spf=pass smtp.mailfrom=bounce@shop.example.com", PASS),
        ("mx.ours.example; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=a@evil.example", NONE),
        ("mx.ours.example; dkim=pass header.d=sub.shop.example.com", NONE),
        ("mx.ours.example; dkim=pass header.d=com", NONE),
        ("mx.ours.example; spf=fail smtp.mailfrom=shop.example.com; dkim=fail header.d=shop.example.com", NONE),
        ("mx.ours.example; none", NONE),
        ("mx.ours.example", NONE),
        ("mx.theirs.example; dmarc=pass", UNKNOWN),
        ("", UNKNOWN),
        (";;;", UNKNOWN),
    ],
)
def test_a_field_says(field: str, word: str) -> None:
    assert found(field) == word


@pytest.mark.parametrize(
    "field",
    [
        'mx.ours.example; spf=fail smtp.mailfrom="a; dmarc=pass"@evil.example',
        "mx.ours.example; spf=fail (from; dmarc=pass) smtp.mailfrom=evil.example",
        "mx.ours.example; spf=fail (a (b; dmarc=pass) c) smtp.mailfrom=evil.example",
        "mx.ours.example; spf=fail (open; dmarc=pass",
        'mx.ours.example; spf=fail reason="open; dmarc=pass',
        "mx.ours.example; x=y header.d=shop.example.com dkim=pass",
        "mx.ours.example; spf=pass smtp.helo=shop.example.com",
    ],
)
def test_a_senders_words_inside_a_true_field_are_not_the_servers(field: str) -> None:
    assert found(field) in (NONE, FAIL)


def test_the_first_field_of_a_trusted_server_counts_and_what_others_say_does_not() -> None:
    assert found("mx.theirs.example; dmarc=pass", "mx.ours.example; dmarc=fail", "mx.ours.example; dmarc=pass") == FAIL


def test_without_a_trusted_server_nobody_looked() -> None:
    raw = b"Authentication-Results: mx.ours.example; dmarc=pass\nFrom: a@b.example\n\n"
    assert authentication.of(raw, trusted=[]) == UNKNOWN


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00" * 1000, b"Authentication-Results: " + b"(" * 300_000, b"Authentication-Results: mx.ours.example;" * 9_000,
     b"Authentication-Results: mx.ours.example; " + b'"' * 30_000 + b"\n\n", "Authentication-Results: ☃".encode("utf-16")],
    ids=["empty", "zeros", "parentheses", "repeated", "quotes", "utf-16"],
)  # fmt: skip
def test_nothing_breaks_it(raw: bytes) -> None:
    assert authentication.of(raw, trusted=OURS) in (UNKNOWN, NONE)
    assert authentication.is_marked_spam(raw) is False


@pytest.mark.parametrize("mark", ["X-Spam-Flag: YES", "X-Spam-Status: Yes, score=12", "X-Spam: yes"])
def test_a_spam_filters_mark_is_read(mark: str) -> None:
    assert authentication.is_marked_spam(f"{mark}\nFrom: a@b.example\n\nX-Spam: no".encode())
    assert not authentication.is_marked_spam(f"From: a@b.example\n\n{mark}".encode())
