"""Every customer of a file with hundreds of them, looked up in both shops: what is painted is what stands in the file."""

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.compare_sections import judge, summary
from tests.acceptance.conftest import HARBOR, PINE
from tests.acceptance.letters import mailbox, senders
from tests.acceptance.painted import observe_all
from tests.acceptance.stack import installation
from tests.telling import Tell

RETAIL = Path(__file__).parent / "retail" / "stores.json.xz"
pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return dict(json.loads(lzma.decompress(RETAIL.read_bytes())))


@pytest.fixture(scope="module", params=[[HARBOR], [PINE]], ids=["harbor shares all", "pine shares all"])
def looked_up(
    request: pytest.FixtureRequest, data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[list[dict[str, Any]], list[str]]]:
    """What stands beside every letter; one shop shares all its orders, the other the last 60 days."""
    place = tmp_path_factory.mktemp("retail")
    (place / "stores.json").write_text(json.dumps(data))
    (place / "letters.mbox").write_text(mailbox(data))
    with installation(
        stores=place / "stores.json", mailboxes=[place / "letters.mbox"], all_orders=request.param
    ) as stack:
        stack.connect(HARBOR, PINE)
        yield observe_all([stack.browser() for _ in range(4)], "acme"), request.param


def test_every_customer_of_the_file_is_painted_as_the_file_has_them(
    looked_up: tuple[list[dict[str, Any]], list[str]], data: dict[str, Any], tell: Tell
) -> None:
    observed, all_orders = looked_up
    counts, mismatches = judge(observed, data, domains=[HARBOR, PINE], all_orders=all_orders)
    tell(f"retail, {all_orders[0]} shares all: {summary(counts, mismatches)}")
    assert mismatches == []
    assert counts["foreign orders"] == 0
    assert counts["contacts"] == len(list(senders(data)))
    assert counts["customers"] == sum(len(customer["shops"]) for customer in data["customers"])
    assert counts["orders"] >= 200
