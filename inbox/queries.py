"""What somebody searches for: words, "phrases", -without, and what narrows it (from:, to:, subject:, before:, after:).

Nothing that is typed is an error: what means nothing is left out, and what remains is asked. Everything that reaches
PostgreSQL is made of letters and digits alone, so its own operators cannot be typed.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from inbox.words import words

QUERY_LIMIT, TERMS_LIMIT, PHRASE_LIMIT = 400, 12, 12
SHORTEST = 2  # characters of a lone word: one letter stands in everything
BEGINNING = 3  # from here on a word also finds longer ones that begin so
# What stands before the colon, and the weight of the words that it is about (inbox/indexing.py).
FIELDS = {"subject": "A", "from": "B", "to": "C"}
_PIECE = re.compile(r'(?P<no>-)?(?:(?P<field>[a-z]+):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))', re.IGNORECASE)
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_YEARS = range(1971, 2200)


@dataclass(frozen=True, slots=True)
class Term:
    """Words in a row, in one kind of text or (no weight) in any. `exact`: no longer words."""

    words: tuple[str, ...]
    weight: str = ""
    exact: bool = False
    without: bool = False

    @property
    def begins(self) -> bool:
        """Whether longer words count too. A number is meant as it is."""
        last = self.words[-1]
        return not self.exact and len(last) >= BEGINNING and not last.isnumeric() and last.isalnum()

    def tsquery(self) -> str:
        lexemes = [f"'{word}':{self.weight}" if self.weight else f"'{word}'" for word in self.words]
        if self.begins:
            lexemes[-1] = f"'{self.words[-1]}':*{self.weight}"
        joined = " <-> ".join(lexemes)
        return f"!({joined})" if self.without else f"({joined})"


@dataclass(frozen=True, slots=True)
class Query:
    """A search as it is understood. `short`: what was typed is no word that can be searched for."""

    terms: tuple[Term, ...] = ()
    since: date | None = None  # from this day on
    until: date | None = None  # before this day
    short: bool = False

    @property
    def wanted(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if not term.without)

    def tsquery(self) -> str:
        """As PostgreSQL reads it; empty when nothing is wanted: what is only ruled out would be nearly everything."""
        return " & ".join(term.tsquery() for term in self.terms) if self.wanted else ""


def parsed(typed: str) -> Query:
    """`typed` as a query. Of a longer one the first QUERY_LIMIT characters and TERMS_LIMIT terms count."""
    typed = typed.replace("\x00", " ")[:QUERY_LIMIT]
    terms: list[Term] = []
    days: dict[str, date] = {}
    for piece in _PIECE.finditer(typed):
        name, value = (piece["field"] or "").lower(), piece["phrase"] or piece["word"] or ""
        if name in ("before", "after") and (day := _day(value)):
            days[name] = day
            continue
        if name and name not in FIELDS:  # "Re:hello", "https://...": words like others
            name, value = "", f"{piece['field']}:{value}"
        term = _term(value, name, quoted=piece["phrase"] is not None, without=bool(piece["no"]))
        if term and len(terms) < TERMS_LIMIT:
            terms.append(term)
    until, after = days.get("before"), days.get("after")
    short = bool(typed.strip()) and not any(not term.without for term in terms)
    return Query(tuple(terms), after + timedelta(days=1) if after else None, until, short)


def _term(value: str, name: str, *, quoted: bool, without: bool) -> Term | None:
    found = tuple(word.text for word in words(value))[:PHRASE_LIMIT]
    if not found or (len(found) == 1 and len(found[0]) < SHORTEST and found[0].isascii()):
        return None
    return Term(found, FIELDS.get(name, ""), exact=quoted, without=without)


def _day(value: str) -> date | None:
    match = _DAY.fullmatch(value)
    try:
        day = date(*map(int, match.groups())) if match else None
    except ValueError:
        return None
    return day if day and day.year in _YEARS else None
