"""What each store tells us: compared with the table of topics, and repaired. For tasks.

With SHOPIFY_WEBHOOKS=store we register in every store; with "app" the app's configuration at Shopify does
(app_configuration.py), and registrations of ours that are left from before are removed. A registration is ours when it
leads to our door, at this address or at one that the installation had before.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models.functions import Now
from django.urls import reverse

from integrations.errors import IntegrationError
from integrations.shopify import registrations, scopes, stores, topics
from integrations.shopify.asking import Priority, ask
from integrations.shopify.client import Connection
from integrations.shopify.models import Store
from integrations.shopify.registrations import Refused, Registration
from integrations.shopify.topics import Topic
from tenants.rls.context import task_tenant_id, tenant_context

log = logging.getLogger("versana.shopify")

Change = Callable[[Connection], None]


def door() -> str:
    """The address that Shopify calls."""
    return f"{settings.PUBLIC_URL}{reverse('shopify:webhooks')}"


def by_store() -> bool:
    """Whether we register in each store."""
    return bool(settings.SHOPIFY_WEBHOOKS == "store")


def check(*, store_id: int) -> None:
    """Create what is missing, mend what is wrong, remove what is left over; note how it went.

    What Shopify refuses for one topic does not keep the others back. A failure that passes is raised, and tried again.
    """
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        connected = Store.objects.filter(pk=store_id, state=Store.State.CONNECTED)
        store = connected.defer("access_token", "refresh_token").first()
    if store is None:
        return
    try:
        problem = _repaired(store)
    except IntegrationError as error:
        with tenant_context(tenant_id):
            stores.note_failure(store_id=store_id, generation=store.generation, error=error)
            _note(store, error.code)
        if error.permanent:
            return
        raise
    with tenant_context(tenant_id):
        _note(store, problem)


def changes(found: Sequence[Registration], wanted: Sequence[Topic], uri: str) -> Iterator[Change]:
    """What has to be done to a store that has `found`, so that it has what is wanted, once each."""
    ours = [one for one in found if _leads_to_our_door(one.uri, uri)]
    for topic in wanted:
        kept = _best([one for one in ours if one.topic == topic.constant], uri)
        if kept is None:
            yield partial(registrations.create, topic=topic.constant, uri=uri, fields=topic.fields)
            continue
        ours.remove(kept)
        if (kept.uri, kept.fields, kept.filter) != (uri, frozenset(topic.fields), ""):
            yield partial(registrations.update, id=kept.id, uri=uri, fields=topic.fields)
    # Last: where two share a topic and an address, the one that stays is in order by now.
    for left in ours:
        yield partial(registrations.delete, id=left.id)


def _repaired(store: Store) -> str:
    """The code of what Shopify refused; nothing when all is as it should be."""
    found = ask(store.pk, registrations.listed, priority=Priority.BACKGROUND)
    wanted = [one for one in topics.SUBSCRIBED if one.scope is None or scopes.covers(store.scopes, one.scope)]
    refused = ""
    for change in changes(found, wanted if by_store() else [], door()):
        try:
            ask(store.pk, change, priority=Priority.BACKGROUND, tries=1)  # the next check finds what a lost answer left
        except Refused as error:
            log.warning("store %s: %s", store.pk, error.code)
            refused = refused or error.code
    return refused


def _best(same: Sequence[Registration], uri: str) -> Registration | None:
    """The one that has the right address already; an update of another to that address would be refused."""
    return next((one for one in same if one.uri == uri), same[0] if same else None)


def _leads_to_our_door(uri: str, door: str) -> bool:
    try:
        return urlsplit(uri).path.rstrip("/") == urlsplit(door).path.rstrip("/")
    except ValueError:
        return False


def _note(store: Store, problem: str) -> None:
    Store.objects.filter(pk=store.pk, generation=store.generation).update(
        webhooks_checked_at=Now(), webhooks_problem=problem[:40]
    )
