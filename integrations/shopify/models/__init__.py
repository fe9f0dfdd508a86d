"""Connected stores and their apps, what we last knew of a contact in each, attempts to connect, what Shopify sends."""

from integrations.shopify.models.apps import ShopifyApp
from integrations.shopify.models.attempts import ConnectionAttempt, PendingInstallation
from integrations.shopify.models.compliance import ComplianceRequest, DataRequestPart
from integrations.shopify.models.contexts import OrderContext
from integrations.shopify.models.stores import LIVE, Farewell, Store
from integrations.shopify.models.webhooks import WebhookReceipt

__all__ = [
    "LIVE",
    "ComplianceRequest",
    "ConnectionAttempt",
    "DataRequestPart",
    "Farewell",
    "OrderContext",
    "PendingInstallation",
    "ShopifyApp",
    "Store",
    "WebhookReceipt",
]
