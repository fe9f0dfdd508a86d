"""Page objects of the audit log: what happened, in words, newest first."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from tenants import audit, audit_chain
from tenants.access import Visit
from tenants.audit import Group
from tenants.forms.audit import SYSTEM, AuditFilter
from tenants.models import AuditEvent, AuditSeal, Invitation, Membership
from tenants.pages import audit_words
from tenants.pages.nav import SettingsNav, settings_nav
from tenants.roles import Role
from versana import keyset

PAGE = 50
# Sealing runs each minute. Later than this, somebody should look why it does not.
LATE = timedelta(minutes=10)
NAME = "tenants:audit"
# As members.target_of and invitations write it. Python's own digits are more than these ("²"), and a row may be older than
# a rule.
_NUMBERED = re.compile(r"(member|invitation) ([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Change:
    """One value: what it was (None: it is no change but a circumstance) and what it became."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    at: datetime
    actor: str
    role: str
    sentence: str
    target: str
    changes: tuple[Change, ...]
    client: str
    position: int  # in the chain; 0: not sealed yet


@dataclass(frozen=True, slots=True)
class AuditPage:
    form: AuditFilter
    rows: tuple[AuditRow, ...]
    filtered: bool
    clear_url: str
    older_url: str
    newest_url: str  # set on a later page
    length: int
    head: str
    late_since: datetime | None  # the oldest event that waits too long for its seal
    late_count: int
    export_url: str
    settings_nav: SettingsNav


def audit_page(visit: Visit, form: AuditFilter, *, after: str) -> AuditPage:
    """Raises ValueError for a position that is none of ours. A form that is not valid finds nothing, and says why."""
    url = reverse(NAME, kwargs={"workspace": visit.workspace.slug})
    rows = list(keyset.after(_found(form), after, by="at")[: PAGE + 1])
    more, shown = len(rows) > PAGE, rows[:PAGE]
    chosen = {name: value for name in form.fields if (value := form.data.get(name))}
    head, waiting = audit_chain.head(), _late()
    names = _names(shown)
    return AuditPage(
        form=form,
        rows=tuple(_row(row, names) for row in shown),
        filtered=bool(chosen),
        clear_url=url,
        older_url=_url(url, {**chosen, "after": keyset.position_of(shown[-1].at, shown[-1].pk)}) if more else "",
        newest_url=_url(url, chosen) if after else "",
        length=head.length,
        head=head.hash,
        late_since=waiting[0] if waiting else None,
        late_count=len(waiting),
        export_url=reverse("tenants:audit_export", kwargs={"workspace": visit.workspace.slug}),
        settings_nav=settings_nav(visit, selected=NAME),
    )


def actors() -> list[tuple[str, str]]:
    """Everybody who is or was a member, by public number."""
    members = Membership.objects.select_related("user").order_by("removed_at", "number")
    return [(str(one.number), one.user.display_name) for one in members]


def _found(form: AuditFilter) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.annotate(
        position=Subquery(AuditSeal.objects.filter(event=OuterRef("pk")).values("position"))
    )
    if not form.is_valid():
        return events.none()
    wanted = form.cleaned_data
    if wanted["group"]:
        events = events.filter(action__in=audit.actions_of(Group(wanted["group"])))
    if wanted["actor"] == SYSTEM:
        events = events.filter(actor=None)
    elif wanted["actor"]:
        events = events.filter(actor__number=int(wanted["actor"]))
    if wanted["since"]:
        events = events.filter(at__gte=wanted["since"])
    if wanted["until"]:
        events = events.filter(at__lt=wanted["until"])
    if wanted["target"]:
        events = events.filter(target__startswith=wanted["target"])
    return events


def _late() -> list[datetime]:
    """When the events happened that wait for their seal longer than they should, oldest first."""
    waiting = audit_chain.unsealed(since=audit_chain.recent()).filter(at__lt=timezone.now() - LATE)
    return list(waiting.order_by("at").values_list("at", flat=True)[:100])


def _names(rows: Iterable[AuditEvent]) -> dict[str, str]:
    """Names of members, and addresses of invitations, that rows tell of by number; asked for only where there are any."""
    found: dict[str, set[int]] = {"member": set(), "invitation": set()}
    for match in filter(None, (_NUMBERED.fullmatch(word) for row in rows for word in _mentions(row))):
        found[match[1]].add(int(match[2]))
    names: dict[str, str] = {}
    if found["member"]:
        members = Membership.objects.filter(number__in=found["member"]).select_related("user")
        names |= {f"member {one.number}": one.user.display_name for one in members}
    if found["invitation"]:
        invitations = Invitation.objects.filter(number__in=found["invitation"])
        names |= {f"invitation {one.number}": one.email for one in invitations}
    return names


def _mentions(row: AuditEvent) -> Iterator[str]:
    yield row.target
    yield from (*_object(row.before), *_object(row.after))
    yield f"member {_object(row.detail).get('member')}"


def _row(row: AuditEvent, names: Mapping[str, str]) -> AuditRow:
    return AuditRow(
        at=row.at,
        actor=row.actor_name,
        role=str(Role(row.actor_role).label) if row.actor_role in Role.values else "",
        sentence=audit.sentence(row.action),
        target=names.get(row.target, row.target),
        changes=_changes(row, names),
        client={"ipv4": "IPv4", "ipv6": "IPv6"}.get(row.client, ""),
        position=getattr(row, "position", None) or 0,  # annotated
    )


def _changes(row: AuditEvent, names: Mapping[str, str]) -> tuple[Change, ...]:
    before, after, detail = _object(row.before), _object(row.after), _object(row.detail)

    def read(name: str, value: object) -> str:
        return audit_words.text(value, of=name, names=names)

    changed = [
        Change(
            audit_words.called(name, names),
            read(name, before[name]) if name in before else "",
            read(name, after.get(name)),
        )
        for name in {**before, **after}
    ]
    return (*changed, *(Change(audit_words.called(name, names), None, read(name, detail[name])) for name in detail))


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {} if value is None else {"": value}


def _url(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
