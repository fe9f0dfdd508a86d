"""The two things that staff may change: a switch, and a dead letter that is to be tried again. Each with its row of record."""

from django.db import transaction
from django.utils import timezone

from tenants.models import Switch, User
from tenants.switches import Switch as Name
from versana.platform.models import OutboxEvent
from versana.platform.record import Act, record


def throw_switch(*, name: Name, on: bool, reason: str, by: User) -> None:
    """From the next request or task on."""
    with transaction.atomic():
        row = Switch.objects.select_for_update().filter(name=name).first()
        before = row.on if row else None
        given = {"on": on, "reason": reason, "changed_at": timezone.now(), "changed_by": by.display_name}
        Switch.objects.update_or_create(name=name, defaults=given)
        record(Act.SWITCH_CHANGED, user_id=by.pk, target=name, before=before, after=on, reason=reason)


def send_again(*, event_id: int, by: User) -> bool:
    """Let a dead letter be tried as if it were new; the sweep finds it within seconds. False when it is not dead."""
    with transaction.atomic():
        revived = OutboxEvent._default_manager.filter(pk=event_id, dead_at__isnull=False, done_at=None).update(
            dead_at=None, attempts=0, next_run_at=timezone.now(), held_until=None
        )
        if revived:
            record(Act.SENT_AGAIN, user_id=by.pk, target=f"event {event_id}")
    return bool(revived)
