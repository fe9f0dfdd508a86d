"""Page objects of the audit log: what happened, in words, newest first."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants import audit, audit_chain
from tenants.access import Visit
from tenants.audit import Group
from tenants.forms.audit import SYSTEM, AuditFilter
from tenants.models import AuditEvent, AuditSeal, Membership
from tenants.pages.nav import SettingsNav, settings_nav
from tenants.roles import Role
from versana import keyset

PAGE = 50
# A value longer than this is cut: an audit page is for finding, the export for reading everything.
LONGEST = 240
MOST_IN_A_LIST = 12
# Sealing runs each minute. Later than this, somebody should look why it does not.
LATE = timedelta(minutes=10)
NAME = "tenants:audit"
# As members.target_of writes it. Python's own digits are more than these ("²"), and a row may be older than a rule.
_MEMBER = re.compile(r"member ([0-9]{1,18})")


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
    """Names for targets that are members by their number; asked for only where there are any."""
    found = {int(match[1]) for row in rows if (match := _MEMBER.fullmatch(row.target))}
    if not found:
        return {}
    members = Membership.objects.filter(number__in=found).select_related("user")
    return {f"member {one.number}": one.user.display_name for one in members}


def _row(row: AuditEvent, names: Mapping[str, str]) -> AuditRow:
    return AuditRow(
        at=row.at,
        actor=row.actor_name,
        role=str(Role(row.actor_role).label) if row.actor_role in Role.values else "",
        sentence=audit.sentence(row.action),
        target=names.get(row.target, row.target),
        changes=_changes(row),
        client={"ipv4": "IPv4", "ipv6": "IPv6"}.get(row.client, ""),
        position=getattr(row, "position", None) or 0,  # annotated
    )


def _changes(row: AuditEvent) -> tuple[Change, ...]:
    before, after = _object(row.before), _object(row.after)
    changed = [
        Change(_word(name), _text(before[name]) if name in before else "", _text(after.get(name)))
        for name in {**before, **after}
    ]
    return (*changed, *(Change(_word(name), None, _text(value)) for name, value in _object(row.detail).items()))


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {} if value is None else {"": value}


def _word(name: str) -> str:
    return name.replace("_", " ")[:60]


_WORDS = {
    None: gettext_lazy("nothing"),
    True: gettext_lazy("yes"),
    False: gettext_lazy("no"),
    "": gettext_lazy("empty"),
}


def _text(value: object) -> str:
    if isinstance(value, list):
        more = [_("and %(n)d more") % {"n": len(value) - MOST_IN_A_LIST}] if len(value) > MOST_IN_A_LIST else []
        return ", ".join([*map(_text, value[:MOST_IN_A_LIST]), *more]) or str(_WORDS[None])
    if isinstance(value, Mapping):
        return ", ".join(f"{_word(str(name))}: {_text(part)}" for name, part in value.items())[:LONGEST]
    if value is None or isinstance(value, bool) or value == "":
        return str(_WORDS[value])
    text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _url(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
