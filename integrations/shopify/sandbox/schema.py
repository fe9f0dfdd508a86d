"""Shopify's schema of version 2026-10, in the subset that this product's queries touch."""

import functools
from pathlib import Path

from graphql import GraphQLSchema, build_schema

API_VERSION = "2026-10"
_FILE = Path(__file__).with_name(f"admin_{API_VERSION}.graphql")


@functools.cache
def admin_schema() -> GraphQLSchema:
    return build_schema(_FILE.read_text(encoding="utf-8"))
