"""Example audit logs: full, hostile, empty, filtered to nothing, asked wrongly, and with sealing behind."""

from dataclasses import replace

from tenants.forms.audit import AuditFilter
from tenants.pages.audit import AuditPage, AuditRow, Change
from versana.gallery.settings import nav
from versana.gallery.stores import ago

_LONG = "Wilhelmina-Alexandrine von und zu Hohenlohe-Waldenburg-Schillingsfürst " * 3
_HERE = "/_gallery/audit/"
_ACTORS = [("1", "Olivia Chen"), ("2", "Adam Brandt"), ("3", "Ava Brandt")]


def _row(**changes: object) -> AuditRow:
    given = AuditRow(
        at=ago(minutes=4),
        actor="Olivia Chen",
        role="Owner",
        sentence="changed a member’s role",
        target="Ava Brandt",
        changes=(Change("role", "agent", "administrator"),),
        client="IPv4",
        position=412,
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def _rows() -> tuple[AuditRow, ...]:
    settings = (
        Change("name", "Harbor", "Harbor & Pine"),
        Change("support addresses", "nothing", "help@harborpine.example"),
    )
    return (
        _row(at=ago(seconds=20), sentence="changed the workspace’s settings", target="harbor-pine", changes=settings, position=0),
        _row(),
        _row(at=ago(hours=3), actor="Adam Brandt", role="Administrator", sentence="invited somebody", target="lena@harborpine.example", changes=(Change("role", None, "agent"),), client="IPv6", position=411),
        _row(at=ago(days=2), sentence="connected a store", target="harbor-goods.myshopify.com", changes=(Change("permissions", None, "read customers, read orders"),), position=410),
        _row(at=ago(days=9), actor="VersanaCX", role="", sentence="ended an offer of the ownership", target="offer 3", changes=(), client="", position=409),
        _row(at=ago(days=40), sentence="made a second factor a rule for everybody", target="", changes=(Change("second factor required", "no", "yes"),), position=408),
    )  # fmt: skip


def log(
    *, rows: tuple[AuditRow, ...] | None = None, data: dict[str, str] | None = None, **changes: object
) -> AuditPage:
    page = AuditPage(
        form=AuditFilter(data or {}, actors=_ACTORS),
        rows=_rows() if rows is None else rows,
        filtered=bool(data),
        clear_url=_HERE,
        older_url=f"{_HERE}?after=x",
        newest_url="",
        length=412,
        head="3f9a61c2d84b7e05a1f6c9d2e8b34710a5c6d7e8f90123456789abcdef012345",
        late_since=None,
        late_count=0,
        export_url=_HERE,
        settings_nav=nav("Audit log"),
    )
    return replace(page, **changes)  # type: ignore[arg-type]


def hostile() -> AuditPage:
    rows = (
        _row(actor="דנה לוי", target="\u202eevil\u202c <script>alert(1)</script>", changes=(Change("name", _LONG, _LONG[::-1]),)),
        _row(actor="x" * 120, target="y" * 200, changes=(Change("z" * 60, "0" * 240, "1" * 240), Change("", None, "nothing")), position=9_999_999),
        _row(actor="Ömer Şahin", sentence="moon landed on", target="مرحبا بالعالم", changes=(Change("اسم", "قديم", "جديد"),), position=0),
    )  # fmt: skip
    return log(rows=rows)


def nothing_found() -> AuditPage:
    return log(rows=(), data={"group": "stores", "target": "harbor"}, older_url="")


def asked_wrongly() -> AuditPage:
    return log(rows=(), data={"begin": "2026-03-02", "end": "2026-03-01", "actor": "99"}, older_url="")


def behind() -> AuditPage:
    return log(
        rows=tuple(replace(row, position=0) for row in _rows()),
        late_since=ago(hours=5),
        late_count=12,
        length=0,
        head="",
        older_url="",
    )
