"""What stands beside a mail is what stands in the shop, and the script that says so would notice if it were not."""

import copy
from typing import Any

import pytest

from tests.acceptance.compare_sections import DAMAGES, corrupted, judge, summary
from tests.acceptance.conftest import HARBOR, PINE, Acme
from tests.telling import Tell

pytestmark = pytest.mark.nightly

Observed = list[dict[str, Any]]


def test_every_section_equals_the_raw_file(acme: Acme, observed: Observed, tell: Tell) -> None:
    counts, mismatches = judge(observed, acme.data, domains=[HARBOR, PINE], all_orders=acme.all_orders)
    tell(f"sections of the demo's mailbox: {summary(counts, mismatches)}")
    assert mismatches == []
    assert counts["foreign orders"] == 0
    assert counts["customers"] >= 18
    assert counts["orders"] >= 40
    assert counts["items"] >= 70
    assert counts["tracking"] >= 25


@pytest.mark.parametrize("field", sorted(DAMAGES))
def test_one_corrupted_order_is_noticed(field: str, acme: Acme, observed: Observed) -> None:
    addresses = {seen["address"].casefold() for seen in observed}
    damaged, name = corrupted(acme.data, field, addresses=addresses, domains=[HARBOR, PINE])
    _, mismatches = judge(observed, damaged, domains=[HARBOR, PINE], all_orders=acme.all_orders)
    assert mismatches, f"the {field} of {name}"


def test_an_order_that_the_file_does_not_have_is_noticed(acme: Acme, observed: Observed) -> None:
    without = {**acme.data, "orders": acme.data["orders"][1:]}
    _, mismatches = judge(observed, without, domains=[HARBOR, PINE], all_orders=acme.all_orders)
    assert any(acme.data["orders"][0]["name"] in line for line in mismatches)


def test_an_order_beside_somebody_else_is_noticed_as_foreign(acme: Acme, observed: Observed) -> None:
    mixed_up = copy.deepcopy(observed)
    giver = next(seen for seen in mixed_up if seen["stores"][HARBOR]["orders"])
    taker = next(seen for seen in mixed_up if seen["address"] != giver["address"])
    taker["stores"][HARBOR]["orders"].append(giver["stores"][HARBOR]["orders"][0])
    counts, _ = judge(mixed_up, acme.data, domains=[HARBOR, PINE], all_orders=acme.all_orders)
    assert counts["foreign orders"] == 1


def test_a_covered_order_that_says_too_much_or_was_never_named_is_noticed(acme: Acme, observed: Observed) -> None:
    order = next(o for o in acme.data["orders"] if o["suggestedShop"] == HARBOR)
    covered = {"name": order["name"], "html": f'<div class="masked"><b>{order["name"]}</b> November</div>'}
    told = {**covered, "html": covered["html"] + order["lineItems"][0]["title"]}

    def foreign(one: dict[str, str], messages: str) -> int:
        changed = copy.deepcopy(observed[:1])
        changed[0]["messages"] = messages
        changed[0]["stores"][HARBOR]["covered"] = [one]
        counts, _ = judge(changed, acme.data, domains=[HARBOR, PINE], all_orders=acme.all_orders)
        return counts["foreign orders"]

    assert foreign(covered, f"Where is {order['name']}?") == 0
    assert foreign(told, f"Where is {order['name']}?") == 1
    assert foreign(covered, "Where is my order?") == 1
