"""The platform's switches as the application reads them: whether something is allowed in this installation at all.

Staff set them in the platform's administration. They are read when they count, never cached: a switch that is thrown works
for the next request or task. A row that is missing means that nobody ever threw the switch, and a row that cannot be read
stops what it guards: both are said for each switch below.
"""

from enum import StrEnum

from django.db import DatabaseError, connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants import models


class Switch(StrEnum):
    """For each of these: no row means on (a new installation has none); an error of the database means off."""

    CONNECT_STORES = "connect_stores"
    READ_STORES = "read_stores"
    INVITATIONS = "invitations"
    EXPORTS = "exports"


# What staff read beside the switch: what stops when it is off.
EFFECTS: dict[Switch, str | Promise] = {
    Switch.CONNECT_STORES: _("Off: no store can be connected or reconnected. Connected ones go on."),
    Switch.READ_STORES: _("Off: workers ask Shopify nothing; agents see the last known orders."),
    Switch.INVITATIONS: _("Off: nobody can be invited; open invitations stay."),
    Switch.EXPORTS: _("Off: no export of a workspace’s data is begun; finished ones stay."),
}


def is_on(switch: Switch) -> bool:
    """One query. A failure to read it counts as off, and does not spoil the transaction of whoever asks."""
    try:
        if connection.in_atomic_block:
            with transaction.atomic():
                return _read(switch)
        return _read(switch)
    except DatabaseError:
        return False


def _read(switch: Switch) -> bool:
    row = models.Switch.objects.filter(name=switch).values_list("on", flat=True).first()
    return True if row is None else bool(row)
