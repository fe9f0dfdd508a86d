"""Words as search compares them, what is typed as a query, and hits marked: no database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import highlights, queries, words
from inbox.highlights import Piece

ANYTHING = st.text(max_size=600)
# Whatever could be read as an operator: of ours, of PostgreSQL's tsquery, of SQL.
OPERATORS = st.text(alphabet="ab1 \"'-:&|!()<>*%_\\\x00~,.éß中́\u200d", max_size=600)


def texts(text: str) -> list[str]:
    return [word.text for word in words.words(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Where is UK-1042?", ["where", "is", "uk", "1042"]),
        ("#1042", ["1042"]),
        ("maya@mail.example", ["maya", "mail", "example"]),
        ("Crème brûlée ŁÓDŹ", ["creme", "brulee", "łodz"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("don't don’t", ["dont", "dont"]),
        ("返金 please", ["返", "金", "please"]),
        ("हिन्दी", ["हिन्दी"]),
        ("ﬁne １０４２", ["fine", "1042"]),
        ("под\u0301", ["под"]),
        ("a_b/c\\d", ["a", "b", "c", "d"]),
        ("👍🏽 ok", ["ok"]),
        ("", []),
    ],
)
def test_words_are_letters_and_digits_in_one_case_and_without_accents(text: str, found: list[str]) -> None:
    assert texts(text) == found


@given(ANYTHING | OPERATORS)
def test_a_word_stands_where_it_says_and_holds_nothing_that_postgres_would_read(text: str) -> None:
    end = 0
    for word in words.words(text):
        assert end <= word.start < word.end <= len(text)
        end = word.end
        assert word.text
        assert not set(word.text) & set(" '\"\\&|!()<>*:,~\x00")


@given(ANYTHING | OPERATORS)
def test_whatever_is_typed_is_a_query_of_bounded_size(text: str) -> None:
    query = queries.parsed(text)
    assert len(query.terms) <= queries.TERMS_LIMIT
    assert "\x00" not in query.tsquery()
    assert bool(query.tsquery()) == bool(query.wanted)


@given(ANYTHING)
def test_a_query_of_a_texts_own_words_marks_all_of_them(text: str) -> None:
    known = list(words.words(text))[: queries.TERMS_LIMIT]
    pieces = highlights.marked(text, [queries.Term((word.text,), exact=True) for word in known])
    assert "".join(piece.text for piece in pieces) == text
    assert all(not set(texts(piece.text)) & {word.text for word in known} for piece in pieces if not piece.hit)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("refund", "('refund':*)"),
        ("uk-1042", "('uk' <-> '1042')"),
        ("#1042 refund", "('1042') & ('refund':*)"),
        ('"my refund"', "('my' <-> 'refund')"),
        ("refund -urgent", "('refund':*) & !('urgent':*)"),
        ("from:maya subject:late", "('maya':*B) & ('late':*A)"),
        ('to:"maya lind"', "('maya':C <-> 'lind':C)"),
        ("http://a.example", "('http' <-> 'a' <-> 'example':*)"),
        ("-only", ""),
        ("a", ""),
        ("金", "('金')"),
        ('"unbalanced words', "('unbalanced' <-> 'words')"),
        ("& | ! ( ) <-> :* '", ""),
    ],
)
def test_a_query_is_read_as_people_mean_it(typed: str, asked: str) -> None:
    assert queries.parsed(typed).tsquery() == asked


def test_days_narrow_and_what_is_no_day_is_a_word() -> None:
    query = queries.parsed("refund after:2026-01-31 before:2026-03-01")
    assert (str(query.since), str(query.until)) == ("2026-02-01", "2026-03-01")
    assert queries.parsed("x before:9999-99-99").until is None


def test_an_excerpt_stands_around_the_first_hit() -> None:
    text = "word " * 100 + "refund please"
    pieces = highlights.excerpt(text, queries.parsed("refun").wanted)
    assert Piece("refund", True) in pieces
    assert pieces[0].text.startswith("… ")
    assert highlights.excerpt("nothing", queries.parsed("refund").wanted) == ()


def test_a_vector_holds_places_and_weights_and_no_phrase_over_two_texts() -> None:
    assert words.vector([("A", "one two"), ("D", "two")], mark="~7") == "'~7' 'one':1A 'two':2A,13"
    assert len(words.vector([("D", "x1 " * 50_000)])) < 5_000
