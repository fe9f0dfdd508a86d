"""Mails that nobody should have to read, built here so that nothing downloads them. Each has a name for the test's id."""

from collections.abc import Callable

FROM = b"From: Mia <mia@example.com>\n"


def nested_multiparts(depth: int) -> bytes:
    levels = (b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))
    return FROM + b"".join(levels) + b"\nhello\n"


def nested_mails(depth: int) -> bytes:
    return FROM + b"Content-Type: message/rfc822\n\n" * depth + b"x"


def disguised_nesting(depth: int) -> bytes:
    """As above, but the type's name stands behind a comment and on a folded line."""
    levels = (b'Content-Type: (multi)\n multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))
    return FROM + b"".join(levels) + b"\nhello\n"


def mail(headers: bytes, body: bytes = b"hello\n") -> bytes:
    return FROM + headers + b"\n" + body


def part_flood(count: int) -> bytes:
    return mail(b'Content-Type: multipart/mixed; boundary="b"\n', b"--b\n\nx\n" * count + b"--b--\n")


# Must be refused, each with a reason.
REFUSED: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "only white space": lambda: b" \r\n\t\n" * 50,
    "random bytes": lambda: bytes(range(256)) * 100,
    "no header": lambda: b"\n\nhello",
    "no sender": lambda: b"Subject: hi\n\nhello",
    "a sender that is no address": lambda: b"From: nobody at all\n\nhello",
    "a group as sender": lambda: b"From: friends:;\n\nhello",
    "1,000 nested multiparts": lambda: nested_multiparts(1_000),
    "1,000 disguised multiparts": lambda: disguised_nesting(1_000),
    "1,000 nested mails": lambda: nested_mails(1_000),
    "20,000 parts": lambda: part_flood(20_000),
    "26 MB": lambda: mail(b"", b"x" * (26 * 1024 * 1024)),
    "eight million empty lines": lambda: mail(b"", b"\n" * 8_000_000),
    "a sender behind 5,000 comments": lambda: b"From: " + b"(" * 5_000 + b"\n\nx",
}

# Must be taken in, whatever is wrong with them.
TAKEN: dict[str, Callable[[], bytes]] = {
    "50 nested multiparts": lambda: nested_multiparts(50),
    "a subject of 3 MB": lambda: mail(b"Subject: " + b"very " * 600_000 + b"\n"),
    "a header of 3 MB on folded lines": lambda: mail(b"X-Long: a\n" + b" folded\n" * 400_000),
    "200,000 header fields": lambda: mail(b"X-A: b\n" * 200_000),
    "100,000 recipients": lambda: mail(b"To: " + b"a@b.example, " * 100_000 + b"\n"),
    "50,000 references": lambda: mail(b"References: " + b"<a@b.example>\n " * 50_000 + b"\n"),
    "nested comments in To": lambda: mail(b"To: " + b"(" * 5_000 + b"\n"),
    "quotes in To": lambda: mail(b"To: " + b'"' * 20_000 + b"\n"),
    "encoded words without end": lambda: mail(b"Subject: " + b"=?utf-8?q?" * 5_000 + b"\n"),
    "broken base64 in an encoded word": lambda: mail(b"Subject: =?utf-8?b?x?= =?utf-8?b?////=?= =?nosuch?q?=ff?=\n"),
    "a charset that is no charset": lambda: mail(b"Content-Type: text/plain; charset=punycode\n", b"a-" * 100_000),
    "a charset with a NUL": lambda: mail(b'Content-Type: text/plain; charset="a\x00b"\n'),
    "an extended charset that does not exist": lambda: mail(b"Content-Type: text/plain; charset*=nosuch'en'%ff\n"),
    "an extended file name that does not exist": lambda: mail(b"Content-Type: image/png; name*=nosuch'en'%ff\n"),
    "parameters without end": lambda: mail(b"Content-Type: text/plain" + b'; a="' * 4_000 + b"\n"),
    "no boundary": lambda: mail(b"Content-Type: multipart/mixed\n"),
    "a boundary that never comes": lambda: mail(b"Content-Type: multipart/mixed; boundary=x\n"),
    "an unknown transfer encoding": lambda: mail(b"Content-Transfer-Encoding: rot13\n"),
    "broken base64": lambda: mail(b"Content-Transfer-Encoding: base64\n", b"====a=b=c\xff\xfe"),
    "broken uuencoding": lambda: mail(b"Content-Transfer-Encoding: x-uuencode\n", b"begin 644 x\n\xff\xff\n"),
    "NUL bytes everywhere": lambda: mail(b"Subject: a\x00b\nMessage-ID: <a\x00@b>\n", b"x\x00y"),
    "surrogates in UTF-8": lambda: mail(b"Content-Type: text/plain; charset=utf-8\n", b"a\xed\xa0\x80b"),
    "utf-16 with a lone surrogate": lambda: mail(
        b"Content-Type: text/plain; charset=utf-16-le\n", b"a\x00\x00\xd8b\x00"
    ),
    "utf-7 with a lone surrogate": lambda: mail(b"Content-Type: text/plain; charset=utf-7\n", b"+2AA-"),
    "a date in the year 99999": lambda: mail(b"Date: Mon, 1 Jan 99999 00:00:00 +9999\n"),
    "a date of words": lambda: mail(b"Date: yesterday, around noon\n"),
    "only carriage returns": lambda: mail(b"").replace(b"\n", b"\r"),
    "a digest of digests": lambda: mail(
        b"Content-Type: multipart/digest; boundary=b\n", b"--b\n\nFrom: x@y.example\n\nz\n--b--\n"
    ),
    "a file name with a path": lambda: mail(b'Content-Type: image/png; name="../../etc/passwd"\n'),
    "duplicate everything": lambda: mail(
        (FROM + b"To: a@b.example\nSubject: s\nDate: d\nMessage-ID: <i@j>\nContent-Type: text/html\n") * 50
    ),
}
