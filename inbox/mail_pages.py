"""Page objects of Settings -> Mail: as whom the workspace writes, and the mail that is on its way."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from inbox import identity
from inbox.listing import subject_of
from inbox.mail_forms import IdentityForm
from inbox.models import Delivery, MailIdentity, OutgoingMail
from inbox.sent import SentState, deliveries_of, state_of
from tenants.access import Visit
from tenants.names import shown
from tenants.pages.nav import SettingsNav, settings_nav
from tenants.roles import Permission

MOST = 50  # of each group: whoever has more has one trouble and not fifty
RECENT = timedelta(days=1)
State = OutgoingMail.State


@dataclass(frozen=True, slots=True)
class IdentityPage:
    form: IdentityForm
    may_edit: bool
    saved: bool
    set_up: bool
    can_be_set_up: bool  # there is an address to write from
    general_url: str
    changed_at: datetime | None
    queue_url: str  # empty for those who may not see it
    troubled: int  # mails that wait for a person, up to MOST
    settings_nav: SettingsNav


@dataclass(frozen=True, slots=True)
class QueueLine:
    subject: str
    to: str
    url: str  # the conversation
    state: SentState


@dataclass(frozen=True, slots=True)
class QueueGroup:
    name: str
    title: str
    text: str
    lines: tuple[QueueLine, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class QueuePage:
    groups: tuple[QueueGroup, ...]
    identity_url: str
    set_up: bool
    gone: bool  # what was decided had been decided already
    settings_nav: SettingsNav


def identity_page(visit: Visit, form: IdentityForm, row: MailIdentity | None, *, saved: bool) -> IdentityPage:
    kwargs = {"workspace": visit.workspace.slug}
    return IdentityPage(
        form=form,
        may_edit=visit.may(Permission.CHANGE_SETTINGS),
        saved=saved,
        set_up=row is not None,
        can_be_set_up=bool(form.addresses),
        general_url=reverse("tenants:general", kwargs=kwargs),
        changed_at=row.updated_at if row else None,
        queue_url=reverse("inbox:mail_queue", kwargs=kwargs) if visit.may(Permission.WORK_INBOX) else "",
        troubled=troubled(),
        settings_nav=settings_nav(visit, selected="inbox:mail"),
    )


def initial(row: MailIdentity | None, visit: Visit, addresses: tuple[str, ...]) -> dict[str, object]:
    """What the form shows; before it was ever filled in, what nearly everybody wants."""
    if row is None:
        name = visit.workspace.name
        return {
            "from_name": name,
            "from_email": addresses[0] if addresses else "",
            "signature": "{name}\n" + name,
            "undo_seconds": identity.UNDO_SECONDS,
        }
    return {name: getattr(row, name) for name in IdentityForm.base_fields}


def troubled() -> int:
    """How many mails wait for a person, up to MOST."""
    return len(OutgoingMail.objects.filter(state__in=[State.FAILED, State.UNKNOWN]).values("pk")[:MOST])


def queue_page(visit: Visit, *, gone: bool = False) -> QueuePage:
    return QueuePage(
        groups=tuple(_groups(visit)),
        identity_url=reverse("inbox:mail", kwargs={"workspace": visit.workspace.slug}),
        set_up=identity.current() is not None,
        gone=gone,
        settings_nav=settings_nav(visit, selected="inbox:mail"),
    )


def _groups(visit: Visit) -> list[QueueGroup]:
    unknown = _(
        "Handed to the mail server, which did not say whether it took them. They are not sent again by themselves."
    )
    rows = OutgoingMail.objects.order_by("-created_at", "-pk")
    return [
        _group(visit, "unknown", _("Not known whether sent"), unknown, rows.filter(state=State.UNKNOWN)),
        _group(visit, "failed", _("Not sent"), _("Nobody has these."), rows.filter(state=State.FAILED)),
        _group(visit, "sending", _("Being sent"), "", rows.filter(state=State.SENDING)),
        _group(
            visit,
            "waiting",
            _("Waiting"),
            _("They leave by themselves."),
            rows.filter(state=State.QUEUED).order_by("next_run_at", "pk"),
        ),
        _group(
            visit,
            "sent",
            _("Sent in the last day"),
            "",
            rows.filter(state=State.SENT, sent_at__gt=Now() - RECENT).order_by(F("sent_at").desc(), "-pk"),
        ),
    ]


def _group(visit: Visit, name: str, title: str, text: str, rows: QuerySet[OutgoingMail]) -> QueueGroup:
    found = list(rows.select_related("message__conversation")[: MOST + 1])
    known = deliveries_of(found[:MOST])
    lines = tuple(_line(visit, row, known.get(row.pk, [])) for row in found[:MOST])
    return QueueGroup(name, title, text, lines, more=len(found) > MOST)


def _line(visit: Visit, row: OutgoingMail, deliveries: list[Delivery]) -> QueueLine:
    message = row.message
    number = message.conversation.number
    return QueueLine(
        subject=subject_of(message.conversation),
        to=", ".join(shown(name) or address for name, address in (*message.to, *message.cc, *message.bcc)),
        url=reverse("inbox:thread", kwargs={"workspace": visit.workspace.slug, "number": number}),
        state=state_of(visit, row, deliveries),
    )
