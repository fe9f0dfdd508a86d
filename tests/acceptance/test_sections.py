"""What stands beside a mail is what stands in the shop, and the script that says so would notice if it were not."""

from typing import Any

import pytest

from tests.acceptance.compare_sections import DAMAGES, corrupted, judge
from tests.acceptance.conftest import HARBOR, PINE, Acme

Observed = list[dict[str, Any]]


def test_every_section_equals_the_raw_file(acme: Acme, observed: Observed) -> None:
    counts, mismatches = judge(observed, acme.data, domains=[HARBOR, PINE], all_orders=acme.all_orders)
    assert mismatches == []
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


def test_a_foreign_order_beside_a_contact_is_noticed(acme: Acme, observed: Observed) -> None:
    without = {**acme.data, "orders": acme.data["orders"][1:]}
    _, mismatches = judge(observed, without, domains=[HARBOR, PINE], all_orders=acme.all_orders)
    assert any(acme.data["orders"][0]["name"] in line for line in mismatches)
