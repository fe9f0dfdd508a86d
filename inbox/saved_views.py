"""Lists that were kept under a name: a member's own, and those that administrators and owners keep for everybody."""

import unicodedata
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from inbox import looking
from inbox.models import SavedView
from tenants.models import Membership
from tenants.numbering import next_number
from tenants.roles import Permission, may

LONGEST = 60
MOST = 50  # of one member, and of everybody's: a menu, not an archive


class BadView(Exception):
    """It cannot be kept so: `reason` in plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def may_share(by: Membership) -> bool:
    return may(by.role, Permission.CHANGE_SETTINGS)


def may_change(view: SavedView, *, by: Membership) -> bool:
    return may_share(by) if view.owner_id is None else view.owner_id == by.pk


def of(member: Membership) -> Iterable[SavedView]:
    """Those that a member sees: everybody's, then the member's own."""
    return ordered(seen_by(member))


def seen_by(member: Membership) -> QuerySet[SavedView]:
    """The same in no order yet, to be a part of another query."""
    rows: QuerySet[SavedView] = SavedView.objects.filter(Q(owner=None) | Q(owner=member))[: 2 * MOST]
    return rows


def ordered(rows: Iterable[SavedView]) -> list[SavedView]:
    return sorted(rows, key=lambda row: (row.owner_id is not None, row.name.casefold(), row.pk))


@transaction.atomic
def keep(*, name: str, words: str, shared: bool, by: Membership) -> SavedView:
    """Keep the list of these words. Raises BadView, looking.NoSuchList, and PermissionDenied for one to share."""
    if shared and not may_share(by):
        raise PermissionDenied
    owner, query = None if shared else by, looking.at(words).words
    rows = SavedView.objects.filter(owner=owner)
    shown = _free(name, rows)
    number = next_number("savedview")  # behind whom others wait: what is counted below stays true
    if rows.count() >= MOST:
        raise BadView(f"At most {MOST} views can be kept. Delete one first.")
    made: SavedView = SavedView.objects.create(number=number, name=shown, query=query, owner=owner)
    return made


@transaction.atomic
def rename(*, view: SavedView, name: str, by: Membership) -> None:
    """Give it another name. Raises BadView, and PermissionDenied for one that is somebody else's."""
    row = _locked(view, by)
    shown = _free(name, SavedView.objects.filter(owner=row.owner_id).exclude(pk=row.pk))
    SavedView.objects.filter(pk=row.pk).update(name=shown)


@transaction.atomic
def delete(*, view: SavedView, by: Membership) -> None:
    """Forget it; the conversations stay. Raises PermissionDenied for one that is somebody else's."""
    _locked(view, by).delete()


def _locked(view: SavedView, by: Membership) -> SavedView:
    row = SavedView.objects.select_for_update(no_key=True).get(pk=view.pk)
    if not may_change(row, by=by):
        raise PermissionDenied
    return row


def _free(name: str, among: Iterable[SavedView]) -> str:
    shown = " ".join(unicodedata.normalize("NFC", name).split())
    if not shown or any(not letter.isprintable() for letter in shown):
        raise BadView("A view needs a name of letters, digits and signs that can be seen.")
    if len(shown) > LONGEST:
        raise BadView(f"A view’s name has at most {LONGEST} characters.")
    if any(row.name.casefold() == shown.casefold() for row in among):
        raise BadView("There is a view of this name already.")
    return shown
