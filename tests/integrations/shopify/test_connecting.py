"""From the button to a connected store, and every way in which that fails, over HTTP against the sandbox."""

import logging
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from integrations import http
from integrations.shopify import attempts, oauth, stores
from integrations.shopify.failures import EXPLANATIONS
from integrations.shopify.models import ConnectionAttempt, Store
from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.sandbox.signing import sign, signed_query
from tenants.crypto.secret import Secret
from tenants.models import AuditEvent, Membership, Tenant
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, SHOP
from tests.integrations.shopify.sandbox.asking import callback_of, request, token_request
from tests.walking import (
    CLIENT_SECRET,
    CONNECT,
    answer,
    assert_unseen,
    connect,
    everything_stored,
    failed,
    secrets_of,
    signed_in,
    soup_of,
    start,
    text_of,
    work,
)

pytestmark = pytest.mark.django_db


def stores_of(tenant: Tenant) -> list[Store]:
    with tenant_context(tenant.pk):
        return list(Store.objects.select_related("connected_by__user").order_by("number"))


def test_an_owner_connects_a_store(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    response = connect(client, shopify)
    assert response.status_code == 302
    assert response["Location"] == f"/acme/settings/general/?connected={SHOP}"
    (store,) = stores_of(cast.acme)
    assert (store.state, store.shop_domain, store.number, store.generation) == ("connected", SHOP, 1, 1)
    assert store.connected_by.user.name == "Olivia"
    assert store.scopes == ["read_customers", "read_orders"]
