"""Our query texts against Shopify's schema, their cost, and the one search string we build."""

import re

import pytest
from graphql import parse, validate
from graphql.validation import NoDeprecatedCustomRule
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.shopify import costs, queries
from integrations.shopify.sandbox import search as sandbox_search
from tests.integrations.shopify.schema import schema

# Every text of the module by the name of its operation, so that a new one cannot be forgotten here.
TEXTS = {
    found[1]: text
    for name, text in vars(queries).items()
    if name.isupper() and isinstance(text, str) and (found := re.search(r"\b(?:query|mutation) (\w+)", text))
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_query_is_valid_and_uses_nothing_deprecated(name: str) -> None:
    document = parse(TEXTS[name])
    assert validate(schema(), document) == []
    assert validate(schema(), document, [NoDeprecatedCustomRule]) == []
    assert [node.name.value for node in document.definitions if node.kind == "operation_definition"] == [name]  # type: ignore[attr-defined]


def test_every_query_is_looked_at() -> None:
    asked = {"CustomerOrders", "CustomerById", "OrdersNamed", "OrderWhole", "CustomerByPhone", "People"}
    assert asked | {"OrderLines", "ConnectProbe", "AppUninstall"} <= set(TEXTS)


def test_no_query_costs_more_than_shopify_allows() -> None:
    assert max(costs.START.values()) < costs.MOST


def test_a_field_that_does_not_exist_would_be_noticed() -> None:
    assert validate(schema(), parse(queries.CONNECT_PROBE.replace("ianaTimezone", "timezone")))


@pytest.mark.parametrize(
    "word", ["statusPageUrl", "address1", "zip", "billingAddress", "clientIp", "payment", "transactions"]
)
def test_what_we_promise_never_to_read_is_in_no_query(word: str) -> None:
    assert not [name for name, text in TEXTS.items() if word in text]


@pytest.mark.parametrize(
    ("address", "search"),
    [
        ("ada@example.com", 'email:"ada@example.com"'),
        ("a.b+c-d_e@xn--bcher-kva.example", 'email:"a.b+c-d_e@xn--bcher-kva.example"'),
        ("", None),
        ("*", None),
        ("ada", None),
        ('a@b.c" OR tag:"vip', None),
        ("x@y.z OR email:*", None),
        ("a@b.c\\", None),
        ("a'b@example.com", None),
        ("a*@example.com", None),
        ("a(b)@example.com", None),
        ("a:b@example.com", None),
        ("ä@example.com", None),
        ("a@example.com\n", None),
        ("a@-", None),
        ("a" * 250 + "@example.com", None),
    ],
)
def test_only_plain_addresses_become_a_search(address: str, search: str | None) -> None:
    assert queries.email_search(address) == search


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_a_search_is_always_one_quoted_phrase(text: str) -> None:
    search = queries.email_search(text)
    if search is None:
        return
    read = sandbox_search.parse(search, {"email": lambda row, term: term.quoted and term.text == text})
    assert read.warnings == ()
    assert read.test({})


@pytest.mark.parametrize(
    ("names", "search"),
    [
        (["1042"], 'name:"1042"'),
        (["1042", "UK-1042-B", "1042"], 'name:"1042" OR name:"UK-1042-B"'),
        (["Ä1042/7"], 'name:"Ä1042/7"'),
        (["1042", "*"], 'name:"1042"'),
        (["*"], None),
        ([""], None),
        (["#1042"], None),
        (["order"], None),
        (["1042*"], None),
        (["10 42"], None),
        (['1042" OR email:"a@b.c'], None),
        (["1042 OR name:*"], None),
        (["1042\\"], None),
        (["10:42"], None),
        (["(1042)"], None),
        (["1042\n"], None),
        (["1" * 51], None),
    ],
)
def test_only_names_that_an_order_can_have_become_a_search(names: list[str], search: str | None) -> None:
    assert queries.order_search(names) == search


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=3))
def test_a_search_for_orders_is_made_of_quoted_phrases_alone(names: list[str]) -> None:
    search = queries.order_search(names)
    if search is None:
        return
    read = sandbox_search.parse(search, {"name": lambda row, term: not (term.quoted and term.text in names)})
    assert read.warnings == ()
    assert not read.test({})


@pytest.mark.parametrize(
    ("words", "search"),
    [
        ("Maya Lindqvist", '"Maya Lindqvist"'),
        ("  maya   o'brien-smith ", '"maya o\'brien-smith"'),
        ("Bücher, Jörg", '"Bücher, Jörg"'),
        ('maya" OR "', '"maya OR"'),
        ("email:*", '"email"'),
        ("(maya) \\ *", '"maya"'),
        ("م محمد", '"م محمد"'),
        ("*", None),
        ("1", None),
        ("m", None),
        ("", None),
    ],
)
def test_a_person_is_searched_for_by_letters_and_digits(words: str, search: str | None) -> None:
    assert queries.person_search(words) == search


@settings(deadline=None)
@given(st.text(max_size=100))
def test_a_search_for_people_is_always_one_quoted_phrase(words: str) -> None:
    search = queries.person_search(words)
    assert search is None or (search[0] == search[-1] == '"' and not set(search[1:-1]) & set('":\\*()'))
