"""The app's configuration at Shopify: what is in the file, and that it is the code's."""

import tomllib
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.shopify import topics
from integrations.shopify.queries import API_VERSION


@pytest.fixture(autouse=True)
def installation(settings: object) -> None:
    settings.SHOPIFY_CLIENT_ID, settings.SHOPIFY_CLIENT_SECRET = "the-client", "the-client-secret"  # type: ignore[attr-defined]
    settings.PUBLIC_URL = "https://support.example.com"  # type: ignore[attr-defined]


def printed(**options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("shopify_app_toml", stdout=out, **options)
    assert "secret" not in out.getvalue()
    return tomllib.loads(out.getvalue())


def test_the_app_and_its_addresses() -> None:
    file = printed()
    assert (file["client_id"], file["name"], file["embedded"]) == ("the-client", "VersanaCX", False)
    assert file["application_url"] == "https://support.example.com/shopify/install/"
    assert file["auth"]["redirect_urls"] == ["https://support.example.com/shopify/callback/"]
    assert file["webhooks"]["api_version"] == API_VERSION


def test_it_asks_for_what_the_installation_asks_for(settings: object) -> None:
    assert printed()["access_scopes"]["scopes"] == "read_customers,read_orders"
    settings.SHOPIFY_REQUEST_ALL_ORDERS = True  # type: ignore[attr-defined]
    assert printed()["access_scopes"]["scopes"] == "read_customers,read_orders,read_all_orders"


def test_where_stores_are_registered_one_by_one_only_compliance_is_declared() -> None:
    (block,) = printed()["webhooks"]["subscriptions"]
    assert block == {
        "compliance_topics": ["customers/data_request", "customers/redact", "shop/redact"],
        "uri": "https://support.example.com/shopify/webhooks/",
    }


def test_where_the_app_is_told_every_topic_is_declared_with_its_fields(settings: object) -> None:
    settings.SHOPIFY_WEBHOOKS = "app"  # type: ignore[attr-defined]
    blocks = printed()["webhooks"]["subscriptions"]
    declared = {name: block.get("include_fields", []) for block in blocks for name in block.get("topics", [])}
    assert declared == {topic.name: list(topic.fields) for topic in topics.SUBSCRIBED}
    assert {block["uri"] for block in blocks} == {"https://support.example.com/shopify/webhooks/"}


def test_another_apps_id_and_name_are_taken_and_quoted() -> None:
    file = printed(client_id="other", name='Ava "A"\n\u2028[evil]')
    assert (file["client_id"], file["name"]) == ("other", 'Ava "A"\n\u2028[evil]')


def test_without_an_app_it_says_what_to_do(settings: object) -> None:
    settings.SHOPIFY_CLIENT_ID = ""  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="SHOPIFY_CLIENT_ID is not set"):
        printed()


def test_every_topic_with_an_updated_at_asks_for_it() -> None:
    """Two changes with the same body within a moment would be one to Shopify."""
    timeless = {topic.name for topic in topics.SUBSCRIBED if topic.fields and "updated_at" not in topic.fields}
    assert timeless == {"orders/delete", "customers/delete"}
