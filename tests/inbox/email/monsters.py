"""Mails that are taken in whole and must not cost whoever looks at them: large, of many parts, for thousands, of strange kinds."""

import base64
import io
import zipfile

from tests.inbox.email.hostile import mail

END = b"--b--\n"
MIXED = b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n'
BODY = b"--b\nContent-Type: text/plain\n\nSee the file.\n"


def with_file(name: str, kind: str, content: bytes, *, disposition: str = "attachment") -> bytes:
    return mail(MIXED + b"Message-ID: <file@mail.example>\n", BODY + part(name, kind, content, disposition) + END)


def part(name: str, kind: str, content: bytes, disposition: str = "attachment") -> bytes:
    fields = (
        f'--b\nContent-Type: {kind}; name="{name}"\n'
        f'Content-Disposition: {disposition}; filename="{name}"\nContent-Transfer-Encoding: base64\n\n'
    )
    return fields.encode() + base64.encodebytes(content)


def of_size(size: int) -> bytes:
    """A mail of exactly so many bytes, nearly all of them a file."""
    line = base64.encodebytes(b"\x00" * 57)
    begun = with_file("film.mov", "video/quicktime", b"")[: -len(END)]
    filled = begun + line * ((size - len(begun) - len(END)) // len(line)) + END
    return filled + b"x" * (size - len(filled))


def files(count: int) -> bytes:
    parts = b"".join(part(f"photo-{n}.jpg", "image/jpeg", b"\xff\xd8 photo %d" % n) for n in range(count))
    return mail(MIXED, BODY + parts + END)


def zip_bomb(megabytes: int) -> bytes:
    """So many megabytes of nothing in a thousandth of the space, ten times over in one archive that holds ten such."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.txt", b"0" * megabytes * 1_000_000)
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(10):
            archive.writestr(f"{number}.zip", inner.getvalue())
    return outer.getvalue()


def for_many(count: int) -> bytes:
    people = ",\n ".join(f"Person {n} <person{n}@list.example>" for n in range(count))
    return mail(f"To: {people}\nCc: {people.replace('list', 'copy')}\nSubject: To all\n".encode())


def invitation() -> bytes:
    """As calendars send it: the invitation is one of the forms of the text, and a file beside."""
    event = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Fitting\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    inner = (
        b'--b\nContent-Type: multipart/alternative; boundary="c"\n\n'
        b"--c\nContent-Type: text/plain\n\nYou are invited to a fitting.\n"
        b'--c\nContent-Type: text/calendar; method=REQUEST; charset="utf-8"\n\n' + event + b"--c--\n"
    )
    return mail(MIXED, inner + part("invite.ics", "application/ics", event) + END)


def html(body: bytes) -> bytes:
    return mail(b"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nSubject: Newsletter\n", body)


def large_html(size: int) -> bytes:
    row = b"<tr><td style='color:red'><b>Linen shirt</b></td><td>1 of 3</td></tr>\n"
    return html(b"<html><body><table>" + row * (size // len(row)) + b"</table></body></html>")
