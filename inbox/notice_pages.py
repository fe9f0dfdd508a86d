"""Page objects of the notices: their list, the bell in the rail, and what a member wants by mail."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox import notices
from inbox.cards import Person
from inbox.faces import face
from inbox.forms import NoticeRuleForm
from inbox.listing import subject_of
from inbox.models import Notification
from inbox.notice_mails import sentence
from inbox.notice_rules import Rule
from tenants.access import Visit
from tenants.names import shown
from versana import keyset

PAGE = 50


@dataclass(frozen=True, slots=True)
class NoticeRow:
    url: str
    person: Person
    subject: str
    what: str
    at: datetime
    unread: bool


@dataclass(frozen=True, slots=True)
class NoticesPage:
    rows: tuple[NoticeRow, ...]
    unread: bool
    read_url: str
    rules_url: str
    next_url: str
    begins: bool  # the top of the list, and not one of its further pages


@dataclass(frozen=True, slots=True)
class NoticeRulesPage:
    form: NoticeRuleForm
    time_zone: str
    saved: bool
    back_url: str


def notices_page(visit: Visit, *, after: str) -> NoticesPage:
    """One keyset page of what this member was told, the newest first. Raises ValueError for a cursor that is none of ours."""
    kwargs = {"workspace": visit.workspace.slug}
    mine = Notification.objects.filter(member=visit.membership).select_related("conversation__contact", "by__user")
    rows = list(keyset.after(mine, after, by="at")[: PAGE + 1])
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    base = reverse("inbox:notices", kwargs=kwargs)
    return NoticesPage(
        rows=tuple(_row(row, visit) for row in rows[:PAGE]),
        unread=any(row.read_at is None for row in rows[:PAGE]) or notices.unread(member=visit.membership) > 0,
        read_url=reverse("inbox:notices_read", kwargs=kwargs),
        rules_url=reverse("inbox:notice_rules", kwargs=kwargs),
        next_url=f"{base}?after={keyset.position_of(last.at, last.pk)}" if last else "",
        begins=not after,
    )


def bell(visit: Visit) -> dict[str, str | int]:
    """What the bell of an open page shows: a number, its words, and what is to be said when it has grown."""
    count = notices.unread(member=visit.membership)
    newest = (
        Notification.objects.filter(member=visit.membership, read_at=None)
        .select_related("conversation", "by__user")
        .order_by("-at", "-pk")
        .first()
        if count
        else None
    )
    return {
        "unread": count,
        "shown": f"{notices.COUNT_LIMIT}+" if count > notices.COUNT_LIMIT else str(count or ""),
        "label": ngettext("%(n)d unread", "%(n)d unread", count) % {"n": count} if count else "",
        "said": f"{sentence(newest)}: {subject_of(newest.conversation)}" if newest else "",
    }


def rules_page(visit: Visit, form: NoticeRuleForm, *, saved: bool) -> NoticeRulesPage:
    kwargs = {"workspace": visit.workspace.slug}
    return NoticeRulesPage(
        form=form,
        time_zone=visit.workspace.time_zone.replace("_", " "),
        saved=saved,
        back_url=reverse("inbox:notices", kwargs=kwargs),
    )


def initial(rule: Rule) -> dict[str, object]:
    """A rule as its form shows it."""
    return {
        "assigned": rule.assigned,
        "mentioned": rule.mentioned,
        "replied": rule.replied,
        "unsent": rule.unsent,
        "quiet_from": "" if rule.quiet_from is None else rule.quiet_from,
        "quiet_until": "" if rule.quiet_until is None else rule.quiet_until,
    }


def _row(row: Notification, visit: Visit) -> NoticeRow:
    conversation = row.conversation
    if row.by is not None:
        person = face(row.by.user.display_name, row.by.number, colleague=True)
    else:
        name = shown(conversation.contact.name) or (_("Erased contact") if conversation.erased_at else "")
        person = face(name or subject_of(conversation), conversation.contact_id)
    return NoticeRow(
        url=reverse("inbox:thread", kwargs={"workspace": visit.workspace.slug, "number": conversation.number}),
        person=person,
        subject=subject_of(conversation),
        what=sentence(row),
        at=row.at,
        unread=row.read_at is None,
    )
