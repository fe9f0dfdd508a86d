"""Audit logs for the tests of the chain: some hundred events of every kind of value, sealed."""

from datetime import timedelta
from random import Random

from django.utils import timezone

from tenants import audit_chain
from tenants.audit import Action
from tenants.models import AuditEvent, Membership
from tenants.rls.context import tenant_context

NAMES = ("Olivia", "Ömer Şahin", "דנה לוי", "李雷", 'Robert"); DROP TABLE', "x" * 120, "\u202eevil", "emoji 🧾")


def events(owner: Membership, count: int, *, seed: int = 1) -> None:
    """`count` events of the current workspace, with names of all scripts and values of all shapes."""
    random, now = Random(seed), timezone.now()
    actions = list(Action)
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=now - timedelta(seconds=count - number),
            actor=owner if number % 5 else None,
            actor_name=random.choice(NAMES),
            actor_role="owner" if number % 5 else "system",
            action=random.choice(actions),
            target=f"{random.choice(NAMES)[:60]} {number}",
            detail={"number": number, "share": 0.1 * number, "names": [random.choice(NAMES)]},
            before={"name": random.choice(NAMES), "on": None} if number % 2 else None,
            after={"name": random.choice(NAMES), "on": bool(number % 3)},
            client=random.choice(("", "ipv4", "ipv6")),
        )
        for number in range(count)
    )


def sealed(owner: Membership, count: int) -> None:
    """A workspace with `count` generated events (and those of its opening), all of them sealed."""
    with tenant_context(owner.tenant_id):
        events(owner, count)
    while seal(owner):
        pass


def seal(owner: Membership) -> int:
    with tenant_context(owner.tenant_id):
        return audit_chain.seal()
