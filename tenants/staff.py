"""Who is platform staff: the members of one group, which only the schema's owner can change.

Not a column of the person: the application writes those whole, and could make anybody staff. It has no INSERT on the
table of groups' members.
"""

from django.contrib.auth.models import Group
from django.db import transaction

from tenants.models import StaffAction, User

GROUP = "platform staff"  # as tenants/rls/database.py writes it


def add(user: User, *, using: str) -> None:
    """Make a person staff, on record. `using`: the owner's connection."""
    with transaction.atomic(using=using):
        group, _ = Group.objects.using(using).get_or_create(name=GROUP)
        User.groups.through.objects.using(using).get_or_create(user_id=user.pk, group_id=group.pk)
        StaffAction.objects.using(using).create(action="staff.added", target=f"user {user.pk}")


def remove(user: User, *, using: str) -> None:
    """At the next request the person's session in the administration is no session any more."""
    with transaction.atomic(using=using):
        User.groups.through.objects.using(using).filter(user_id=user.pk, group__name=GROUP).delete()
        StaffAction.objects.using(using).create(action="staff.removed", target=f"user {user.pk}")


def everybody(*, using: str) -> list[User]:
    return list(User.objects.using(using).filter(groups__name=GROUP).order_by("email_norm"))
