"""What we ask for, and whether we got it."""

import pytest

from integrations.shopify import scopes


def test_the_required_permissions_are_the_two_smallest() -> None:
    assert scopes.requested() == ("read_customers", "read_orders")
    assert scopes.requested(all_orders=True) == ("read_customers", "read_orders", "read_all_orders")


@pytest.mark.parametrize(
    ("granted", "lacking"),
    [
        ("read_customers,read_orders", []),
        (" read_orders , read_customers ", []),
        ("write_customers,write_orders", []),
        ("read_customers,write_orders,read_products", []),
        ("read_customers", ["read_orders"]),
        ("read_orders,read_all_orders", ["read_customers"]),
        ("", ["read_customers", "read_orders"]),
        ("unauthenticated_read_customers,unauthenticated_read_orders", ["read_customers", "read_orders"]),
        ("READ_CUSTOMERS,read_orders", ["read_customers"]),
        ("read_customers;read_orders", ["read_customers", "read_orders"]),
        ("customer_read_orders,odd thing,,read_customers,read_orders", []),
    ],
)
def test_missing_permissions_are_named(granted: str, lacking: list[str]) -> None:
    assert [scope.handle for scope in scopes.missing(scopes.normalise(granted))] == lacking
    assert [scope.handle for scope in scopes.missing(granted.split(","))] == lacking


def test_older_orders_are_an_extra() -> None:
    assert not scopes.covers(["read_orders"], scopes.READ_ALL_ORDERS)
    assert scopes.covers(["read_orders", "read_all_orders"], scopes.READ_ALL_ORDERS)


def test_every_permission_says_what_is_read_and_why() -> None:
    for scope in scopes.TABLE:
        assert scope.name
        assert scope.reads.endswith(".")
        assert scope.why.endswith(".")
        assert scope.handle.startswith("read_"), "nothing is ever written"
    assert len(scopes.NEVER) >= 3
