"""The page object of Settings -> Mail in."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models.functions import Length
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox.email.addressing import address_of
from inbox.mailbox_form import MailboxForm
from inbox.models import Mailbox, RawMail
from tenants.access import Visit
from tenants.models import Tenant
from tenants.pages.nav import SettingsNav, settings_nav

MOST_SHOWN = 50
FAILURES: dict[str, str | Promise] = {
    "unknown_host": _("There is no server of this name."),
    "host_refused": _("This server stands in a private network, where this installation does not go."),
    "timed_out": _("The server did not answer in time."),
    "unreachable": _("The server could not be reached, or broke the connection off."),
    "not_trusted": _("The server has no certificate for its name, or does not speak TLS."),
    "sign_in_refused": _("The server refused the user name or the password. Some want a password made for programs."),
    "folder_missing": _("The mailbox has no folder of this name."),
    "bad_answer": _("The server answered in a way that is not IMAP."),
    "key_lost": _("The password can no longer be read here. Remove the mailbox and add it anew."),
    "closed": _("The workspace is closed."),
}


@dataclass(frozen=True, slots=True)
class MailboxRow:
    """`state` is trying, works or fails."""

    number: int
    address: str
    place: str  # "imap.example.com, INBOX"
    state: str
    polled_at: datetime | None
    failing_since: datetime | None
    failure: str
    check_url: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class RefusedRow:
    number: int
    reason: str
    source: str
    size: str
    received_at: datetime
    fetch_url: str
    again_url: str
    delete_url: str


@dataclass(frozen=True, slots=True)
class MailInPage:
    address: str  # empty: this installation takes no mail in by address
    support_addresses: tuple[str, ...]
    general_url: str
    mailboxes: tuple[MailboxRow, ...]
    trying: bool
    waiting: int  # mails that are not filed yet
    refused: tuple[RefusedRow, ...]
    refused_count: int
    form: MailboxForm
    url: str
    settings_nav: SettingsNav


def mail_in_page(visit: Visit, form: MailboxForm) -> MailInPage:
    kwargs = {"workspace": visit.workspace.slug}
    rows = Mailbox.objects.defer("password").order_by("number")
    mailboxes = tuple(_mailbox(row, kwargs) for row in rows)
    refused = RawMail.objects.filter(state=RawMail.State.REFUSED)
    newest = refused.defer("raw").annotate(size=Length("raw")).order_by("-received_at", "-pk")[:MOST_SHOWN]
    return MailInPage(
        address=address_of(visit.workspace.slug, domain=settings.INBOUND_DOMAIN),
        support_addresses=tuple(Tenant.objects.get(pk=visit.workspace.id).support_addresses),
        general_url=reverse("tenants:general", kwargs=kwargs),
        mailboxes=mailboxes,
        trying=any(row.state == "trying" for row in mailboxes),
        waiting=RawMail.objects.filter(state=RawMail.State.NEW).count(),
        refused=tuple(_refused(row, kwargs) for row in newest),
        refused_count=refused.count(),
        form=form,
        url=reverse("inbox:mail_in", kwargs=kwargs),
        settings_nav=settings_nav(visit, selected="inbox:mail_in"),
    )


def _mailbox(row: Mailbox, kwargs: dict[str, str]) -> MailboxRow:
    here = {**kwargs, "number": row.number}
    state = "fails" if row.failing_since else "works" if row.polled_at else "trying"
    return MailboxRow(
        number=row.number,
        address=row.address,
        place=f"{row.host}, {row.folder}",
        state=state,
        polled_at=row.polled_at,
        failing_since=row.failing_since,
        failure=str(FAILURES.get(row.failure, FAILURES["unreachable"])) if row.failing_since else "",
        check_url=reverse("inbox:mailbox_check", kwargs=here),
        remove_url=reverse("inbox:mailbox_remove", kwargs=here),
    )


def _refused(row: RawMail, kwargs: dict[str, str]) -> RefusedRow:
    here = {**kwargs, "number": row.number}
    size = int(row.size)  # type: ignore[attr-defined]
    return RefusedRow(
        number=row.number,
        reason=row.reason[:1].upper() + row.reason[1:],
        source=row.get_source_display(),
        size=f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} B",
        received_at=row.received_at,
        fetch_url=reverse("inbox:refused_mail", kwargs=here),
        again_url=reverse("inbox:refused_mail_again", kwargs=here),
        delete_url=reverse("inbox:refused_mail_delete", kwargs=here),
    )
