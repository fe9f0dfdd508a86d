"""Questions of periodic work to one store: with an access that Shopify accepts now, renewed once when it is refused."""

from collections.abc import Callable
from typing import TypeVar

from integrations.errors import TokenRefused
from integrations.shopify import tokens
from integrations.shopify.client import Connection

T = TypeVar("T")


def ask(store_id: int, question: Callable[[Connection], T]) -> T:
    """What the store answers. Raises IntegrationError."""
    connection = tokens.connection(store_id)
    try:
        return question(connection)
    except TokenRefused:
        return question(tokens.connection(store_id, refused=connection.access_token))
