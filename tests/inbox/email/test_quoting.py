"""Replies and the history under them: languages, programs, traps, and that no text is lost."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.email.parsing import parse
from inbox.email.quoting import split

MAILS = Path(__file__).parent / "mails"
SHOWN = {
    "gmail_en.eml": "Thanks, the blue one fits. Please keep it.",
    "gmail_de.eml": "Vielen Dank, das Paket ist heute angekommen.",
    "gmail_fr.eml": "Merci beaucoup, tout est arrivé.",
    "gmail_es.eml": "Gracias, pero quiero cambiar la talla.",
    "outlook_en.eml": "The refund has not arrived yet. Could you check?\n\nRegards\nSam",
    "outlook_de.eml": "Die Hose ist zu klein, ich schicke sie zurück.",
    "outlook_original_message.eml": "A medium would be better for me.",
    "apple_en.eml": "Please leave it with the neighbour.\n\nSent from my iPhone",
    "apple_nl.eml": "Bedankt, morgen ben ik thuis.",
    "apple_it.eml": "Grazie mille, aspetto il pacco nuovo.",
    "android_ru.eml": "Спасибо, посылка пришла вчера.",
}
WHOLE = ["inline_answers.eml", "answer_below.eml", "no_quote_trap.eml", "vacation.eml"]


@pytest.mark.parametrize("name", SHOWN)
def test_the_history_is_folded(name: str) -> None:
    text = parse((MAILS / name).read_bytes()).text
    parts = split(text)
    assert parts.visible.rstrip() == SHOWN[name]
    assert parts.quoted
    assert parts.visible + parts.quoted == text


@pytest.mark.parametrize("name", WHOLE)
def test_what_the_sender_wrote_stays_in_sight(name: str) -> None:
    text = parse((MAILS / name).read_bytes()).text
    assert split(text).visible == text


def test_answers_between_quotes_stay_and_the_rest_below_is_folded() -> None:
    text = "See my answers:\n> first?\n> really?\nyes\n> second?\n> more\n"
    parts = split(text)
    assert parts.visible == "See my answers:\n> first?\n> really?\nyes\n"
    assert parts.quoted == "> second?\n> more\n"


@pytest.mark.parametrize("short", ["ok\n", "\n", "thank you\n"])
def test_hardly_a_word_is_not_left_alone(short: str) -> None:
    text = f"{short}\nOn Mon, 2 Nov 2026, Acme wrote:\n> long question\n> indeed\n"
    assert split(text).quoted == ""


def test_a_sentence_that_looks_like_an_introduction_folds_nothing() -> None:
    text = "My neighbour told me something.\nOn the card the driver wrote:\nplease call us\nand that is all I know.\n"
    assert split(text).quoted == ""


@pytest.mark.parametrize(
    "line",
    [
        "Den " + " skrev " * 60_000,
        "Am " + " schrieb " * 60_000,
        "x wrote:\n" * 3_000,
        "> a\nb\n" * 3_000,
        "From: a\nTo: b\n" * 3_000,
        "a\n" * 100_000,
    ],
)
def test_endless_and_repeated_lines_are_divided_or_left_whole(line: str) -> None:
    text = f"three words here\n{line}"
    parts = split(text)
    assert parts.visible + parts.quoted == text


LINES = st.sampled_from(
    [
        "",
        "> quoted",
        ">> deeper",
        "plain words of mine",
        "On Mon, 2 Nov 2026 at 1:00 Ava wrote:",
        "From: a@b.example",
        "Sent: Monday",
        "To: x",
        "Subject: y",
        "-----Original Message-----",
        "________________________________",
        "\r",
        "--",
        "Am 1.1. schrieb x:",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(LINES, st.text(max_size=20)), max_size=25))
def test_no_text_is_ever_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    parts = split(text)
    assert parts.visible + parts.quoted == text
    assert parts.visible or not text
