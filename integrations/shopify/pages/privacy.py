"""Page objects of Settings -> Privacy: requests about people's data, what is kept about people, erasing a contact."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from integrations.shopify.models import ComplianceRequest
from tenants import personal
from tenants.access import Visit
from tenants.addresses import normalise
from tenants.pages.nav import SettingsNav, settings_nav
from tenants.personal import Kept, Who
from tenants.roles import Permission

NEAR = timedelta(days=7)
MOST_DONE = 50

Kind, State = ComplianceRequest.Kind, ComplianceRequest.State
_TITLES = {
    Kind.DATA_REQUEST: gettext_lazy("A customer asks for their data"),
    Kind.CUSTOMER_REDACT: gettext_lazy("A customer must be erased"),
    Kind.SHOP_REDACT: gettext_lazy("A store must be erased"),
    Kind.CONTACT_ERASE: gettext_lazy("A contact must be erased"),
}
_TITLES_DONE = {
    Kind.DATA_REQUEST: gettext_lazy("A customer got their data"),
    Kind.CUSTOMER_REDACT: gettext_lazy("A customer was erased"),
    Kind.SHOP_REDACT: gettext_lazy("A store was erased"),
    Kind.CONTACT_ERASE: gettext_lazy("A contact was erased"),
}
# The code's own words for what was counted, as they stand on the page.
_THINGS = {
    "conversations": ngettext_lazy("%(n)d conversation", "%(n)d conversations", "n"),
    "messages": ngettext_lazy("%(n)d message", "%(n)d messages", "n"),
    "messages of others": ngettext_lazy(
        "%(n)d message of others that named them", "%(n)d messages of others that named them", "n"
    ),
    "files": ngettext_lazy("%(n)d file", "%(n)d files", "n"),
    "contacts": ngettext_lazy("%(n)d contact", "%(n)d contacts", "n"),
    "addresses": ngettext_lazy("%(n)d address", "%(n)d addresses", "n"),
    "stored orders": ngettext_lazy("orders of %(n)d store", "orders of %(n)d stores", "n"),
    "exports": ngettext_lazy("%(n)d export", "%(n)d exports", "n"),
    "mails that waited": ngettext_lazy("%(n)d mail that waited", "%(n)d mails that waited", "n"),
}


@dataclass(frozen=True, slots=True)
class RequestCard:
    """One request. `state`: "making", "ready", "gone" (its file was deleted), "erasing", "done", "ignored"."""

    number: int
    title: str
    store: str  # empty: an owner asked
    state: str
    received_at: datetime
    due_at: datetime
    done_at: datetime | None
    days_left: str
    urgency: str  # "", "near", "over"
    size: int
    file_until: datetime | None
    counted: str  # "3 conversations, 12 messages"
    customer: str
    file_url: str = ""
    done_url: str = ""
    again_url: str = ""


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    open: tuple[RequestCard, ...]
    done: tuple[RequestCard, ...]
    near: int
    over: int
    may_act: bool
    kept_url: str
    erase_url: str
    entered: str
    error: str
    settings_nav: SettingsNav


@dataclass(frozen=True, slots=True)
class KeptGroup:
    title: str
    rows: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class KeptPage:
    """What is kept about people. Made from the code's own inventory, which a test compares with the tables."""

    workspace: str
    groups: tuple[KeptGroup, ...]
    made_at: datetime
    back_url: str
    settings_nav: SettingsNav


@dataclass(frozen=True, slots=True)
class ErasePage:
    """`address` must be typed again. `others`: further addresses that belong to the same contact."""

    address: str
    known: bool
    others: tuple[str, ...]
    erase_url: str
    back_url: str
    error: str


def privacy_page(visit: Visit, *, entered: str = "", error: str = "") -> PrivacyPage:
    slug = {"workspace": visit.workspace.slug}
    may_act = visit.may(Permission.ANSWER_FOR_DATA)
    rows = ComplianceRequest.objects.select_related("store").defer("order_ids")
    waiting = [_card(row, slug, may_act=may_act) for row in rows.exclude(state=State.DONE).order_by("due_at", "pk")]
    done = [_card(row, slug) for row in rows.filter(state=State.DONE).order_by("-done_at", "-pk")[:MOST_DONE]]
    return PrivacyPage(
        open=tuple(waiting),
        done=tuple(done),
        near=sum(card.urgency == "near" for card in waiting),
        over=sum(card.urgency == "over" for card in waiting),
        may_act=may_act,
        kept_url=reverse("shopify:privacy-kept", kwargs=slug),
        erase_url=reverse("shopify:privacy-erase", kwargs=slug) if may_act else "",
        entered=entered,
        error=error,
        settings_nav=settings_nav(visit, selected="shopify:privacy"),
    )


def kept_page(visit: Visit) -> KeptPage:
    return KeptPage(
        workspace=visit.workspace.name,
        groups=tuple(groups()),
        made_at=timezone.now(),
        back_url=reverse("shopify:privacy", kwargs={"workspace": visit.workspace.slug}),
        settings_nav=settings_nav(visit, selected="shopify:privacy"),
    )


def groups() -> list[KeptGroup]:
    """The inventory by whose data it is."""
    everything = list(personal.inventory())
    found = [KeptGroup(str(who.label), tuple(row for row in everything if row.who == who)) for who in Who]
    return [group for group in found if group.rows]


def erase_page(visit: Visit, *, address: str, error: str = "") -> ErasePage:
    """Asks once more. Raises AddressError for what is no address."""
    slug = {"workspace": visit.workspace.slug}
    asked = personal.Subject(emails=frozenset([normalise(address)]))
    subject = personal.widened(asked)
    return ErasePage(
        address=address,
        known=subject != asked,
        others=tuple(sorted(subject.emails - asked.emails)),
        erase_url=reverse("shopify:privacy-erase", kwargs=slug),
        back_url=reverse("shopify:privacy", kwargs=slug),
        error=error,
    )


def _card(row: ComplianceRequest, slug: Mapping[str, str], *, may_act: bool = False) -> RequestCard:
    left = row.due_at - timezone.now()
    state = _state(row)
    asks = row.kind == Kind.DATA_REQUEST and state != "done"
    here = {**slug, "number": row.number}
    titles = _TITLES_DONE if row.state == State.DONE else _TITLES
    return RequestCard(
        number=row.number,
        title=_("A store is connected again: nothing was erased")
        if state == "ignored"
        else str(titles[Kind(row.kind)]),
        store=row.store.shop_domain if row.store else "",
        state=state,
        received_at=row.received_at,
        due_at=row.due_at,
        done_at=row.done_at,
        days_left=_days(left),
        urgency="" if not asks else "over" if left < timedelta(0) else "near" if left <= NEAR else "",
        size=row.size,
        file_until=row.file_until,
        counted=_counted(row.counts),
        customer=row.customer_id,
        file_url=reverse("shopify:data-request-file", kwargs=here) if may_act and state == "ready" else "",
        done_url=reverse("shopify:data-request-done", kwargs=here) if may_act and state in ("ready", "gone") else "",
        again_url=reverse("shopify:data-request-again", kwargs=here) if may_act and state == "gone" else "",
    )


def _state(row: ComplianceRequest) -> str:
    if row.state == State.DONE:
        return "ignored" if row.counts.get("connected again") else "done"
    if row.kind != Kind.DATA_REQUEST:
        return "erasing"
    if row.state == State.WAITING:
        return "making"
    return "ready" if row.file_until and row.file_until > timezone.now() else "gone"


def _days(left: timedelta) -> str:
    if left < timedelta(0):
        return _("the day is over")
    return ngettext("%(n)d day left", "%(n)d days left", left.days) % {"n": left.days}


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(str(words % {"n": counts[kind]}) for kind, words in _THINGS.items() if counts.get(kind))
