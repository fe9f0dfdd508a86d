"""`webhookSubscriptions` and its mutations, with the user errors that Shopify gives."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from graphql import GraphQLResolveInfo

from integrations.shopify.sandbox.asking import Asking
from integrations.shopify.sandbox.clock import format_time
from integrations.shopify.sandbox.paging import connection
from integrations.shopify.sandbox.stores import Row
from integrations.shopify.sandbox.subscriptions import Subscription, TakenError
from integrations.shopify.sandbox.topics import enum_form, header_form, is_protected, needed_scopes

Arguments = dict[str, Any]
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_INPUT = "webhookSubscription"


def row_of(subscription: Subscription) -> Row:
    """A subscription as the API shows it."""
    return {
        "id": subscription.gid,
        "legacyResourceId": str(subscription.number),
        "topic": enum_form(subscription.topic),
        "uri": subscription.uri,
        "callbackUrl": subscription.uri,
        "format": "JSON",
        "includeFields": list(subscription.include_fields),
        "metafieldNamespaces": list(subscription.metafield_namespaces),
        "filter": subscription.filter,
        "name": subscription.name,
        "createdAt": subscription.created_at,
        "updatedAt": subscription.updated_at,
    }


def _all(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row:
    """Those of this app that were made by the API; its configuration's are not shown to it."""
    asking: Asking = info.context
    rows = [row_of(found) for found in asking.subscriptions.of(asking.store.domain, asking.client_id)]
    topics, uri = arguments.get("topics"), arguments.get("uri") or arguments.get("callbackUrl")
    rows = [row for row in rows if (not topics or row["topic"] in topics) and (not uri or row["uri"] == uri)]
    return connection(rows[::-1] if arguments.get("reverse") else rows, arguments)


def _one(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row | None:
    found = _find(info, arguments["id"])
    return row_of(found) if found else None


def _create(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row:
    asking: Asking = info.context
    topic, given = header_form(arguments["topic"]), arguments[_INPUT]
    wrong = _topic_problem(topic, asking) or _uri_problem(given, needed=True)
    if wrong:
        return {_INPUT: None, "userErrors": [wrong]}
    now = format_time(asking.now)
    try:
        made = asking.subscriptions.add(
            shop=asking.store.domain,
            client_id=asking.client_id,
            topic=topic,
            created_at=now,
            updated_at=now,
            **_fields(given),
        )
    except TakenError:
        return {_INPUT: None, "userErrors": [_taken()]}
    return {_INPUT: row_of(made), "userErrors": []}


def _update(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row:
    asking: Asking = info.context
    found, given = _find(info, arguments["id"]), arguments[_INPUT]
    if found is None:
        return {_INPUT: None, "userErrors": [_error(["id"], "Webhook subscription does not exist")]}
    wrong = _uri_problem(given, needed=False)
    if wrong:
        return {_INPUT: None, "userErrors": [wrong]}
    try:
        changed = asking.subscriptions.change(found, updated_at=format_time(asking.now), **_fields(given))
    except TakenError:
        return {_INPUT: None, "userErrors": [_taken()]}
    return {_INPUT: row_of(changed), "userErrors": []}


def _delete(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row:
    found = _find(info, arguments["id"])
    if found is None:
        return {
            "deletedWebhookSubscriptionId": None,
            "userErrors": [_error(["id"], "Webhook subscription does not exist")],
        }
    info.context.subscriptions.remove(found)
    return {"deletedWebhookSubscriptionId": found.gid, "userErrors": []}


def _find(info: GraphQLResolveInfo, gid: str) -> Subscription | None:
    asking: Asking = info.context
    return asking.subscriptions.find(gid, asking.store.domain, asking.client_id)


def _fields(given: Arguments) -> Arguments:
    """What the input says; what it does not mention stays as it is."""
    fields: Arguments = {}
    uri = given.get("uri") or given.get("callbackUrl")
    if uri:
        fields["uri"] = uri
    for wire, name in (("includeFields", "include_fields"), ("metafieldNamespaces", "metafield_namespaces")):
        if given.get(wire) is not None:
            fields[name] = tuple(given[wire])
    for name in ("filter", "name"):
        if name in given:
            fields[name] = given[name]
    return fields


def _topic_problem(topic: str, asking: Asking) -> Row | None:
    needed = needed_scopes(topic)
    if needed and asking.scopes.isdisjoint(needed):
        return _error(["topic"], "You cannot create a webhook subscription with the specified topic")
    if is_protected(topic) and asking.approved == "none":
        return _error(
            ["topic"],
            "This app is not approved to subscribe to webhook topics containing protected customer data. "
            "See https://shopify.dev/docs/apps/launch/protected-customer-data for more details.",
        )
    return None


def _uri_problem(given: Arguments, *, needed: bool) -> Row | None:
    """Shopify wants https; plain http is let through on loopback, where the sandbox lives."""
    uri = given.get("uri") or given.get("callbackUrl")
    if not uri:
        return _error([_INPUT, "callbackUrl"], "Address can't be blank") if needed else None
    try:
        address = urlsplit(str(uri))
        host = address.hostname
    except ValueError:
        host = None
    if not host or address.scheme not in ("http", "https"):
        return _error([_INPUT, "callbackUrl"], "Address is invalid")
    if address.scheme == "http" and host not in _LOOPBACK:
        return _error([_INPUT, "callbackUrl"], "Address protocol http:// is not supported")
    if given.get("format") == "XML":
        return _error([_INPUT, "format"], "The sandbox delivers JSON only")
    return None


def _taken() -> Row:
    return _error([_INPUT, "callbackUrl"], "Address for this topic has already been taken")


def _error(path: Sequence[str], message: str) -> Row:
    return {"field": list(path), "message": message}


SUBSCRIPTION_FIELDS: dict[tuple[str, str], Callable[[Row, GraphQLResolveInfo, Arguments], Any]] = {
    ("QueryRoot", "webhookSubscription"): _one,
    ("QueryRoot", "webhookSubscriptions"): _all,
    ("Mutation", "webhookSubscriptionCreate"): _create,
    ("Mutation", "webhookSubscriptionUpdate"): _update,
    ("Mutation", "webhookSubscriptionDelete"): _delete,
}
