"""Erase a customer, a contact, a store: requests of compliance.py, carried out in stretches.

A stretch sweeps for half a minute, in steps of a transaction each, and publishes the next one. What was swept stays so:
killed at any moment, the work goes on. The last step takes the workspace's lock, for which mail that comes in waits too,
erases what names the person, blanks the request, and writes the record.
"""

import time
from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from integrations.shopify import personal, stores
from integrations.shopify.events import ErasureContinues, ErasureSettles
from integrations.shopify.models import LIVE, ComplianceRequest, Farewell, OrderContext, Store
from tenants import audit, members
from tenants import personal as registry
from tenants.outbox.events import publish
from tenants.personal import Subject
from tenants.rls.context import task_tenant_id, tenant_context

STRETCH_SECONDS = 30.0  # well below a task's time limit
SETTLED_AFTER = timedelta(minutes=2)  # longer than a request or a task can last

Kind, State = ComplianceRequest.Kind, ComplianceRequest.State
ERASURES = (Kind.CUSTOMER_REDACT, Kind.CONTACT_ERASE)


def subject_of(request: ComplianceRequest) -> Subject:
    """Whom a request is about, as far as the request says it."""
    person = Subject(emails=frozenset(filter(None, [request.email])), phones=frozenset(filter(None, [request.phone])))
    store = request.store_id
    if store is None:
        return person
    return person | Subject(
        customers=frozenset((store, digits) for digits in filter(None, [request.customer_id])),
        orders=frozenset((store, str(digits)) for digits in request.order_ids),
    )


# --- A person -------------------------------------------------------------------------------------------------------
def proceed(event: ErasureContinues) -> None:
    """One stretch. For events' handlers."""
    tenant_id = task_tenant_id()
    ends_at, at, sweeps = time.monotonic() + STRETCH_SECONDS, event, registry.sweeps()
    while at.sweep < len(sweeps) and (at is event or time.monotonic() < ends_at):
        with tenant_context(tenant_id):
            request = _open(event.request_id)
            if request is None:
                return
            swept = sweeps[at.sweep](registry.widened(subject_of(request)), at.after)
            _count(request, swept.counts)
            at = replace(at, after=swept.after) if swept.more else replace(at, sweep=at.sweep + 1, after=0)
    with tenant_context(tenant_id):
        if at.sweep < len(sweeps):
            publish(at)
        else:
            _complete(event.request_id)


def _open(request_id: int) -> ComplianceRequest | None:
    """The request, locked: of two workers with the same stretch one comes after the other."""
    rows = ComplianceRequest.objects.select_for_update().filter(pk=request_id, kind__in=ERASURES)
    request: ComplianceRequest | None = rows.exclude(state=State.DONE).first()
    return request


def _count(request: ComplianceRequest, counts: registry.Counts) -> None:
    request.counts = {kind: n for kind, n in registry.added(request.counts, counts).items() if n}
    request.save(update_fields=["counts"])


def _complete(request_id: int) -> None:
    members.lock()
    request = _open(request_id)
    if request is None:
        return
    subject = registry.widened(subject_of(request))
    found = bool(request.counts) or subject != subject_of(request)
    _count(request, registry.forget(subject, touched=found))
    _record(request)
    _done(request)
    publish(ErasureSettles(request_id=request.pk), at=timezone.now() + SETTLED_AFTER)


def _record(request: ComplianceRequest) -> None:
    """Shopify's numbers and ours, and how much there was; nothing that names a person."""
    if request.store_id is None:
        audit.record(
            audit.Action.CONTACT_ERASED, by=None, target=f"request {request.number}", erased=dict(request.counts)
        )
        return
    domain = Store.objects.values_list("shop_domain", flat=True).get(pk=request.store_id)
    audit.record(
        audit.Action.CUSTOMER_REDACTED, by=None, target=domain, request=request.number, customer=request.customer_id,
        orders=len(request.order_ids), erased=dict(request.counts),
    )  # fmt: skip


def _done(request: ComplianceRequest) -> None:
    ComplianceRequest.objects.filter(pk=request.pk).update(
        state=State.DONE, done_at=timezone.now(), **personal.blanked()
    )


def settle(*, request_id: int) -> None:
    """A while after an erasure: what a page put back that had read the address just before. In the workspace's context."""
    request = ComplianceRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is not None:
        _count(request, registry.settle())


# --- A store --------------------------------------------------------------------------------------------------------
def redact_store(*, request_id: int) -> None:
    """Everything of a store that is not connected any more but its domain. A store that is connected again is left alone.

    In the workspace's context. The store's lock keeps a connection that is being made apart from this. An installation that
    waits is newer than what is to be forgotten, perhaps another workspace's, and gone within a quarter of an hour.
    """
    request = ComplianceRequest.objects.select_for_update().filter(pk=request_id, kind=Kind.SHOP_REDACT).first()
    if request is None or request.state == State.DONE or request.store_id is None:
        return
    store = stores.lock(request.store_id)
    if store.state in LIVE:
        request.counts = {"connected again": 1}
        request.save(update_fields=["counts"])
        _done(request)
        return
    contexts, _ = OrderContext.objects.filter(store=store).delete()
    farewells, _ = Farewell.objects.filter(shop_domain=store.shop_domain).delete()
    Store.objects.filter(pk=store.pk).update(
        shop_gid="", shop_name="", currency="", time_zone="UTC", scopes=[], hidden=[], check_results=[]
    )
    _count(request, {"stored orders": contexts, "farewells": farewells, "stores": 1})
    audit.record(
        audit.Action.STORE_REDACTED, by=None, target=store.shop_domain, request=request.number, erased=request.counts
    )
    _done(request)
