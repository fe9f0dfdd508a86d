"""The words of a text that a query asked for, marked. Text in, pieces out: the template escapes each piece, then marks it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inbox.queries import Term
from inbox.words import Word, words

AROUND = 60  # characters before the first hit in an excerpt
EXCERPT = 220


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `hit`: it is what was searched for."""

    text: str
    hit: bool


def marked(text: str, terms: Iterable[Term]) -> tuple[Piece, ...]:
    """The whole text in pieces."""
    out: list[Piece] = []
    at = 0
    for start, end in spans(text, terms):
        out += [Piece(text[at:start], False), Piece(text[start:end], True)]
        at = end
    out.append(Piece(text[at:], False))
    return tuple(piece for piece in out if piece.text)


def excerpt(text: str, terms: Sequence[Term]) -> tuple[Piece, ...]:
    """A line of the text around the first hit; nothing where there is none."""
    found = spans(text, terms)
    if not found:
        return ()
    start = _whole_word(text, max(0, found[0][0] - AROUND))
    line = " ".join(text[start : start + 2 * EXCERPT].split())[:EXCERPT].rstrip()
    return marked(f"… {line}" if start else line, terms)


def spans(text: str, terms: Iterable[Term]) -> list[tuple[int, int]]:
    """From where to where the text is what a term asks for, in order and apart."""
    known = list(words(text))
    found = sorted(span for term in terms if not term.without for span in _of(known, term))
    out: list[tuple[int, int]] = []
    for start, end in found:
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _of(known: list[Word], term: Term) -> Iterable[tuple[int, int]]:
    *first, last = term.words
    size = len(term.words)
    for at in range(len(known) - size + 1):
        run = known[at : at + size]
        fits = run[-1].text.startswith(last) if term.begins else run[-1].text == last
        if fits and [word.text for word in run[:-1]] == first:
            yield run[0].start, run[-1].end


def _whole_word(text: str, start: int) -> int:
    """Not in the middle of a word, unless there is no other place soon."""
    space = text.find(" ", start, start + 20)
    return start if start == 0 or space < 0 else space + 1
