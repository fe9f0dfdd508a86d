"""Page objects of Settings -> Data: exports, closing, and the page of a workspace that is being closed."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import exporting, switches
from tenants.access import Visit
from tenants.doors import Workspace
from tenants.models import Export
from tenants.pages.nav import SettingsNav, settings_nav


@dataclass(frozen=True, slots=True)
class ExportCard:
    """One export. `percent` is None before the work has begun."""

    number: int
    title: str
    asked_by: str
    created_at: datetime
    state: str  # "waiting", "running", "ready", "failed"
    percent: int | None
    done: int
    total: int
    size: int
    expires_at: datetime | None
    file_url: str
    delete_url: str


@dataclass(frozen=True, slots=True)
class ExportsPanel:
    """The part that polls itself while an export is being made."""

    exports: tuple[ExportCard, ...]
    url: str
    may_ask: bool
    polling: bool
    kept_days: int
    refused: bool = False  # somebody had asked for one already
    paused: bool = False  # by whoever runs the installation
    full: int = 0  # how many finished ones are kept, when that is as many as may be


@dataclass(frozen=True, slots=True)
class DataPage:
    panel: ExportsPanel
    name: str
    erase_after: datetime | None
    closing_days: int
    close_url: str
    reopen_url: str
    settings_nav: SettingsNav
    too_late: bool = False


@dataclass(frozen=True, slots=True)
class ClosePage:
    """`address` must be typed to confirm."""

    name: str
    address: str
    closing_days: int
    erase_on: datetime
    close_url: str
    back_url: str
    error: str


@dataclass(frozen=True, slots=True)
class ClosedPage:
    name: str
    erase_after: datetime | None
    time_zone: str
    over: bool


def data_page(visit: Visit, *, too_late: bool = False) -> DataPage:
    slug = {"workspace": visit.workspace.slug}
    return DataPage(
        panel=exports_panel(visit),
        name=visit.workspace.name,
        erase_after=visit.workspace.erase_after,
        closing_days=settings.CLOSING_PERIOD.days,
        close_url=reverse("tenants:data-close", kwargs=slug),
        reopen_url=reverse("tenants:data-reopen", kwargs=slug),
        settings_nav=settings_nav(visit, selected="tenants:data"),
        too_late=too_late,
    )


def exports_panel(visit: Visit, *, refused: bool = False) -> ExportsPanel:
    exports = Export.objects.select_related("requested_by__user").order_by("-number")
    cards = tuple(_card(export, visit.workspace.slug) for export in exports)
    under_way = any(card.state in ("waiting", "running") for card in cards)
    paused, full = not switches.is_on(switches.Switch.EXPORTS), exporting.is_full()
    return ExportsPanel(
        exports=cards,
        url=reverse("tenants:data-exports", kwargs={"workspace": visit.workspace.slug}),
        may_ask=not (under_way or paused or full),
        polling=under_way,
        kept_days=settings.EXPORT_KEPT.days,
        refused=refused,
        paused=paused,
        full=exporting.MOST_KEPT if full and not under_way else 0,
    )


def close_page(visit: Visit, *, error: str) -> ClosePage:
    slug = {"workspace": visit.workspace.slug}
    return ClosePage(
        name=visit.workspace.name,
        address=visit.workspace.slug,
        closing_days=settings.CLOSING_PERIOD.days,
        erase_on=timezone.now() + settings.CLOSING_PERIOD,
        close_url=reverse("tenants:data-close", kwargs=slug),
        back_url=reverse("tenants:data", kwargs=slug),
        error=error,
    )


def closed_page(workspace: Workspace, *, over: bool) -> ClosedPage:
    return ClosedPage(workspace.name, workspace.erase_after, workspace.time_zone, over)


def _card(export: Export, slug: str) -> ExportCard:
    kwargs = {"workspace": slug, "number": export.number}
    ready, failed = export.state == Export.State.READY, export.state == Export.State.FAILED
    return ExportCard(
        number=export.number,
        title=_("Export %(number)d") % {"number": export.number},
        asked_by=export.requested_by.user.display_name,
        created_at=export.created_at,
        state=export.state,
        # What comes in meanwhile is exported too: more may be done than was counted.
        percent=min(99, 100 * export.done // export.total) if export.total else None,
        done=min(export.done, export.total),
        total=export.total,
        size=export.size,
        expires_at=export.expires_at,
        file_url=reverse("tenants:data-export", kwargs=kwargs) if ready else "",
        delete_url=reverse("tenants:data-export-delete", kwargs=kwargs) if ready or failed else "",
    )
