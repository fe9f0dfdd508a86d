"""The words of a text as search compares them, and where they stand in it.

One rule for what is kept and for what is asked, in every language: letters in one case and without accents, digits, and
nothing else. So "UK-1042" is two words in a row, an address is several, and a question's punctuation says nothing. Scripts
without spaces count each sign as a word. No stemming: it needs to know the language; a question finds longer words instead.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

TEXT_LIMIT = 50_000  # characters of one text that are searched; the rest of a longer one is not
WORD_LIMIT = 60  # characters of one word that count
PLACES_LIMIT = 16_000  # PostgreSQL tells no places apart behind 16,383
DEFAULT_WEIGHT = "D"  # which PostgreSQL does not write
_GAP = 10  # between two texts of one entry, so that no phrase reaches from one into the other
_RUNS = re.compile(r"[^\s\x00-\x26\x28-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")
_APOSTROPHES = "'’ʼ`´"
# Thai, Lao, Myanmar, Khmer; kana, Han, and what lies between and behind.
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A word, and from where to where it stands in its text."""

    text: str
    start: int
    end: int


def words(text: str) -> Iterator[Word]:
    """The words of the first TEXT_LIMIT characters, in order."""
    for run in _RUNS.finditer(text[:TEXT_LIMIT]):
        yield from _of_run(run[0], run.start())


def _of_run(run: str, offset: int) -> Iterator[Word]:
    letters: list[str] = []
    start = at = 0
    for at, char in enumerate(run):
        folded = _folded(char)
        if folded and _unspaced(char):
            yield from _word(letters, offset + start, offset + at)
            yield from _word([folded], offset + at, offset + at + 1)
            letters = []
        elif folded:
            start = start if letters else at
            letters.append(folded)
        elif not _silent(char):
            yield from _word(letters, offset + start, offset + at)
            letters = []
    yield from _word(letters, offset + start, offset + at + 1)


def _word(letters: list[str], start: int, end: int) -> Iterator[Word]:
    text = "".join(letters)[:WORD_LIMIT]
    if text:
        yield Word(text, start, end)


@lru_cache(maxsize=10_000)
def _folded(char: str) -> str:
    """The letters and digits that a character stands for; nothing for one that is neither."""
    if unicodedata.category(char)[0] not in "LN" and not _mark_of_a_word(char):
        return ""
    plain = unicodedata.normalize("NFKD", char).casefold()
    plain = "".join(one for one in unicodedata.normalize("NFKD", plain) if not 0x300 <= ord(one) <= 0x36F)
    return "".join(one for one in plain if unicodedata.category(one)[0] in "LN" or _mark_of_a_word(one))


def _mark_of_a_word(char: str) -> bool:
    """Vowels of Indian and other scripts are marks; accents of Latin, Greek and Cyrillic are left out."""
    return unicodedata.category(char) in ("Mn", "Mc") and not 0x300 <= ord(char) <= 0x36F and char != "\ufe0f"


def _silent(char: str) -> bool:
    """What stands inside of words and does not end them: accents of their own, apostrophes, soft hyphens, joiners."""
    return char in _APOSTROPHES or unicodedata.category(char) in ("Mn", "Cf", "Me")


def _unspaced(char: str) -> bool:
    code = ord(char)
    return code >= 0x0E00 and any(first <= code <= last for first, last in _UNSPACED)


def same(one: str, other: str) -> bool:
    """Whether two tsvectors say the same, ours and one that PostgreSQL put in its own order."""
    return set(one.split()) == set(other.split())


def vector(texts: Iterable[tuple[str, str]], *, mark: str = "") -> str:
    """A tsvector, as PostgreSQL reads it, of texts and their weights ("A" to "D"). `mark`: a lexeme of ours beside them.

    Written here and not by to_tsvector: its parser depends on the server's locale, and would not agree with what is asked.
    """
    places: dict[str, list[str]] = {}
    at = 0
    for weight, text in texts:
        at += _GAP if at else 0
        for word in words(text):
            at += 1
            if at > PLACES_LIMIT:
                break
            places.setdefault(word.text, []).append(f"{at}{weight.removesuffix(DEFAULT_WEIGHT)}")
    lexemes = [f"'{word}':{','.join(of[:250])}" for word, of in places.items()]
    return " ".join([*([f"'{mark}'"] if mark else []), *lexemes])
