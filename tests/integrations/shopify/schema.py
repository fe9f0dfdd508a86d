"""Shopify's own schema, as the sandbox ships it."""

from functools import cache
from pathlib import Path

from graphql import GraphQLEnumType, GraphQLSchema, build_schema

from integrations.shopify import sandbox


@cache
def schema() -> GraphQLSchema:
    # Not validated itself: it is a subset, and the vendor's.
    return build_schema(Path(sandbox.__file__).with_name("admin_2026-10.graphql").read_text(), assume_valid=True)


def values_of(enum: str) -> list[str]:
    kind = schema().type_map[enum]
    if not isinstance(kind, GraphQLEnumType):
        raise TypeError(enum)
    return list(kind.values)
