"""Erase what a closed workspace held, once its time is over. Run by `manage.py erase_closed` under the owner's role.

What stays is a tombstone: the address, which is never given out again, how many rows there were, and the end of the
record's chain, sealed for the last time, by which an export taken before can still be verified.

An account goes with the workspace when no other workspace's rows name it: whoever belongs nowhere has had the same time
to join somewhere, and nobody else would ever delete it. Staff of the platform stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from tenants import audit_chain, doors, members, staff
from tenants.models import AuditSeal, Tenant, TenantOwned, Tombstone, User
from tenants.outbox.mail import MailQueued
from tenants.outbox.models import Event, QueuedMail
from tenants.rls import removal
from tenants.rls.context import tenant_context

OWNER = "owner"  # the database alias


@dataclass(frozen=True, slots=True)
class Doomed:
    """A closed workspace whose time is over."""

    tenant_id: int
    slug: str
    erase_after: datetime


@dataclass(frozen=True, slots=True)
class Erased:
    """What went: rows (counted when the erasure began), accounts, and accounts that another workspace still names."""

    slug: str
    rows: int
    accounts: int
    accounts_kept: int


def due(*, at: datetime) -> Iterator[Doomed]:
    """The workspaces to erase now."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            tenant = Tenant.objects.filter(pk=tenant_id, erase_after__lte=at).first()
        if tenant is not None and tenant.erase_after is not None:
            yield Doomed(tenant.pk, tenant.slug, tenant.erase_after)


def size_of(doomed: Doomed) -> int:
    """How many rows there are now."""
    return sum(removal.count_rows(doomed.tenant_id).values())


def erase(doomed: Doomed) -> Erased:
    """Everything. Killed and begun again, it goes on; the tombstone keeps the counts of the first time."""
    tombstone = _tombstone(doomed)
    for _table, _removed in removal.remove_rows(doomed.tenant_id):
        pass
    with transaction.atomic(using=OWNER):
        people = removal.remove_workspace(doomed.tenant_id)
        accounts = sum(_erase_account(user_id) for user_id in people)
    _erase_loose(doomed.tenant_id)
    Tombstone.objects.using(OWNER).filter(pk=tombstone.pk).update(erased_at=timezone.now())
    return Erased(doomed.slug, sum(tombstone.rows.values()), accounts, len(people) - accounts)


def sweep() -> None:
    """What a run that was killed at its very end, or a worker in the middle of its work, left of workspaces that are gone."""
    for tenant_id in Tombstone.objects.using(OWNER).values_list("tenant_id", flat=True):
        if not _is_there(tenant_id):
            _erase_loose(tenant_id)


def _tombstone(doomed: Doomed) -> Tombstone:
    """The one of an earlier run, or a new one. Only that is preceded by sealing: of a chain half gone there is no end."""
    found = Tombstone.objects.using(OWNER).filter(tenant_id=doomed.tenant_id).first()
    if found is not None:
        return found
    length, head = _end_of_the_record(doomed.tenant_id)
    return Tombstone.objects.using(OWNER).create(
        tenant_id=doomed.tenant_id,
        slug=doomed.slug,
        rows=removal.count_rows(doomed.tenant_id),
        audit_length=length,
        audit_head=head,
    )


def _end_of_the_record(tenant_id: int) -> tuple[int, str]:
    """How long the chain is and the hash it ends with, once every event is sealed, those of the last minute among them."""
    with tenant_context(tenant_id):
        members.lock()  # Sealing leaves a workspace alone that somebody else is sealing: here it is waited for.
        while audit_chain.seal(everything=True):
            pass
        length = AuditSeal.objects.count()
        return length, audit_chain.head().hash if length else ""


def _is_there(tenant_id: int) -> bool:
    with tenant_context(tenant_id):
        return Tenant.objects.filter(pk=tenant_id).exists()


def _erase_account(user_id: int) -> bool:
    """False for staff, and for somebody whom a row of another workspace names: the database says so, not a query of ours."""
    try:
        with transaction.atomic(using=OWNER):
            people = User.objects.using(OWNER).filter(pk=user_id, is_superuser=False)
            user = people.exclude(groups__name=staff.GROUP).first()
            if user is None:
                return False
            keys = UserSession.objects.using(OWNER).filter(user_id=user_id).values_list("session_key", flat=True)
            Session.objects.using(OWNER).filter(session_key__in=list(keys)).delete()
            user.delete(using=OWNER)
            for model in _global_models("user_id"):
                model._base_manager.using(OWNER).filter(user_id=user_id).delete()
            removal.check_references()
    except IntegrityError:
        return False
    return True


def _erase_loose(tenant_id: int) -> None:
    """Rows outside the wall that name the workspace, and the mails that wait on its behalf."""
    kind = f"{MailQueued.__module__}.{MailQueued.__qualname__}"
    events = Event.objects.using(OWNER).filter(tenant_id=tenant_id)
    mails = [payload["mail_id"] for payload in events.filter(kind=kind).values_list("payload", flat=True)]
    QueuedMail.objects.using(OWNER).filter(pk__in=mails).delete()
    for model in _global_models("tenant_id"):
        model._base_manager.using(OWNER).filter(tenant_id=tenant_id).delete()


def _global_models(column: str) -> Iterator[type[models.Model]]:
    """Tables outside the wall with a plain column of this name: a number, and no reference."""
    for model in apps.get_models():
        if issubclass(model, TenantOwned | Tombstone) or not model._meta.managed:
            continue
        if any(f.attname == column and not f.is_relation for f in model._meta.concrete_fields):
            yield model
