"""Answer a customer's request for their data: a file of all that is held, for the owners to hand over in time.

Made in stretches as an export is (tenants/exporting.py). Kept until an owner says that it was handed over, or its time is
over; then it can be made again, as long as the request is open.
"""

import time
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from integrations.shopify import personal
from integrations.shopify.events import DataRequestContinues
from integrations.shopify.models import ComplianceRequest, DataRequestPart
from integrations.shopify.redacting import subject_of
from tenants import audit, mails, pieces
from tenants import personal as registry
from tenants.archive import Stretch
from tenants.models import Membership, Tenant
from tenants.outbox.events import publish
from tenants.pieces import Download
from tenants.rls.context import current_tenant_id, task_tenant_id, tenant_context
from tenants.roles import Role
from versana.moments import zone

STRETCH_SECONDS = 30.0
SHORTEST_KEPT = timedelta(days=7)  # a file that was made again on the last day is not gone the next hour

Kind, State = ComplianceRequest.Kind, ComplianceRequest.State


class NotThere(Exception):
    """No data request of this number, or none in the state for this."""


# --- Asked for by an owner ------------------------------------------------------------------------------------------
def fetch(*, number: int, by: Membership) -> Download:
    """The file. Raises NotThere unless it is ready."""
    request = _find(number, State.READY)
    if not request.file_until or request.file_until <= timezone.now():
        raise NotThere
    audit.record(audit.Action.DATA_REQUEST_FETCHED, by=by, target=f"request {number}", customer=request.customer_id)
    slug = Tenant.objects.values_list("slug", flat=True).get(pk=current_tenant_id())
    return Download(f"{slug}-request-{number}.zip", request.size, pieces.read(partial(_parts, request.pk)))


def finish(*, number: int, by: Membership) -> None:
    """The data were handed over: the file goes, and so does what the request said of the person."""
    request = _find(number, State.READY)
    _drop_file(request)
    ComplianceRequest.objects.filter(pk=request.pk).update(
        state=State.DONE, done_at=timezone.now(), **personal.blanked()
    )
    audit.record(audit.Action.DATA_REQUEST_DONE, by=by, target=f"request {number}", customer=request.customer_id)


def make_again(*, number: int) -> None:
    """The file's time was over before it was handed over."""
    request = _find(number, State.READY)
    _drop_file(request)
    ComplianceRequest.objects.filter(pk=request.pk).update(state=State.WAITING)
    publish(DataRequestContinues(request_id=request.pk))


def _find(number: int, state: ComplianceRequest.State) -> ComplianceRequest:
    rows = ComplianceRequest.objects.select_for_update().filter(number=number, kind=Kind.DATA_REQUEST, state=state)
    request: ComplianceRequest | None = rows.first()
    if request is None:
        raise NotThere
    return request


def _parts(request_id: int) -> QuerySet[DataRequestPart]:
    return DataRequestPart.objects.filter(request_id=request_id)


def _keep(request_id: int, position: int, content: bytes) -> None:
    DataRequestPart.objects.create(request_id=request_id, position=position, content=content)


def _drop_file(request: ComplianceRequest) -> None:
    _parts(request.pk).delete()
    ComplianceRequest.objects.filter(pk=request.pk).update(size=0, file_until=None)


# --- By the clock ---------------------------------------------------------------------------------------------------
def tidy() -> None:
    """Delete the files whose time is over. For one workspace."""
    for request in ComplianceRequest.objects.filter(state=State.READY, file_until__lte=timezone.now()):
        _drop_file(request)


def remind(*, request_id: int) -> None:
    """A week before the day, unless it is done."""
    request = ComplianceRequest.objects.select_related("store").filter(pk=request_id).first()
    if request is not None and request.state != State.DONE and request.store is not None:
        _tell_owners("data_request_near", request)


def _tell_owners(name: str, request: ComplianceRequest) -> None:
    tenant = Tenant.objects.get(pk=current_tenant_id())
    owners = Membership.objects.filter(role=Role.OWNER, removed_at=None).values_list("user__email", flat=True)
    mails.send(
        name, to=list(owners), path=f"/{tenant.slug}/settings/privacy/", number=request.number,
        store=request.store.shop_domain if request.store else "", due=f"{timezone.localtime(request.due_at, zone(tenant.time_zone)):%Y-%m-%d}",
    )  # fmt: skip


# --- Made -----------------------------------------------------------------------------------------------------------
def proceed(event: DataRequestContinues) -> None:
    """One stretch. For events' handlers; killed at any moment, the next delivery begins the stretch anew."""
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        request = _take_up(event)
        if request is None:
            return
        subject = registry.widened(subject_of(request))
        parts = registry.collect(subject)
    ends_at, at = time.monotonic() + STRETCH_SECONDS, event
    stretch = Stretch(size=event.size, position=event.position, keep=partial(_keep, event.request_id))
    while at.section < len(parts) and (at is event or time.monotonic() < ends_at):
        with tenant_context(tenant_id):
            step = parts[at.section][1].write(stretch.archive, after=at.after, piece=at.piece)
        at = replace(at, **step.onward(at.section, at.piece))
    with tenant_context(tenant_id):
        if not _still_waiting(event):
            return
        over = at.section >= len(parts)
        if over:
            counts = {name: count for name, section in parts if (count := section.count())}
            stretch.archive.writestr("README.txt", _readme(request, counts))
        position, size, entries = stretch.finish()
        at = replace(at, position=position, size=size, entries=at.entries + entries)
        if over:
            _complete(request, at, counts)
        else:
            ComplianceRequest.objects.filter(pk=request.pk).update(size=size)
            publish(at)


def _take_up(event: DataRequestContinues) -> ComplianceRequest | None:
    """None for a stretch that was done already. What a killed worker left behind the last stretch is thrown away."""
    rows = ComplianceRequest.objects.select_related("store").filter(pk=event.request_id, kind=Kind.DATA_REQUEST)
    request: ComplianceRequest | None = rows.filter(state=State.WAITING, size=event.size).first()
    if request is not None:
        pieces.begin_anew(_parts(request.pk), position=event.position)
    return request


def _still_waiting(event: DataRequestContinues) -> bool:
    """The customer may have been erased meanwhile: then nothing of this file may stay."""
    rows = ComplianceRequest.objects.select_for_update().filter(pk=event.request_id)
    if rows.filter(state=State.WAITING, size=event.size).exists():
        return True
    if not rows.exclude(state=State.DONE).exists():
        _parts(event.request_id).delete()
    return False


def _complete(request: ComplianceRequest, at: DataRequestContinues, counts: registry.Counts) -> None:
    size = pieces.end(_parts(request.pk), partial(_keep, request.pk), entries=at.entries, size=at.size)
    until = max(request.due_at, timezone.now() + SHORTEST_KEPT)
    ComplianceRequest.objects.filter(pk=request.pk).update(
        state=State.READY, size=size, file_until=until, counts=counts
    )
    _tell_owners("data_request_ready", request)


def _readme(request: ComplianceRequest, counts: registry.Counts) -> str:
    tenant = Tenant.objects.get(pk=current_tenant_id())
    with timezone.override(zone(tenant.time_zone)):
        return render_to_string("shopify/data_request_readme.txt", {"request": request, "counts": counts})
