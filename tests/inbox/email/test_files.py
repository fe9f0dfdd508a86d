"""Mailbox files in their dialects, single mails, and files that are neither."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.email.files import FoundMail, SkippedMail, UnreadableFile, mails_in
from inbox.email.parsing import MAIL_LIMIT

DATED = b"From mia@example.com Sun Nov 22 02:35:35 2026\n"
ONE = b"From: mia@example.com\nSubject: one\n\nfirst\n"
TWO = b"From: sam@example.com\nSubject: two\n\nsecond\n"


def found(tmp_path: Path, content: bytes, name: str = "box.mbox") -> list[FoundMail | SkippedMail]:
    path = tmp_path / name
    path.write_bytes(content)
    return list(mails_in(path))


def raws(items: list[FoundMail | SkippedMail]) -> list[bytes]:
    return [item.raw for item in items if isinstance(item, FoundMail)]


def test_a_mailbox_yields_its_mails_with_their_numbers(tmp_path: Path) -> None:
    items = found(tmp_path, DATED + ONE + b"\n" + DATED + TWO + b"\n")
    assert [item.number for item in items] == [1, 2]
    assert raws(items) == [ONE, TWO]


def test_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    items = found(tmp_path, (DATED + ONE + b"\n" + DATED + TWO + b"\n").replace(b"\n", b"\r\n"))
    assert raws(items) == [ONE.replace(b"\n", b"\r\n"), TWO.replace(b"\n", b"\r\n")]


def test_a_missing_last_line_end_and_a_missing_empty_line_lose_nothing(tmp_path: Path) -> None:
    items = found(tmp_path, DATED + ONE + DATED + TWO.rstrip(b"\n"))
    assert raws(items) == [ONE, TWO.rstrip(b"\n")]


def test_from_at_the_beginning_of_a_sentence_divides_nothing(tmp_path: Path) -> None:
    body = b"From: mia@example.com\n\nHello,\n\nFrom here on at 12:30 it was late.\n"
    assert raws(found(tmp_path, DATED + body)) == [body]


def test_one_mark_of_an_escaped_from_is_taken_away(tmp_path: Path) -> None:
    items = found(tmp_path, DATED + b"From: mia@example.com\n\n>From me\n>>From them\n> From all\n")
    assert raws(items) == [b"From: mia@example.com\n\nFrom me\n>From them\n> From all\n"]


def test_a_mailbox_whose_separators_have_no_date_is_divided_after_empty_lines(tmp_path: Path) -> None:
    items = found(tmp_path, b"From - \n" + ONE + b"\nFrom - \n" + TWO)
    assert raws(items) == [ONE, TWO]


def test_garbage_before_the_first_mail_is_reported_and_the_rest_read(tmp_path: Path) -> None:
    items = found(tmp_path, b"\x00\x01 export of 2026\nmore\n" + DATED + ONE)
    assert isinstance(items[0], SkippedMail)
    assert items[0].number == 0
    assert "23 bytes" in items[0].reason
    assert raws(items) == [ONE]
    assert items[1].number == 1


def test_a_single_mail_is_read_whole_even_when_its_text_says_from(tmp_path: Path) -> None:
    mail = ONE + b"\nFrom sam@example.com Sun Nov 22 02:35:35 2026\nquoted from a mailbox\n"
    assert raws(found(tmp_path, mail, "one.eml")) == [mail]
    assert raws(found(tmp_path, b"\xef\xbb\xbf\n\n" + ONE, "bom.eml")) == [ONE]


def test_a_mail_saved_with_its_separator_is_read_without_it(tmp_path: Path) -> None:
    assert raws(found(tmp_path, DATED + ONE, "one.eml")) == [ONE]


def test_a_mail_that_is_too_large_is_named_and_its_neighbours_are_read(tmp_path: Path) -> None:
    huge = b"From: big@example.com\n\n" + b"x" * (MAIL_LIMIT + 10) + b"\n"
    items = found(tmp_path, DATED + ONE + b"\n" + DATED + huge + b"\n" + DATED + TWO)
    assert [type(item).__name__ for item in items] == ["FoundMail", "SkippedMail", "FoundMail"]
    assert isinstance(items[1], SkippedMail)
    assert "25 MB" in items[1].reason
    assert raws(items) == [ONE, TWO]
    assert isinstance(found(tmp_path, huge, "huge.eml")[0], SkippedMail)


def test_a_separator_in_the_middle_of_an_endless_line_divides_nothing(tmp_path: Path) -> None:
    line = b"x" * (64 * 1024) + DATED  # The second piece that is read begins like a separator.
    assert len(raws(found(tmp_path, DATED + ONE + line + TWO))) == 1


def test_mails_are_read_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"
    path.write_bytes((DATED + ONE + b"\n") * 3)
    stream = mails_in(path)
    assert next(stream).number == 1
    assert next(stream).number == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "neither"),
        (b"Hello there\nFrom me\n", "neither"),
        (b"x" * 300_000, "neither"),
    ],
)
def test_what_is_no_mail_is_said_to_be_none(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        found(tmp_path, content, "file.bin")


def test_a_file_that_is_not_there_or_a_folder_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no such file"):
        list(mails_in(tmp_path / "missing.mbox"))
    with pytest.raises(UnreadableFile, match="directory"):
        list(mails_in(tmp_path))
    with pytest.raises(UnreadableFile, match="name"):
        list(mails_in(Path("a\x00b")))


def escaped(body: bytes) -> bytes:
    return b"".join(
        b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in body.splitlines(keepends=True)
    )


BODY_LINES = st.lists(
    st.sampled_from(
        [b"From me to you\n", b">From them\n", b"\n", b"text\n", DATED, b">" + DATED, b"x" * 70_000 + b"\n"]
    ),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(BODY_LINES, min_size=1, max_size=5))
def test_what_is_written_as_mboxrd_is_read_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[list[bytes]]
) -> None:
    mails = [b"From: a@b.example\n\n" + b"".join(lines) + b"end\n" for lines in bodies]
    path = tmp_path_factory.mktemp("boxes") / "box.mbox"
    path.write_bytes(b"".join(DATED + escaped(mail) + b"\n" for mail in mails))
    assert raws(list(mails_in(path))) == mails
