"""Each answer of Shopify's, met while connecting, renewing, reading and probing: what becomes of the store, what is said, what is kept.

The sandbox gives the answer for as long as the step lasts. The end of the run prints the table, a line for each pair: the state,
how often Shopify was asked, what was stored, and what is said: of a read beside the conversation, of a connection on its failure
page, else on the store's card (which speaks of what passes after five minutes).
Expected states are written down here once more, from Shopify's descriptions and not from our table.
"""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from integrations import errors, http
from integrations.shopify import answers, asking, budget, failures, oauth, probing, tasks
from integrations.shopify.models import ConnectionAttempt, OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.sandbox.faults import FAULTS
from tenants.outbox.models import Event
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA, SHOP
from tests.integrations.shopify.reading import change, connected, current, kinds, read
from tests.telling import Tell
from tests.walking import answer, signed_in, soup_of, start, work

pytestmark = [pytest.mark.django_db, pytest.mark.nightly]

# Short waits: the table is about what follows from them.
QUICK = http.Timeouts(connect=1.0, read=0.3, total=1.2)
OPTIONS: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 0.1}, "timeout": {"seconds": 1.5}, "huge": {"bytes": 9_000_000},
    "429": {"retry_after": "30.5"}, "503": {"retry_after": "60"}, "throttled": {"available": 270},
}  # fmt: skip
_serial = itertools.count(1)
# More than these would be a loop: three tries and a renewal, in two forms of the question.
MOST_CALLS = 8

SILENT = dict.fromkeys(("500", "502", "503", "504", "520", "530", "540"), "failing: vendor_failed")
BROKEN = {
    "timeout": "failing: timed_out",
    "drop": "failing: unreachable",
    "lost_answer": "failing: unreachable",
    "redirect": "failing: redirect_refused",
    "wrong_content_type": "failing: unexpected_content_type",
    "not_json": "failing: unreadable_answer",
    "empty": "failing: unreadable_answer",
    "truncated": "failing: unreadable_answer",
    "huge": "failing: answer_too_large",
    "not_utf8": "failing: unreadable_answer",
}
ALIKE = SILENT | BROKEN | {
    "402": "needs attention: store_frozen",
    "403": "needs attention: forbidden",
    "404": "needs attention: store_gone",
    "423": "needs attention: store_locked",
    "429": "failing: rate_limited",
    "430": "failing: security_rejected",
    "400": "failing: unexpected_status",
    "401": "needs attention: access_revoked",
    "slow": "connected",
}  # fmt: skip
READ = ALIKE | {
    "throttled": "failing: rate_limited",
    "internal_error": "failing: vendor_failed",
    "max_cost": "failing: cost_exceeded",
    "too_many_errors": "failing: answer_truncated",
    "access_denied_scope": "connected, hidden: scope",
    "access_denied_protected": "connected, hidden: protected_data",
    "search_warning": "connected",
    "search_silent": "connected",
    "other_customer": "connected",
    "other_order": "connected",
    "unknown_enums": "connected",
    "nulls": "failing: malformed_answer",
    "wrong_email": "connected",
}
REFRESH = ALIKE | {
    "invalid_grant": "needs attention: access_revoked",
    "inactive_refresh_token": "needs attention: access_revoked",
    "fewer_scopes": "needs attention: scopes_missing",
}
# A connection that fails stores nothing, whatever the reason; its page says why.
CONNECT = {name: state.rpartition(" ")[2] for name, state in ALIKE.items()} | {
    "400": "grant_refused", "401": "grant_refused", "402": "account_frozen", "403": "access_forbidden", "404": "account_not_found",
    "423": "account_locked", "slow": "connected", "invalid_grant": "grant_refused", "inactive_refresh_token": "grant_refused",
    "fewer_scopes": "scopes_missing",
}  # fmt: skip
# A probe asks for the store's permissions too, and by an address that nobody has: nothing in that answer can be hidden.
PROBE = READ | {"access_denied_scope": "needs attention: scopes_missing", "access_denied_protected": "connected"}


@dataclass
class Scene:
    cast: Cast
    shopify: RunningSandbox
    tell: Tell
    ava: Client
    olivia: Client
    settings: Any

    def fault(self, name: str, kind: str) -> None:
        self.forget_the_last()
        self.shopify.clear_calls()
        self.shopify.fault(name, kind=kind, **OPTIONS.get(name, {}))

    def forget_the_last(self) -> None:
        """Half a minute passes: no breaker stands open, and no points are used up."""
        self.settings.REDIS_KEY_PREFIX = f"table-{next(_serial)}:"

    def line(self, name: str, step: str, state: str, stored: str, sentence: str) -> None:
        for _ in range(30 if name == "timeout" else 0):  # the sandbox notes a call when it has done with it
            if not self.shopify.calls:
                time.sleep(0.1)
        calls = self.shopify.calls
        assert len(calls) <= MOST_CALLS, (name, step, calls)
        asked = " ".join(f"{kind}" for kind in kinds(self.shopify)) or "nothing"
        self.tell(f"{name:24}{step:9}{state:36}{len(calls)} calls ({asked})  stored: {stored}  says: {sentence}")


@pytest.fixture
def scene(cast: Cast, shopify: RunningSandbox, tell: Tell, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Scene:
    monkeypatch.setitem(http.post.__kwdefaults__, "timeouts", QUICK)
    monkeypatch.setattr(http, "API", QUICK)
    monkeypatch.setattr(oauth, "EXCHANGE_TIMEOUTS", QUICK)
    monkeypatch.setattr(asking, "_BACK_OFF", lambda state: 0.0)
    monkeypatch.setattr(
        budget, "_RATE", 100_000
    )  # of a bucket that has not answered: three tries would take six seconds
    with tenant_context(cast.acme.pk):
        factories.conversation()
    return Scene(cast, shopify, tell, signed_in(cast.ava), signed_in(cast.olivia), settings)


def fresh(scene: Scene) -> None:
    """A connected store, and one answer known."""
    connected(scene.cast, scene.shopify)
    read(scene.cast)
    assert state(scene.cast) == "connected"


def state(cast: Cast) -> str:
    store = current(cast)
    hidden = f", hidden: {' '.join(store.hidden)}" if store.hidden else ""
    if store.failing_since:
        return f"failing: {store.failure}"
    return f"needs attention: {store.problem}" if store.problem else f"{store.state}{hidden}"


def stored(cast: Cast) -> str:
    """The orders of the one address that was asked for, and the access."""
    with tenant_context(cast.acme.pk):
        row = OrderContext.objects.get(key=MAYA)
        store = Store.objects.get()
    assert row.leased_until is None
    assert store.refresh_leased_until is None
    orders = [order["name"] for order in (row.head or {"orders": []})["orders"]]
    assert store.access_token is not None
    assert store.refresh_token is not None
    return f"{' '.join(orders) or 'no orders'}, both tokens"


def beside(scene: Scene) -> str:
    """What an agent reads beside the conversation. The page is there, whatever happened."""
    page = scene.ava.get("/acme/inbox/1/")
    assert page.status_code == 200
    banners = soup_of(page).select(".banner")
    return " | ".join(" ".join(banner.get_text(" ").split()) for banner in banners) or "(nothing)"


def on_card(scene: Scene) -> str:
    """What the store's card tells an owner."""
    with tenant_context(scene.cast.acme.pk):
        store = Store.objects.annotate(clock=Now()).get()
        return " | ".join(str(meaning.title) for meaning in answers.concerns(store)) or "(nothing)"


def healed(scene: Scene, name: str) -> None:
    """Shopify answers as ever: the store is back by itself, or by its owner where only the owner can."""
    scene.shopify.clear_faults()
    scene.forget_the_last()
    scene.shopify.clear_calls()
    if current(scene.cast).problem == Store.Problem.ACCESS_REVOKED:
        with tenant_context(scene.cast.acme.pk):
            factories.connected_store(scene.shopify, by=scene.cast.olivia)
        work()
    elif current(scene.cast).problem:
        change(scene.cast, problem_since=Now() - probing.HOURLY)
        tasks.probe_everywhere()
        work()
    read(scene.cast)
    assert state(scene.cast) == "connected", name
    assert "#1042" in stored(scene.cast), name


def nothing_broke() -> None:
    """Whatever a handler raised is one of our errors about the outside: no mistake of ours was among them."""
    names = {kind.__name__ for kind in kinds_of_errors()}
    assert set(Event.objects.exclude(last_error="").values_list("last_error", flat=True)) <= names
    Event.objects.filter(done_at=None).delete()


def kinds_of_errors() -> set[type[errors.IntegrationError]]:
    found, waiting = set(), [errors.IntegrationError]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting += kind.__subclasses__()
    return found


# --- The steps ------------------------------------------------------------------------------------------------------
def reading(scene: Scene, name: str) -> str:
    scene.fault(name, "graphql")
    read(scene.cast)
    return state(scene.cast)


def refreshing(scene: Scene, name: str) -> str:
    change(scene.cast, access_expires_at=Now())
    scene.fault(name, "refresh")
    read(scene.cast)
    return state(scene.cast)


def probed(scene: Scene, name: str) -> str:
    """Of a store that had not been answering."""
    change(scene.cast, failing_since=Now() - probing.HOURLY, failure="timed_out")
    scene.fault(name, "graphql")
    with expected_tenant(scene.cast.acme.pk):
        probing.probe(store_id=current(scene.cast).pk)
    return state(scene.cast)


STEPS: dict[str, tuple[Callable[[Scene, str], str], dict[str, str]]] = {
    "refresh": (refreshing, REFRESH),
    "read": (reading, READ),
    "probe": (probed, PROBE),
}


def wrong(scene: Scene, step: str, names: list[str]) -> list[tuple[str, str, str]]:
    """Play a step with each of these answers; those that did not end as expected."""
    play, expected = STEPS[step]
    found = []
    fresh(scene)
    for name in names:
        got = play(scene, name)
        scene.line(name, step, got, stored(scene.cast), beside(scene) if step == "read" else on_card(scene))
        if got != expected[name]:
            found.append((name, expected[name], got))
        healed(scene, name)
        nothing_broke()
    return found


def test_the_table_names_every_answer_that_the_sandbox_can_give() -> None:
    assert READ.keys() | REFRESH.keys() == FAULTS.keys()
    assert CONNECT.keys() == REFRESH.keys()


@pytest.mark.parametrize("step", STEPS)
def test_every_answer_leaves_a_store_that_can_be_explained_and_comes_back(scene: Scene, step: str) -> None:
    assert wrong(scene, step, list(STEPS[step][1])) == []


def test_every_answer_to_a_connection_has_its_page_and_stores_nothing_by_halves(scene: Scene) -> None:
    found = []
    for name, expected in CONNECT.items():
        scene.shopify.clear_faults()
        back = answer(scene.shopify, start(scene.olivia))
        scene.fault(name, "token")
        response = scene.olivia.get(back)
        assert response.status_code == 302, name
        assert scene.olivia.get(response["Location"]).status_code == 200, name
        attempt = ConnectionAttempt.objects.latest("pk")
        with tenant_context(scene.cast.acme.pk):
            kept = list(Store.objects.values_list("state", flat=True))
        says = failures.explain(attempt.outcome).title if not kept else "(nothing)"
        scene.line(name, "connect", attempt.outcome, " ".join(kept) or "nothing", says)
        if attempt.outcome != expected or bool(kept) != (expected == "connected"):
            found.append((name, expected, attempt.outcome))
        scene.shopify.clear_faults()
        scene.forget_the_last()
        again = scene.olivia.get(answer(scene.shopify, start(scene.olivia)))
        assert again["Location"].startswith("/acme/settings/"), name
        with tenant_context(scene.cast.acme.pk):
            assert Store.objects.get().shop_domain == SHOP
            Store.objects.all().delete()
        Event.objects.filter(done_at=None).delete()
    assert found == []
