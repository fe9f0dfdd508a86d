"""Shopify's search syntax: terms with AND, OR, NOT, groups, fields, quotes, prefixes and comparisons.

Read from shopify.dev/docs/api/usage/search-syntax (2026-11-22). It is forgiving on purpose, as Shopify is: a field it
does not know is dropped with a warning, and the rest, or everything, is returned.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from integrations.shopify.sandbox.search_fields import Term, matches_anywhere
from integrations.shopify.sandbox.stores import Row

# Deeper groups than this are nobody's search; the recursion has to end somewhere.
_DEEPEST = 40
_PIECE = re.compile(
    r"""\s*(?:
        (?P<open>-?\() | (?P<close>\)) |
        (?P<minus>-)?(?:(?P<field>[\w.]+):)?(?P<compare>>=|<=|>|<)?
        (?:"(?P<double>(?:\\.|[^"\\])*)"?|'(?P<single>(?:\\.|[^'\\])*)'?|(?P<bare>(?:\\.|[^\s()])+))
    )""",
    re.VERBOSE,
)

Test = Callable[[Row], bool]
FieldTests = dict[str, Callable[[Row, Term], bool]]


@dataclass(frozen=True)
class Search:
    """A search ready to be used, and the warnings that go into `extensions.search`."""

    test: Test
    warnings: tuple[dict[str, str], ...]
    parsed: dict[str, str]


def parse(query: str | None, fields: FieldTests) -> Search:
    reader = _Reader(query or "", fields)
    test = reader.alternatives(0)
    return Search(test=test or _everything, warnings=tuple(reader.warnings), parsed=reader.parsed)


def _everything(row: Row) -> bool:
    return True


class _Reader:
    """Recursive descent over the pieces; None stands for a term that was dropped."""

    def __init__(self, query: str, fields: FieldTests) -> None:
        self._pieces = [piece for piece in _PIECE.finditer(query) if piece.group().strip()]
        self._at = 0
        self._fields = fields
        self.warnings: list[dict[str, str]] = []
        self.parsed: dict[str, str] = {}

    def alternatives(self, depth: int) -> Test | None:
        found = [self._all_of(depth)]
        while self._word("OR"):
            found.append(self._all_of(depth))
        tests = [test for test in found if test is not None]
        return (lambda row: any(test(row) for test in tests)) if tests else None

    def _all_of(self, depth: int) -> Test | None:
        tests: list[Test] = []
        while self._at < len(self._pieces) and not self._peek_word("OR") and not self._pieces[self._at]["close"]:
            if self._word("AND"):
                continue
            test = self._one(depth)
            if test is not None:
                tests.append(test)
        return (lambda row: all(test(row) for test in tests)) if tests else None

    def _one(self, depth: int) -> Test | None:
        negated = self._word("NOT")
        if self._at >= len(self._pieces) or self._pieces[self._at]["close"]:
            return None
        piece = self._pieces[self._at]
        self._at += 1
        if piece["open"]:
            test = self._group(depth)
            negated = negated or piece["open"].startswith("-")
        else:
            test = self._term(piece)
            negated = negated or piece["minus"] is not None
        if test is None or not negated:
            return test
        return lambda row: not test(row)

    def _group(self, depth: int) -> Test | None:
        if depth >= _DEEPEST:
            self._at = len(self._pieces)
            return None
        test = self.alternatives(depth + 1)
        if self._at < len(self._pieces) and self._pieces[self._at]["close"]:
            self._at += 1
        return test

    def _term(self, piece: re.Match[str]) -> Test | None:
        quoted = piece["double"] if piece["double"] is not None else piece["single"]
        raw = quoted if quoted is not None else piece["bare"]
        if quoted is None:
            # An unquoted time is torn at its colons, as recorded answers show in what they say they parsed.
            raw = re.split(r"(?<!\\):", raw)[0]
        term = Term(text=re.sub(r"\\(.)", r"\1", raw), quoted=quoted is not None, compare=piece["compare"] or "")
        name = piece["field"]
        if name is None:
            return lambda row: matches_anywhere(row, term)
        self.parsed = {"field": name, "match_phrase" if term.quoted else "match_all": term.text}
        test = self._fields.get(name.lower())
        if test is None:
            self.warnings.append(
                {"field": name, "message": "Invalid search field for this query.", "code": "invalid_field"}
            )
            return None
        return lambda row: test(row, term)

    def _peek_word(self, word: str) -> bool:
        if self._at >= len(self._pieces):
            return False
        piece = self._pieces[self._at]
        return piece["field"] is None and piece["bare"] == word

    def _word(self, word: str) -> bool:
        found = self._peek_word(word)
        self._at += found
        return found
