"""A store that cannot be read: the owners are told once, it comes back by itself where it can, and what passes stops nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models.functions import Now

from integrations import errors
from integrations.shopify import answers, probing, problems, stores, tasks
from integrations.shopify.models import Store
from integrations.shopify.sandbox import RunningSandbox
from tenants import provisioning
from tenants.rls.context import expected_tenant, tenant_context
from tenants.roles import Role
from tests import factories
from tests.conftest import Cast
from tests.factories import SHOP
from tests.integrations.hostile_server import HostileServer, answer, hostile_server
from tests.integrations.shopify.reading import back, change, connected, current, kinds, read
from tests.walking import assert_unseen, pending, secrets_of, work

pytestmark = pytest.mark.django_db
FROZEN = answer(b'{"errors": "Unavailable Shop"}', status="402 Payment Required")


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    mail.outbox.clear()
    return connected(cast, shopify)


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[HostileServer]:
    """Another server in Shopify's place, for as long as the test says."""
    with hostile_server() as server:
        server.pieces = [FROZEN]
        yield server


def broken(cast: Cast, settings: Any, server: HostileServer) -> None:
    """One read, answered by the other server."""
    sandbox, settings.SHOPIFY_SANDBOX_URL = settings.SHOPIFY_SANDBOX_URL, server.url
    read(cast)
    settings.SHOPIFY_SANDBOX_URL = sandbox


# --- Told once ------------------------------------------------------------------------------------------------------
def test_a_dead_access_is_told_to_every_owner_once(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        second = provisioning.add_member(
            user=factories._person("Otto", "acme.example"), role=Role.OWNER, by=cast.olivia
        )
    mail.outbox.clear()
    shopify.revoke(SHOP)
    read(cast)
    work()
    assert (current(cast).state, current(cast).problem) == ("needs_attention", "access_revoked")
    assert sorted(message.to[0] for message in mail.outbox) == ["olivia@acme.example", second.user.email]
    for _ in range(3):
        read(cast)
        work()
    assert len(mail.outbox) == 2
    assert current(cast).told_at is not None


def test_the_mail_says_which_store_what_happened_and_what_to_do_and_holds_no_token(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    shopify.revoke(SHOP)
    read(cast)
    work()
    (message,) = mail.outbox
    meaning = answers.of_problem("access_revoked")
    assert message.subject == "The store Harbor Goods needs your attention"
    for words in (SHOP, "Acme Goods", str(meaning.title), str(meaning.fix), "http://testserver/acme/settings/general/"):
        assert words in message.body
    assert_unseen(secrets_of(shopify), message.message().as_string())


@pytest.mark.parametrize("problem", [problem for problem in Store.Problem if problem != Store.Problem.PROTECTED_DATA])
def test_every_problem_is_told_the_same_way(cast: Cast, store: Store, problem: Store.Problem) -> None:
    with tenant_context(cast.acme.pk):
        assert problems.mark(store_id=store.pk, problem=problem)
        assert not problems.mark(store_id=store.pk, problem=problem)
    work()
    (message,) = mail.outbox
    assert str(answers.of_problem(problem).fix) in message.body


def test_what_was_mended_before_the_mail_was_written_is_not_told(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        problems.mark(store_id=store.pk, problem=Store.Problem.STORE_FROZEN)
        problems.over(store_id=store.pk, generation=store.generation, problems=answers.PROBED)
    work()
    assert mail.outbox == []


def test_what_was_mended_and_breaks_anew_is_told_anew(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    for _ in range(2):
        shopify.revoke(SHOP)
        read(cast)
        work()
        with tenant_context(cast.acme.pk):
            factories.connected_store(shopify, by=cast.olivia)
        work()
        assert (current(cast).state, current(cast).told_at, current(cast).problem) == ("connected", None, "")
    assert len(mail.outbox) == 2


def test_an_event_that_is_delivered_twice_writes_one_mail(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        problems.mark(store_id=store.pk, problem=Store.Problem.STORE_LOCKED)
        assert [problems.tell_owners(store_id=store.pk) for _ in range(3)] == [1, 0, 0]
    work()
    assert len(mail.outbox) == 1


def test_a_problem_that_waits_for_an_owner_is_not_replaced_by_another(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        assert problems.mark(store_id=store.pk, problem=Store.Problem.STORE_FROZEN)
        assert problems.mark(store_id=store.pk, problem=Store.Problem.ACCESS_REVOKED)
        for problem in (Store.Problem.STORE_LOCKED, Store.Problem.KEY_MISSING):
            assert not problems.mark(store_id=store.pk, problem=problem)
    assert current(cast).problem == "access_revoked"


def test_a_failure_of_an_earlier_connection_says_nothing_about_this_one(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        for error in (errors.AccountFrozen(), errors.Unreachable()):
            stores.note_failure(store_id=store.pk, generation=store.generation - 1, error=error)
    assert (current(cast).state, current(cast).failing_since, pending("StoreNeedsAttention")) == ("connected", None, 0)


# --- Back by itself -------------------------------------------------------------------------------------------------
def probe(cast: Cast) -> None:
    tasks.probe_everywhere()
    work()


def test_a_frozen_store_comes_back_by_itself(
    cast: Cast, store: Store, shopify: RunningSandbox, settings: Any, elsewhere: HostileServer
) -> None:
    broken(cast, settings, elsewhere)
    assert current(cast).problem == "store_frozen"
    work()
    probe(cast)
    assert current(cast).problem == "store_frozen", "not looked at before an hour has passed"
    assert kinds(shopify) == []
    back(cast, "problem_since", hours=1)
    probe(cast)
    after = current(cast)
    assert (after.state, after.problem, after.problem_since, after.told_at) == ("connected", "", None, None)
    assert kinds(shopify) == ["ConnectProbe", "CustomerOrders"]
    shopify.clear_calls()
    read(cast)
    assert kinds(shopify) == ["CustomerOrders"]
    assert len(mail.outbox) == 1


def test_a_store_that_stays_frozen_is_asked_hourly_and_after_a_day_once_a_day(
    cast: Cast, store: Store, settings: Any, elsewhere: HostileServer
) -> None:
    broken(cast, settings, elsewhere)
    settings.SHOPIFY_SANDBOX_URL = elsewhere.url
    elsewhere.requests.clear()
    for _ in range(30):  # hours
        back(cast, "problem_since", "probed_at", hours=1)
        probe(cast)
        probe(cast)
    first_day = len(elsewhere.requests)
    for _ in range(72):
        back(cast, "problem_since", "probed_at", hours=1)
        probe(cast)
    assert first_day in (23, 24)
    assert len(elsewhere.requests) - first_day in (3, 4)
    work()
    assert len(mail.outbox) == 1


def test_a_revoked_access_waits_for_the_owner(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    shopify.revoke(SHOP)
    read(cast)
    shopify.clear_calls()
    back(cast, "problem_since", days=3)
    probe(cast)
    assert (current(cast).problem, kinds(shopify)) == ("access_revoked", [])


def test_a_probe_that_finds_another_cause_says_so(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        problems.mark(store_id=store.pk, problem=Store.Problem.STORE_LOCKED)
    work()
    back(cast, "problem_since", hours=1)
    shopify.revoke(SHOP)
    probe(cast)
    work()
    assert current(cast).problem == "access_revoked"
    assert len(mail.outbox) == 2


def test_a_store_without_its_permissions_is_no_better_for_answering(cast: Cast, shopify: RunningSandbox) -> None:
    connected(cast, shopify, scopes=["read_customers"])
    assert current(cast).problem == "scopes_missing"
    back(cast, "problem_since", hours=1)
    probe(cast)
    assert (current(cast).state, current(cast).problem) == ("needs_attention", "scopes_missing")


def test_permissions_that_are_back_connect_the_store_again(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        problems.mark(store_id=store.pk, problem=Store.Problem.SCOPES_MISSING)
    stores_describe(cast, store)
    assert (current(cast).state, current(cast).problem) == ("connected", "")


def stores_describe(cast: Cast, store: Store) -> None:
    with expected_tenant(cast.acme.pk):
        stores.describe(store_id=store.pk)


# --- What passes ----------------------------------------------------------------------------------------------------
def test_what_passes_stops_no_reading_and_is_over_with_the_next_answer(
    cast: Cast, store: Store, settings: Any, elsewhere: HostileServer
) -> None:
    elsewhere.pieces = [answer(b"<html>", status="503 Unavailable", content_type="text/html")]
    broken(cast, settings, elsewhere)
    failing = current(cast)
    assert (failing.state, failing.problem, failing.failure) == ("connected", "", "vendor_failed")
    broken(cast, settings, elsewhere)
    assert current(cast).failing_since == failing.failing_since
    settings.REDIS_KEY_PREFIX = "later:"  # five failures have opened the breaker, and its half minute is over
    read(cast)
    assert (current(cast).failing_since, current(cast).failure) == (None, "")
    work()
    assert mail.outbox == []


def test_the_card_speaks_of_a_failure_after_five_minutes(cast: Cast, store: Store) -> None:
    change(cast, failing_since=Now(), failure="rate_limited")
    assert said(cast) == []
    back(cast, "failing_since", minutes=5, seconds=1)
    assert said(cast) == ["Shopify has limited our requests"]
    change(cast, hidden=["scope", "protected_data"])
    assert said(cast) == [
        "Shopify has limited our requests",
        "Some details are hidden",
        "Customer data is not approved",
    ]
    change(cast, state="needs_attention", problem="store_frozen", problem_since=Now())
    assert said(cast) == ["The store is frozen because a bill is unpaid"]


def said(cast: Cast) -> list[str]:
    with tenant_context(cast.acme.pk):
        store = Store.objects.annotate(clock=Now()).get()
        return [str(meaning.title) for meaning in answers.concerns(store)]


def test_a_failure_that_nobody_looks_at_again_ends_by_itself(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    change(cast, failing_since=Now() - timedelta(minutes=6), failure="timed_out")
    probe(cast)
    assert (current(cast).failing_since, current(cast).state) == (None, "connected")
    assert kinds(shopify) == ["ConnectProbe", "CustomerOrders"]
    probe(cast)
    assert len(kinds(shopify)) == 2


def test_two_tasks_at_once_want_each_store_once(cast: Cast, store: Store) -> None:
    change(cast, failing_since=Now() - timedelta(minutes=6), failure="timed_out")
    with tenant_context(cast.acme.pk):
        assert [probing.want(), probing.want()] == [1, 0]


# --- The table ------------------------------------------------------------------------------------------------------
def every_code() -> set[str]:
    found: set[str] = set()
    waiting = [errors.IntegrationError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found.add(kind.code)
    return found - {"integration_error"}


def test_every_error_that_there_is_has_its_line() -> None:
    assert every_code() - answers.ANSWERS.keys() == set()


def test_every_line_says_what_to_do_and_names_no_code() -> None:
    for code, meaning in answers.ANSWERS.items():
        for text in (meaning.title, meaning.fix, meaning.agents):
            assert len(str(text)) > 10, code
            assert "_" not in str(text), code
        assert (meaning.problem is not None) >= (meaning.kind is answers.Kind.PROBLEM), code


def test_every_problem_has_its_line_and_a_way_to_end() -> None:
    assert {answers.of_problem(problem).problem for problem in Store.Problem} == set(Store.Problem)


def test_a_code_that_stands_in_no_table_is_ours() -> None:
    assert answers.of("something_new").kind is answers.Kind.OURS
