"""No wrong customer: people with every kind of address, asked for in a store full of people with addresses like theirs, which
answers rightly, wrongly, or in pieces. What a page would show is compared with a table that shares no code with the product."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integrations.errors import IntegrationError
from integrations.shopify import lookups, parsing, questions, sidebar, stored
from integrations.shopify.client import Connection
from integrations.shopify.interface import Link, Person
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.order_context import Answers, _whose
from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.sections import Section
from tests.factories import SHOP, order
from tests.integrations.shopify.persons import ADDRESSES, VIEWER, customer, put
from tests.telling import Tell

NOW = datetime.now(UTC)
# Whose each address is, however it is spelled; of the last ones nobody is a customer.
SPELLINGS = {
    "anna@example.com": 1, "ANNA@Example.COM": 1, " anna@example.com": 1,
    "anna+shop@example.com": 2, "Anna+Shop@example.com": 2,
    "joanna@example.com": 3, "anna@example.com.au": 4, "anna.shop@example.com": 5,
    "o'brien@example.com": 6, "O'Brien@EXAMPLE.com": 6,
    'say"hi"@example.com': 7, "a*b@example.com": 8, "or@example.com": 9, "OR@example.com": 9,
    "info@bücher.example": 10, "info@xn--bcher-kva.example": 10, "info@bucher.example": 11,
    "visitor@example.com": 21, "Visitor+1@example.com": 22,
    "*@example.com": 0, "nobody@example.com": 0, "example.com": 0, "anna@example.com OR *": 0, "": 0, "email:*@example.com": 0,
}  # fmt: skip
OWN = {
    1: "Anna@Example.com", 2: "anna+shop@example.com", 3: "joanna@example.com", 4: "anna@example.com.au", 5: "anna.shop@example.com",
    6: "o'brien@example.com", 7: 'say"hi"@example.com', 8: "a*b@example.com", 9: "or@example.com", 10: "info@xn--bcher-kva.example",
    11: "info@bucher.example", 12: None,
}  # fmt: skip
NAMES = ("Anna Smith", "Anna Smith Shop", "Jo Anna", "Or Else", "Brien O’Brien")
PHONES = {"+436601234567": 1, "+436601234568": 2, "+4366012345": 0}
ORDERS = ("1001", "#1002", "1003", "21", "UK-1001", "1", "100", "*", "1001 OR *")
LIES = ("search_warning", "search_silent", "other_customer", "wrong_email", "nulls", "too_many_errors", "truncated",
        "access_denied_protected", "access_denied_scope", "unknown_enums", "empty")  # fmt: skip


@dataclass
class Shop:
    """What is in it, by the last digits of Shopify's numbers: each order's customer and, of its own, whose address."""

    owners: dict[str, tuple[int, int]]
    connection: Connection
    running: RunningSandbox
    store: Store


@pytest.fixture
def shop(shopify: RunningSandbox) -> Shop:
    people = [
        customer(
            number, email, NAMES[number % len(NAMES)], phone=next((p for p, of in PHONES.items() if of == number), None)
        )
        for number, email in OWN.items()
    ]
    orders, owners = [], {}
    for at, number in enumerate([*OWN, *OWN, 21, 22, 21]):
        guest = {21: "visitor@example.com", 22: "visitor+1@example.com"}.get(number)
        of = None if guest else f"gid://shopify/Customer/{number}"
        row = order(f"#{1001 + at}", days=1 + at / 10, customer=of, email=guest or OWN[number])
        orders.append(row)
        owners[row["id"].rpartition("/")[2]] = (0 if guest else number, number)
    put(shopify, *people, orders=tuple(orders))
    token = parsing.token_grant(shopify.grant(SHOP)).access_token
    store = Store(
        pk=1, tenant_id=1, number=1, shop_domain=SHOP, state="connected", scopes=["read_customers", "read_orders"]
    )
    return Shop(owners, Connection(SHOP, token), shopify, store)


persons = st.builds(
    Person,
    emails=st.lists(st.sampled_from(sorted(SPELLINGS)), max_size=3).map(tuple),
    phones=st.lists(st.sampled_from(sorted(PHONES)), max_size=1).map(tuple),
    orders=st.lists(st.sampled_from(ORDERS), max_size=2).map(tuple),
    links=st.sampled_from([{}, {}, {}, {1: Link("3", "Ava", NOW)}, {1: Link("999", "Ava", NOW)}]),
)
lies = st.sampled_from([None, *LIES])


def answered(shop: Shop, person: Person) -> Answers:
    """Everything that may be asked, asked, kept as it would be."""
    asked, rows = questions.asked(person, shop.store), {}
    for question in asked:
        row = OrderContext(tenant_id=1, kind=question.kind, key=question.key)
        try:
            answer = questions.put(question, shop.store)(shop.connection)
        except IntegrationError as error:
            row.failing_since, row.failure = NOW, error.code
        else:
            row.head, row.rest = stored.split(answer, whole=question.kind == questions.Kind.ORDER)
            row.fetched_at, row.found, row.customer_id = NOW, answer.found, _whose(answer)
        rows[question] = row
    return Answers(asked, rows)


def wrong(shop: Shop, person: Person, shown: Section) -> list[object]:
    """Everything on the section that is not this person's."""
    link = person.links.get(1)
    mine = {SPELLINGS[email] for email in person.emails} - {0}
    at_home = {int(link.customer_id)} if link else mine
    found: list[object] = []
    if shown.profile and int(shown.profile.admin_url.rpartition("/")[2]) not in at_home:
        found.append(shown.profile)
    found += [card for card in shown.orders if not set(shop.owners[card.legacy_id]) & at_home]
    for named in shown.named:
        digits = named.card.legacy_id if named.card else ""
        if named.state != "unconfirmed" and not set(shop.owners[digits]) & (mine | at_home):
            found.append(named)
        if named.state == "unconfirmed" and named.card is not None:
            found.append(named)
    callers = {PHONES[phone] for phone in person.phones} - {0}
    found += [one for one in shown.candidates if int(one.customer_id) not in mine | callers]
    return found


def compare(shop: Shop, cases: int, tell: Tell) -> None:
    counted = {"cases": 0, "shown": 0, "lies": 0}

    @settings(
        max_examples=cases, database=None, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )  # fmt: skip
    @given(
        persons,
        lies,
        st.integers(0, 1000),
        st.sampled_from([*sorted(SPELLINGS), *PHONES, *ORDERS, *NAMES, "ann", "or", "* OR *"]),
    )
    def one(person: Person, lie: str | None, seed: int, words: str) -> None:
        shop.running.clear_faults()
        shop.running.sandbox.bucket(SHOP).refund(2_000)  # budgets have tests of their own
        if lie:
            options: dict[str, Any] = {"seed": seed} if lie == "nulls" else {}
            shop.running.fault(lie, kind="graphql", **options)
        shown = sidebar.build(answered(shop, person), person, addresses=ADDRESSES, viewer=VIEWER)
        assert wrong(shop, person, shown) == []
        if lie is None and not person.links and len({SPELLINGS[email] for email in person.emails} & set(OWN)) > 1:
            assert shown.kind == "candidates", "nobody is chosen among several"
        assert strangers(shop, words) == []
        counted["cases"] += 1
        counted["lies"] += lie is not None
        counted["shown"] += shown.profile is not None or bool(shown.orders or shown.named)

    one()
    assert counted["shown"] > cases / 10
    tell(
        f"{counted['cases']:,} people asked for, {counted['lies']:,} answered wrongly, {counted['shown']:,} found, 0 wrong customers shown"
    )


def strangers(shop: Shop, words: str) -> list[object]:
    """Whom a member's search finds, and who carries nothing of what was typed."""
    question = questions.by_words(words)
    if question is None:
        return []
    try:
        found = questions.put(question, shop.store)(shop.connection).people
    except IntegrationError:
        return []
    typed = words.strip().lstrip("#")
    named = {str(number) for digits, (number, _) in shop.owners.items() if shop_name(shop, digits) == typed}
    said = [part for part in typed.lower().split() if any(map(str.isalnum, part))]
    right = {
        "email": {str(SPELLINGS.get(words, 0))},
        "phone": {str(PHONES.get(words, 0))},
        "order": named,
        "name": {str(n) for n in OWN if all(part in NAMES[n % len(NAMES)].lower() for part in said)},
    }
    return [one for one in found if one.customer.legacy_id not in right[one.by]]


def shop_name(shop: Shop, digits: str) -> str:
    return str(1001 + list(shop.owners).index(digits))


def test_nobody_sees_a_wrong_customer(shop: Shop, tell: Tell) -> None:
    compare(shop, 500, tell)


@pytest.mark.nightly
def test_nobody_sees_a_wrong_customer_in_ten_thousand_cases(shop: Shop, tell: Tell) -> None:
    compare(shop, 10_000, tell)


def test_the_comparison_notices_a_wrong_customer(shop: Shop) -> None:
    right = Person(emails=("anna@example.com",))
    shown = sidebar.build(answered(shop, right), right, addresses=ADDRESSES, viewer=VIEWER)
    assert shown.profile
    assert wrong(shop, Person(emails=("joanna@example.com",)), shown)
    assert lookups.people(shop.connection, words="anna@example.com").people
