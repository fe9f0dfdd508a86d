"""Connected stores, what we last knew of a contact in each, attempts to connect."""

from integrations.shopify.models.attempts import ConnectionAttempt
from integrations.shopify.models.contexts import OrderContext
from integrations.shopify.models.stores import Farewell, Store

__all__ = ["ConnectionAttempt", "Farewell", "OrderContext", "Store"]
