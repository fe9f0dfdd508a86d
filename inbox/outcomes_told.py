"""What came of a deed to many, in words."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox import bulk
from inbox.bulk import Outcome
from inbox.list_cards import Said
from tenants.access import Visit


def said(visit: Visit, outcome: Outcome, *, view: str) -> Said:
    """The sentence, what did not work, and the way back where there is one."""
    changed = len(outcome.changed)
    url = reverse("inbox:bulk_undo", kwargs={"workspace": visit.workspace.slug})
    may_undo = changed and not outcome.undone
    return Said(
        text=_undone(changed) if outcome.undone else _done(outcome.kind, changed),
        problem=_failed(outcome),
        undo=bulk.sealed(outcome, by=visit.membership) if may_undo else "",
        undo_url=f"{url}?view={view}" if may_undo else "",
        done=True,
    )


def _done(kind: str, n: int) -> str:
    if not n:
        return _("They were so already. Nothing was changed.")
    words = {
        "close": ngettext("%(n)d conversation closed.", "%(n)d conversations closed.", n),
        "reopen": ngettext("%(n)d conversation opened again.", "%(n)d conversations opened again.", n),
        "spam": ngettext("%(n)d conversation marked as spam.", "%(n)d conversations marked as spam.", n),
        "snooze": ngettext("%(n)d conversation snoozed.", "%(n)d conversations snoozed.", n),
        "assign": ngettext("%(n)d conversation assigned.", "%(n)d conversations assigned.", n),
        "tag": ngettext("%(n)d conversation tagged.", "%(n)d conversations tagged.", n),
    }
    return words[kind] % {"n": n}


def _undone(n: int) -> str:
    if not n:
        return _("Nothing was left to undo.")
    return ngettext("%(n)d conversation is as before.", "%(n)d conversations are as before.", n) % {"n": n}


def _failed(outcome: Outcome) -> str:
    if not outcome.failed:
        return ""
    if outcome.undone:
        words = ngettext("%(n)d was changed since and stays.", "%(n)d were changed since and stay.", outcome.failed)
    else:
        words = ngettext("%(n)d could not be changed.", "%(n)d could not be changed.", outcome.failed)
    return words % {"n": outcome.failed}
