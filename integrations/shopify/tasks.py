"""Handlers of this package's events, and its periodic work. Each binds a workspace and calls one domain function.

One that asks Shopify several times does all of it within the time that one question may take: a task has a limit.
"""

from datetime import datetime

from celery import shared_task

from integrations import deadline
from integrations.shopify import (
    asking,
    attempts,
    checking,
    compliance,
    data_requests,
    installing,
    order_context,
    probing,
    problems,
    reconciliation,
    redacting,
    stores,
    subscriptions,
    tokens,
    uninstalling,
    upkeep,
    webhooks,
)
from integrations.shopify.asking import Priority
from integrations.shopify.events import (
    DataRequestContinues,
    DataRequestNear,
    ErasureContinues,
    ErasureSettles,
    OrderContextDue,
    OrderContextWanted,
    OrderDeleted,
    ReconciliationDue,
    StoreAccessAged,
    StoreChanged,
    StoreCheckWanted,
    StoreConnected,
    StoreDisconnected,
    StoreErasureAsked,
    StoreNeedsAttention,
    StoreProbeWanted,
    UninstallReported,
    WebhooksCheckDue,
)
from integrations.shopify.models import Store
from tenants import doors
from tenants.events import WorkspaceClosed
from tenants.models import Membership
from tenants.outbox.events import publish
from tenants.rls.context import task_tenant_id, tenant_context


def refresh_order_context(event: OrderContextWanted) -> None:
    order_context.refresh(context_id=event.context_id)


def refresh_due_order_context(event: OrderContextDue) -> None:
    order_context.refresh(context_id=event.context_id, priority=Priority.BACKGROUND)


def describe_store(event: StoreConnected | StoreChanged) -> None:
    with deadline.within(asking.LONGEST):
        if isinstance(event, StoreChanged):
            probing.probe(store_id=event.store_id)  # That a bill was settled is told as a change of the store.
        stores.describe(store_id=event.store_id)


def check_store(event: StoreCheckWanted) -> None:
    with deadline.within(asking.LONGEST):
        checking.run(store_id=event.store_id)


def tell_owners(event: StoreNeedsAttention) -> None:
    with tenant_context(task_tenant_id()):
        problems.tell_owners(store_id=event.store_id)


def probe_store(event: StoreProbeWanted) -> None:
    probing.probe(store_id=event.store_id)


def exchange_access(event: StoreConnected) -> None:
    """A store may have been connected with an access that never expires."""
    upkeep.renew(store_id=event.store_id)


def renew_access(event: StoreAccessAged) -> None:
    upkeep.renew(store_id=event.store_id)


def uninstall_at_shopify(event: StoreDisconnected) -> None:
    stores.say_farewell(farewell_id=event.farewell_id)


def check_webhooks(event: StoreConnected | WebhooksCheckDue) -> None:
    with deadline.within(asking.LONGEST):
        subscriptions.check(store_id=event.store_id)


def reconcile(event: ReconciliationDue) -> None:
    with deadline.within(asking.LONGEST):
        reconciliation.reconcile(store_id=event.store_id)


def drop_deleted_order(event: OrderDeleted) -> None:
    with tenant_context(task_tenant_id()):
        store = Store.objects.filter(pk=event.store_id).first()
        if store is not None:
            order_context.drop(store=store, order_id=str(event.order_id))


def confirm_uninstall(event: UninstallReported) -> None:
    uninstalling.uninstall_reported(store_id=event.store_id, generation=event.generation)


def erase_store(event: StoreErasureAsked) -> None:
    with tenant_context(task_tenant_id()):
        redacting.redact_store(request_id=event.request_id)


def continue_data_request(event: DataRequestContinues) -> None:
    data_requests.proceed(event)


def remind_of_data_request(event: DataRequestNear) -> None:
    with tenant_context(task_tenant_id()):
        data_requests.remind(request_id=event.request_id)


def continue_erasure(event: ErasureContinues) -> None:
    redacting.proceed(event)


def settle_erasure(event: ErasureSettles) -> None:
    with tenant_context(task_tenant_id()):
        redacting.settle(request_id=event.request_id)


def disconnect_stores(event: WorkspaceClosed) -> None:
    """Of a workspace that was closed; not what was connected after it was opened again."""
    with tenant_context(task_tenant_id()):
        by = Membership.objects.select_related("user").get(pk=event.by_id)
        stores.disconnect_all(connected_before=datetime.fromisoformat(event.closed_at), by=by)


@shared_task(name="integrations.shopify.tasks.forget_everywhere")
def forget_everywhere() -> None:
    """Delete stored orders that nobody looked at for 30 days, farewells older than one, files of data requests whose time is
    over, old attempts and receipts."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            order_context.forget()
            stores.forget_farewells()
            data_requests.tidy()
            compliance.resume()
    attempts.forget()
    webhooks.forget()


@shared_task(name="integrations.shopify.tasks.forget_installations")
def forget_installations() -> None:
    """Delete the access of installations that nobody claimed within a quarter of an hour."""
    installing.forget()


@shared_task(name="integrations.shopify.tasks.reopen_everywhere")
def reopen_everywhere() -> None:
    """Try again what a missing sealing key closed: after the key is back, stores work again by themselves."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            tokens.reopen()


@shared_task(name="integrations.shopify.tasks.probe_everywhere")
def probe_everywhere() -> None:
    """Ask for a look at the stores that could not be read and for which it is time again."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            probing.want()


@shared_task(name="integrations.shopify.tasks.renew_everywhere")
def renew_everywhere() -> None:
    """Ask for the renewal of accesses that have not been renewed for a fortnight, spread over the time until the next look."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            upkeep.want()


@shared_task(name="integrations.shopify.tasks.check_webhooks_everywhere")
def check_webhooks_everywhere() -> None:
    """Of each connected store, once a day."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            for store_id in _connected():
                publish(WebhooksCheckDue(store_id=store_id))


@shared_task(name="integrations.shopify.tasks.reconcile_everywhere")
def reconcile_everywhere() -> None:
    """Each connected store that has stored rows; the others have nothing to be wrong."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            for store_id in _connected():
                publish(ReconciliationDue(store_id=store_id))


def _connected() -> list[int]:
    return list(Store.objects.filter(state=Store.State.CONNECTED).order_by("pk").values_list("pk", flat=True))
