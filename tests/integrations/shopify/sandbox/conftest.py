"""A sandbox of the small store, served on a free port for one test."""

from collections.abc import Iterator

import pytest

from integrations.shopify.sandbox import RunningSandbox, serve
from tests.integrations.shopify.sandbox.asking import CLIENT_ID, CLIENT_SECRET
from tests.integrations.shopify.sandbox.small_store import small_store


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    with serve(small_store(), client_id=CLIENT_ID, client_secret=CLIENT_SECRET) as served:
        yield served
