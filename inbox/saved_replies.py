"""Texts to reply with again: one's own, and those of everybody, which administrators and owners keep."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from inbox import placeholders
from inbox.models import SavedReply
from tenants import audit
from tenants.models import Membership
from tenants.names import shown
from tenants.numbering import next_number
from tenants.roles import Permission, may

LONGEST_NAME, LONGEST_TEXT = 80, 20_000
MOST = 300  # of everybody's, and of each member's own


class BadReply(ValueError):
    """Why a text cannot be kept, in words for whoever wrote it. `field`: "name", "text", or empty."""

    def __init__(self, reason: str, *, field: str = "") -> None:
        super().__init__("This cannot be kept as a saved reply.")
        self.reason, self.field = reason, field


def usable(*, by: Membership) -> QuerySet[SavedReply]:
    """A member's own and everybody's, by name; the own ones first."""
    rows = SavedReply.objects.filter(Q(owner=by) | Q(owner=None))
    return rows.order_by(F("owner").asc(nulls_last=True), "name", "pk")


def may_share(by: Membership) -> bool:
    return may(by.role, Permission.CHANGE_SETTINGS)


def may_change(row: SavedReply, *, by: Membership) -> bool:
    return row.owner_id == by.pk or (row.owner_id is None and may_share(by))


@transaction.atomic
def add(*, name: str, text: str, shared: bool, by: Membership) -> SavedReply:
    """Keep a text. Raises BadReply, and PermissionDenied for who may not keep one for everybody."""
    if shared and not may_share(by):
        raise PermissionDenied
    name, text = _checked(name, text)
    owner = None if shared else by
    if SavedReply.objects.filter(owner=owner).count() >= MOST:
        raise BadReply(_("There are %(most)d already; delete one that nobody uses.") % {"most": MOST})
    row = SavedReply(number=next_number("saved_reply"), owner=owner, name=name, text=text, updated_at=Now())
    _save(row)
    if shared:
        audit.record(audit.Action.SAVED_REPLY_ADDED, by=by, target=_target(row))
    return row


@transaction.atomic
def change(*, saved_reply: SavedReply, name: str, text: str, by: Membership) -> SavedReply:
    """Raises BadReply, and PermissionDenied for what is somebody else's."""
    row = _own(saved_reply, by)
    row.name, row.text = _checked(name, text)
    row.updated_at = Now()
    _save(row)
    if row.owner_id is None:
        audit.record(audit.Action.SAVED_REPLY_CHANGED, by=by, target=_target(row))
    return row


@transaction.atomic
def remove(*, saved_reply: SavedReply, by: Membership) -> None:
    """Raises PermissionDenied for what is somebody else's."""
    row = _own(saved_reply, by)
    if row.owner_id is None:
        audit.record(audit.Action.SAVED_REPLY_DELETED, by=by, target=_target(row))
    row.delete()


def _own(saved_reply: SavedReply, by: Membership) -> SavedReply:
    row = SavedReply.objects.select_for_update().get(pk=saved_reply.pk)
    if not may_change(row, by=by):
        raise PermissionDenied
    return row


def _save(row: SavedReply) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise BadReply(_("There is a saved reply of this name already."), field="name") from None


def _checked(name: str, text: str) -> tuple[str, str]:
    name, text = shown(name), text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not name or len(name) > LONGEST_NAME:
        raise BadReply(_("Give it a name of 1 to %(most)d characters.") % {"most": LONGEST_NAME}, field="name")
    if not text or len(text) > LONGEST_TEXT:
        raise BadReply(_("Write a text of 1 to %(most)d characters.") % {"most": LONGEST_TEXT}, field="text")
    strange = placeholders.unknown(text)
    if strange:
        known = ", ".join(f"{{{{ {each} }}}}" for each in placeholders.KNOWN)
        said = _("Nothing is known for %(strange)s. These can be used: %(known)s.")
        raise BadReply(said % {"strange": ", ".join(strange)[:200], "known": known}, field="text")
    return name, text


def _target(row: SavedReply) -> str:
    return f"saved reply {row.number}"
