"""Export a workspace: ask for it, make it in stretches with progress, fetch it, delete it when it expires.

A worker writes for half a minute, notes in one transaction how far the file has come, and publishes the next stretch
(`ExportContinues`): killed at any moment, the work goes on from there. A stretch is made of steps, a transaction each.
"""

import logging
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from tenants import audit, members, pieces, switches
from tenants.archive import Stretch
from tenants.contents import readme, sections
from tenants.events import ExportContinues
from tenants.models import Export, ExportPart, Membership
from tenants.numbering import next_number
from tenants.outbox.events import publish
from tenants.outbox.models import Event
from tenants.pieces import Download
from tenants.rls.context import task_tenant_id, tenant_context
from tenants.roles import Permission

log = logging.getLogger("versana.exports")

STRETCH_SECONDS = 30.0  # well below a task's time limit
ORPHANED_AFTER = timedelta(minutes=10)
UNDER_WAY = (Export.State.WAITING, Export.State.RUNNING)
# Of finished ones: each is a copy of the whole workspace, kept for days in the same database.
MOST_KEPT = 3


class AlreadyUnderWay(Exception):
    """One export at a time."""


class TooManyKept(Exception):
    """As many finished ones as may be; one of them must be deleted first."""


class Paused(Exception):
    """Whoever runs the installation has switched exports off."""


class NotThere(Exception):
    """No export of this number, or none that can be fetched or deleted now."""


# --- Asked for ------------------------------------------------------------------------------------------------------
def request(*, by: Membership) -> Export:
    """Begin an export. Raises AlreadyUnderWay, TooManyKept or Paused. One that failed makes room for it."""
    if not switches.is_on(switches.Switch.EXPORTS):
        raise Paused
    actor = members.authorise(by=by, permission=Permission.EXPORT_DATA)  # two who press at once come one by one
    if Export.objects.filter(state__in=UNDER_WAY).exists():
        raise AlreadyUnderWay
    if is_full():
        raise TooManyKept
    Export.objects.filter(state=Export.State.FAILED).delete()
    export = Export.objects.create(number=next_number("export"), requested_by=actor)
    audit.record(audit.Action.EXPORT_REQUESTED, by=actor, target=f"export {export.number}")
    publish(ExportContinues(export_id=export.pk))
    return export


def is_full() -> bool:
    """Whether as many finished exports are kept as may be. Nothing is deleted for a new one: somebody may be fetching it."""
    return Export.objects.filter(state=Export.State.READY).count() >= MOST_KEPT


def delete(*, number: int, by: Membership) -> None:
    """Raises NotThere, also for one that is being made."""
    export = Export.objects.filter(number=number).exclude(state__in=UNDER_WAY).first()
    if export is None:
        raise NotThere
    _delete(export, by=by)


def tidy() -> None:
    """Delete what has expired, and say of an export that no worker goes on with that it failed. For one workspace."""
    now = timezone.now()
    for export in Export.objects.filter(expires_at__lte=now):
        _delete(export, by=None)
    for export in Export.objects.filter(state__in=UNDER_WAY, created_at__lt=now - ORPHANED_AFTER):
        alive = Event.objects.filter(
            payload__export_id=export.pk, tenant_id=export.tenant_id, done_at=None, dead_at=None
        )
        if not alive.exists():
            _fail(export.pk)


def withdraw() -> int:
    """Somebody was erased whom an export may hold: delete all that are finished, and end one that is being made.

    In the caller's transaction. How many there were."""
    exports = list(Export.objects.exclude(state=Export.State.FAILED))
    for export in exports:
        if export.state in UNDER_WAY:
            _fail(export.pk)
        else:
            _delete(export, by=None)
    return len(exports)


def _delete(export: Export, *, by: Membership | None) -> None:
    ExportPart.objects.filter(export=export).delete()
    export.delete()
    audit.record(audit.Action.EXPORT_DELETED, by=by, target=f"export {export.number}")


# --- Fetched --------------------------------------------------------------------------------------------------------
def fetch(*, number: int, by: Membership) -> Download:
    """Raises NotThere unless the export is ready and has not expired."""
    ready = Export.objects.filter(number=number, state=Export.State.READY, expires_at__gt=timezone.now())
    export = ready.first()
    if export is None:
        raise NotThere
    audit.record(audit.Action.EXPORT_FETCHED, by=by, target=f"export {export.number}")
    name = f"{by.tenant.slug}-{export.created_at:%Y-%m-%d}.zip"
    return Download(name, export.size, pieces.read(partial(_parts, export.pk)))


def _parts(export_id: int) -> QuerySet[ExportPart]:
    return ExportPart.objects.filter(export_id=export_id)


def _keep(export_id: int, position: int, content: bytes) -> None:
    ExportPart.objects.create(export_id=export_id, position=position, content=content)


# --- Made -----------------------------------------------------------------------------------------------------------
def proceed(event: ExportContinues) -> None:
    """One stretch. For events' handlers. A fault of ours ends the export; a database that is away is waited for."""
    tenant_id = task_tenant_id()
    try:
        with tenant_context(tenant_id):
            if not _take_up(event):
                return
        _stretch(event, tenant_id)
    except (OperationalError, SoftTimeLimitExceeded):
        raise
    except Exception:
        log.exception("export %s failed", event.export_id)
        with tenant_context(tenant_id):
            _fail(event.export_id)


def _take_up(event: ExportContinues) -> bool:
    """False for a stretch that was done already. What a killed worker left behind the last stretch is thrown away."""
    export = Export.objects.filter(pk=event.export_id, state__in=UNDER_WAY, size=event.size).first()
    if export is None:
        return False
    if export.state == Export.State.WAITING:
        export.total = sum(section.count() for section in sections())
    export.state, export.done = Export.State.RUNNING, event.done
    export.save(update_fields=["state", "total", "done"])
    pieces.begin_anew(_parts(export.pk), position=event.position)
    return True


def _stretch(event: ExportContinues, tenant_id: int) -> None:
    ends_at = time.monotonic() + STRETCH_SECONDS
    contents, at = sections(), event
    stretch = Stretch(size=event.size, position=event.position, keep=partial(_keep, event.export_id))
    if event.size == 0:
        with tenant_context(tenant_id):
            stretch.archive.writestr("README.txt", readme())
    while at.section < len(contents) and (at is event or time.monotonic() < ends_at):
        with tenant_context(tenant_id):
            step = contents[at.section].write(stretch.archive, after=at.after, piece=at.piece)
            at = replace(at, done=at.done + step.rows, **step.onward(at.section, at.piece))
            if not Export.objects.filter(pk=event.export_id, state=Export.State.RUNNING).update(done=at.done):
                # Withdrawn meanwhile: what this stretch has written since goes too.
                _parts(event.export_id).delete()
                return
    with tenant_context(tenant_id):
        if not Export.objects.select_for_update().filter(pk=event.export_id, state=Export.State.RUNNING).exists():
            _parts(event.export_id).delete()
            return
        position, size, entries = stretch.finish()
        at = replace(at, position=position, size=size, entries=at.entries + entries)
        if at.section < len(contents):
            Export.objects.filter(pk=event.export_id).update(size=size)
            publish(at)
        else:
            _complete(at)


def _complete(at: ExportContinues) -> None:
    size = pieces.end(_parts(at.export_id), partial(_keep, at.export_id), entries=at.entries, size=at.size)
    now = timezone.now()
    Export.objects.filter(pk=at.export_id).update(
        state=Export.State.READY, size=size, done=at.done, total=at.done,
        finished_at=now, expires_at=now + settings.EXPORT_KEPT,
    )  # fmt: skip


def _fail(export_id: int) -> None:
    _parts(export_id).delete()
    Export.objects.filter(pk=export_id, state__in=UNDER_WAY).update(
        state=Export.State.FAILED, finished_at=timezone.now(), size=0
    )
