"""A quick cast and a served sandbox for the tests of the inbox that need them."""

from tests.walking import cast, shopify

__all__ = ["cast", "shopify"]
