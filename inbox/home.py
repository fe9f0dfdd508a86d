"""The page that a workspace begins with: what waits for this person, and what wants attention."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Exists, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.cards import Person
from inbox.faces import face
from inbox.listing import COUNT_LIMIT, subject_of
from inbox.looking import VIEWS
from inbox.models import Conversation, MailIdentity, OutgoingMail
from integrations.shopify import interface
from tenants.access import Visit
from tenants.models import Tenant
from tenants.names import shown
from tenants.roles import Permission

QUEUE = 6  # conversations of one's own that are shown
TROUBLES = 3  # stores of which each has its own words
_OPEN = Conversation.State.OPEN


@dataclass(frozen=True, slots=True)
class Count:
    """How many conversations; `since` is the oldest one's newest message."""

    name: str
    shown: str  # "999+" where nobody counts further
    url: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """What wants attention. `url`: where it is seen to, for those who may; `action`: the words of its button."""

    icon: str
    title: str
    text: str
    since: datetime | None = None
    action: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps of a new workspace."""

    name: str
    text: str
    done: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class QueueRow:
    url: str
    person: Person
    subject: str
    last_at: datetime
    waits: bool


@dataclass(frozen=True, slots=True)
class HomePage:
    greeting: str
    counts: tuple[Count, ...]
    queue: tuple[QueueRow, ...]
    queue_url: str
    more: bool  # there are further ones in the queue
    alerts: tuple[Alert, ...]
    steps: tuple[Step, ...]  # none once all are done
    reports_url: str


def home_page(visit: Visit) -> HomePage:
    """For whoever looks. Reads at most a thousand entries of an index for each of its numbers."""
    slug, me = visit.workspace.slug, visit.membership
    inbox = reverse("inbox:list", kwargs={"workspace": slug})
    mine = Conversation.objects.filter(assignee=me, state=_OPEN)
    nobodys = Conversation.objects.filter(assignee=None, state=_OPEN)
    waiting = Conversation.objects.filter(state=_OPEN, needs_reply=True)
    queue = list(mine.select_related("contact").order_by("-needs_reply", "last_message_at", "pk")[: QUEUE + 1])
    stores = interface.glance()
    return HomePage(
        greeting=_("Hello, %(name)s") % {"name": me.user.display_name},
        counts=(
            _count(_("Need a reply"), waiting, _view(inbox, "needs-reply")),
            _count(_("Unassigned"), nobodys, _view(inbox, "unassigned")),
            _count(_("Yours"), mine, _view(inbox, "mine")),
        ),
        queue=tuple(_row(row, slug) for row in queue[:QUEUE]),
        queue_url=_view(inbox, "mine"),
        more=len(queue) > QUEUE,
        alerts=(*_mail_alerts(slug), *_store_alerts(visit, stores)),
        steps=_steps(visit, any_store=stores.any_connected or bool(stores.troubles)),
        reports_url=reverse("inbox:reports", kwargs={"workspace": slug}) if visit.may(Permission.SEE_REPORTS) else "",
    )


def _count(name: str, rows: QuerySet[Conversation], url: str) -> Count:
    """The oldest are read, so that one query says how many and since when."""
    found = list(rows.order_by("last_message_at", "pk").values_list("last_message_at", flat=True)[: COUNT_LIMIT + 1])
    shown = f"{COUNT_LIMIT}+" if len(found) > COUNT_LIMIT else str(len(found))
    return Count(name, shown, url, since=found[0] if found else None)


def _view(inbox: str, view: str) -> str:
    """Where a view of the list is; of one that there is not, the list."""
    return f"{inbox}?{urlencode({'view': view})}" if view in VIEWS else inbox


def _row(row: Conversation, slug: str) -> QueueRow:
    subject = subject_of(row)
    return QueueRow(
        url=reverse("inbox:thread", kwargs={"workspace": slug, "number": row.number}),
        person=face(shown(row.contact.name) or subject, row.contact_id),
        subject=subject,
        last_at=row.last_message_at,
        waits=row.needs_reply,
    )


# --- What wants attention -------------------------------------------------------------------------------------------
def _mail_alerts(slug: str) -> tuple[Alert, ...]:
    stuck = (OutgoingMail.State.UNKNOWN, OutgoingMail.State.FAILED)
    rows = OutgoingMail.objects.filter(state__in=stuck).order_by("-created_at")
    counts = Counter(rows.values_list("state", flat=True)[: COUNT_LIMIT + 1])
    url = reverse("inbox:mail_queue", kwargs={"workspace": slug})
    return tuple(_mail_alert(state, counts[state], url) for state in stuck if counts[state])


def _mail_alert(state: str, n: int, url: str) -> Alert:
    if state == OutgoingMail.State.UNKNOWN:
        title = ngettext("%(n)d reply may not have been sent", "%(n)d replies may not have been sent", n)
        text = _("The connection broke before the mail server answered. Decide whether it is sent again.")
    else:
        title = ngettext("%(n)d reply could not be sent", "%(n)d replies could not be sent", n)
        text = _("The mail server refused it. See why, and try again.")
    return Alert("mail-warning", title % {"n": n}, text, None, _("Look"), url)


def _store_alerts(visit: Visit, glance: interface.Glance) -> tuple[Alert, ...]:
    """Owners get the button, administrators the words, agents a sentence."""
    knows, may = visit.may(Permission.SEE_STORE_HEALTH), visit.may(Permission.CONNECT_STORES)
    general = reverse("tenants:general", kwargs={"workspace": visit.workspace.slug})
    out = [
        Alert(
            "store",
            f"{trouble.store}: {trouble.title}" if knows else trouble.store,
            trouble.fix if knows else _("Its orders cannot be read at the moment. %(more)s") % {"more": trouble.agents},
            trouble.since if knows else None,
            (_("See to it") if trouble.by_owner else _("Look")) if may else "",
            general if may else "",
        )
        for trouble in glance.troubles[:TROUBLES]
    ]
    others = len(glance.troubles) - TROUBLES
    if others > 0:
        words = ngettext("%(n)d more store", "%(n)d more stores", others) % {"n": others}
        out.append(Alert("store", words, _("Settings, General lists all of them."), None, _("Look"), general))
    return tuple(out)


# --- A new workspace ------------------------------------------------------------------------------------------------
def _steps(visit: Visit, *, any_store: bool) -> tuple[Step, ...]:
    """What a workspace needs before it is any use; nothing once it has all of it."""
    # The newest, and not any: looking for any, PostgreSQL may walk through everybody else's before it meets one of ours.
    newest = Conversation.objects.order_by("-last_message_at", "-pk").values("pk")[:1]
    rows = Tenant.objects.filter(pk=visit.workspace.id).values_list(
        Exists(MailIdentity.objects.all()), Subquery(newest)
    )
    identity, mail = map(bool, rows.get())
    if any_store and identity and mail:
        return ()
    slug = {"workspace": visit.workspace.slug}
    general = reverse("tenants:general", kwargs=slug)
    own, change = visit.may(Permission.CONNECT_STORES), visit.may(Permission.CHANGE_SETTINGS)
    return (
        Step(
            _("Connect a store"),
            _("So that orders stand beside each conversation.") if own else _("An owner of this workspace does this."),
            any_store,
            general if own else "",
        ),
        Step(
            _("Set the address you write as"),
            _("Without one nothing can be sent.") if change else _("An owner or administrator does this."),
            identity,
            reverse("inbox:mail", kwargs=slug) if change else "",
        ),
        Step(
            _("Get mail in"),
            _("Name your support addresses, and have mail to them brought here.")
            if change
            else _("An owner or administrator does this."),
            mail,
            reverse("inbox:mail_in", kwargs=slug) if change else "",
        ),
    )
