"""What members want to be told of by mail, and when not."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from inbox.models import Notification, NotificationRule
from tenants.models import Membership


@dataclass(frozen=True, slots=True)
class Rule:
    """By mail for which kinds; quiet from one full hour until another, in the workspace's time zone. The defaults are those of
    somebody who never said anything."""

    assigned: bool = True
    mentioned: bool = True
    replied: bool = False
    unsent: bool = True
    quiet_from: int | None = None
    quiet_until: int | None = None

    def mails(self, kind: str) -> bool:
        """Whether notices of this kind are wanted by mail."""
        return {
            Notification.Kind.ASSIGNED: self.assigned,
            Notification.Kind.MENTIONED: self.mentioned,
            Notification.Kind.REPLIED: self.replied,
            Notification.Kind.FAILED: self.unsent,
            Notification.Kind.UNKNOWN: self.unsent,
        }[Notification.Kind(kind)]

    def quiet(self, local: datetime) -> bool:
        """Whether it is quiet at this time, given in the workspace's zone. By the hour that the clock on the wall shows: an hour
        that comes twice in autumn is quiet twice, or not at all. From an hour until the same one is around the clock: never
        quiet, since such a rule would keep every mail back."""
        start, end = self.quiet_from, self.quiet_until
        if start is None or end is None or start == end:
            return False
        return start <= local.hour < end if start < end else local.hour >= start or local.hour < end


def of(member: Membership) -> Rule:
    """A member's rule."""
    return of_members([member.pk]).get(member.pk, Rule())


def of_members(ids: list[int]) -> dict[int, Rule]:
    """The rules of members who have said something; for the others the default holds."""
    rows = NotificationRule.objects.filter(member_id__in=ids)
    return {row.member_id: _rule(row) for row in rows}


@transaction.atomic
def change(*, rule: Rule, by: Membership) -> None:
    """A member says what they want by mail. What is on its way already, and not wanted any more, is not mailed."""
    NotificationRule.objects.update_or_create(
        member=by,
        defaults={
            "mail_assigned": rule.assigned,
            "mail_mentioned": rule.mentioned,
            "mail_replied": rule.replied,
            "mail_unsent": rule.unsent,
            "quiet_from": rule.quiet_from,
            "quiet_until": rule.quiet_until,
        },
    )
    unwanted = [kind for kind in Notification.Kind.values if not rule.mails(kind)]
    Notification.objects.filter(member=by, kind__in=unwanted, mail_at__isnull=False).update(mail_at=None)


def _rule(row: NotificationRule) -> Rule:
    return Rule(
        assigned=row.mail_assigned,
        mentioned=row.mail_mentioned,
        replied=row.mail_replied,
        unsent=row.mail_unsent,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
    )
