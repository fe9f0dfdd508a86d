"""However many look, Shopify is asked once for each store, and not again within a minute."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.conftest import DEE, HARBOR, PINE, PRIYA, Acme

pytestmark = pytest.mark.nightly  # in one process it stands in tests/integrations/shopify/test_upstream_calls.py
MANY = 50


def views(acme: Acme, path: str, many: int) -> list[dict[str, str]]:
    """So many at once, over both web processes, each polling until it has its answer."""
    signed_in = [acme.stack.browser(web=index) for index in range(len(acme.stack.web))]
    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(lambda n: acme.look(signed_in[n % len(signed_in)], path), range(many)))


def test_fifty_simultaneous_views_ask_each_store_once_and_again_within_a_minute_never(acme: Acme) -> None:
    path = acme.cold(PRIYA)
    first = views(acme, path, MANY)
    assert acme.asked() == [HARBOR, PINE]
    second = views(acme, path, MANY)
    assert acme.asked() == [HARBOR, PINE]
    assert first + second == [{HARBOR: "customer", PINE: "customer"}] * 2 * MANY


def test_that_nobody_knows_an_address_is_remembered_too(acme: Acme) -> None:
    path = acme.cold(DEE)
    browser = acme.stack.browser()
    assert acme.look(browser, path) == {HARBOR: "none", PINE: "none"}
    assert acme.asked() == [HARBOR, PINE]
    assert acme.look(browser, path) == {HARBOR: "none", PINE: "none"}
    assert acme.asked() == [HARBOR, PINE]


def test_after_a_minute_they_are_asked_again_once(acme: Acme) -> None:
    path = acme.cold(PRIYA)
    views(acme, path, 1)
    acme.stack.settle()
    acme.later(PRIYA, 61)
    views(acme, path, 10)
    acme.stack.settle()
    assert acme.asked() == [HARBOR, HARBOR, PINE, PINE]
