"""A sealing key that was dropped too early: stores need attention, pages answer, nothing asks in a loop; the key comes back."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from integrations.shopify import tasks, tokens
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.crypto import rotation
from tenants.crypto.secret import Secret
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA
from tests.integrations.shopify import looking
from tests.walking import signed_in, text_of, work

pytestmark = pytest.mark.django_db
PAGES = (
    "/",
    "/acme/",
    "/acme/inbox/",
    "/acme/inbox/1/",
    "/acme/inbox/1/stores/1/",
    "/acme/settings/general/",
    "/acme/settings/shopify/",
    "/acme/settings/shopify/permissions/",
    "/acme/settings/shopify/1/disconnect/",
)


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    with tenant_context(cast.acme.pk):
        store = factories.connected_store(shopify, by=cast.olivia)
        factories.conversation()
    work()
    return store


def current(cast: Cast) -> Store:
    with tenant_context(cast.acme.pk):
        return Store.objects.get()


def look(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        looking.look(stores=list(Store.objects.all()), email_norm=MAYA, force=True)
    work()


@pytest.fixture
def lost(cast: Cast, store: Store, shopify: RunningSandbox, settings: Settings) -> dict[int, bytes]:
    """The ring before; now the key that sealed is gone."""
    before = settings.SEALING_KEYS
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = {2: os.urandom(32)}, 2
    shopify.clear_calls()
    look(cast)
    return before


def test_a_key_dropped_too_early_marks_the_store_and_no_page_fails(cast: Cast, lost: dict[int, bytes]) -> None:
    assert (current(cast).state, current(cast).problem) == ("needs_attention", "key_missing")
    for person in (cast.olivia, cast.adam, cast.ava):
        for path in PAGES:
            assert signed_in(person).get(path).status_code in (200, 302, 403, 404), path
    assert "key that sealed the access is missing" in text_of(signed_in(cast.olivia).get("/acme/settings/shopify/"))


def test_nothing_is_asked_and_nothing_is_tried_in_a_loop(
    cast: Cast, shopify: RunningSandbox, lost: dict[int, bytes]
) -> None:
    before = Event.objects.count()
    for _ in range(20):
        look(cast)
        tasks.reopen_everywhere()
    assert shopify.calls == []
    assert Event.objects.count() == before
    assert current(cast).problem == "key_missing"


def test_the_envelope_is_kept_as_it_is_and_never_replaced_by_plain_text(cast: Cast, lost: dict[int, bytes]) -> None:
    tasks.reopen_everywhere()
    sealed = bytes(current(cast).__dict__["access_token"])
    assert sealed[:5] == b"\x01\x00\x00\x00\x01"
    assert rotation.tallies()["shopify_store"][1] == 2


def test_with_the_key_back_the_store_works_again_by_itself(
    cast: Cast, shopify: RunningSandbox, lost: dict[int, bytes], settings: Settings
) -> None:
    settings.SEALING_KEYS = {**settings.SEALING_KEYS, **lost}
    tasks.reopen_everywhere()
    after = current(cast)
    assert (after.state, after.problem, after.problem_since) == ("connected", "", None)
    with tenant_context(cast.acme.pk):  # the pause after a failure is over
        OrderContext.objects.update(failed_at=timezone.now() - timedelta(minutes=1))
    look(cast)
    assert [call["operation"] for call in shopify.calls] == ["CustomerOrders"]


def test_another_key_under_the_lost_number_opens_nothing(
    cast: Cast, lost: dict[int, bytes], settings: Settings
) -> None:
    settings.SEALING_KEYS = {**settings.SEALING_KEYS, 1: os.urandom(32)}
    tasks.reopen_everywhere()
    assert current(cast).problem == "key_missing"


def test_a_store_of_which_one_token_opens_stays_closed(cast: Cast, lost: dict[int, bytes], settings: Settings) -> None:
    with tenant_context(cast.acme.pk):
        half = Store.objects.get()
        half.access_token = Secret("sealed with the new key")
        half.save(update_fields=["access_token"])
        assert tokens.reopen() == 0


def test_other_troubles_are_not_mended_by_a_key(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.update(state=Store.State.NEEDS_ATTENTION, problem=Store.Problem.ACCESS_REVOKED)
        assert tokens.reopen() == 0
