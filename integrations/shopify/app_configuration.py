"""The app's configuration at Shopify, `shopify.app.toml`, made from the code: scopes, topics, addresses, version. No secret.

Written by hand and not by a library: a few lines of strings and lists, in the order of Shopify's own examples
(shopify.dev, "App configuration", read 2026-11-26).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from django.conf import settings
from django.urls import reverse

from integrations.shopify import scopes, subscriptions, topics
from integrations.shopify.queries import API_VERSION
from integrations.shopify.topics import Topic


def toml(*, client_id: str, name: str, by_store: bool) -> str:
    """The file. `by_store`: we register the topics in each store; then it declares those alone that only it can."""
    return "\n".join([*_app(client_id, name), *_webhooks(by_store)]) + "\n"


def _app(client_id: str, name: str) -> Iterator[str]:
    yield "# Made by manage.py shopify_app_toml; change the code or the settings, not this file."
    yield f"client_id = {_text(client_id)}"
    yield f"name = {_text(name)}"
    yield f"application_url = {_text(settings.PUBLIC_URL + reverse('shopify:install'))}"
    yield "embedded = false"
    yield ""
    yield "[access_scopes]"
    yield f"scopes = {_text(','.join(scopes.requested(all_orders=settings.SHOPIFY_REQUEST_ALL_ORDERS)))}"
    yield ""
    yield "[auth]"
    yield f"redirect_urls = {_list([settings.PUBLIC_URL + reverse('shopify:callback')])}"
    yield ""


def _webhooks(by_store: bool) -> Iterator[str]:
    yield "[webhooks]"
    yield f"api_version = {_text(API_VERSION)}"
    # Topics with the same fields share a block: a block's fields count for all of its topics.
    for fields, same in groupby(() if by_store else topics.SUBSCRIBED, key=lambda topic: topic.fields):
        yield from _block("topics", same, fields)
    yield from _block("compliance_topics", topics.COMPLIANCE, ())


def _block(key: str, same: Iterable[Topic], fields: Sequence[str]) -> Iterator[str]:
    yield ""
    yield "[[webhooks.subscriptions]]"
    yield f"{key} = {_list([topic.name for topic in same])}"
    yield f"uri = {_text(subscriptions.door())}"
    if fields:
        yield f"include_fields = {_list(fields)}"


def _text(value: str) -> str:
    """A basic string of TOML; JSON's are among them, but for DEL, which no address has."""
    return json.dumps(value)


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"
