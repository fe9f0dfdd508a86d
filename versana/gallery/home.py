"""Example pages of what a workspace begins with, of notices and of reports: full, empty, and with everything gone wrong."""

import random
from dataclasses import replace
from datetime import date, timedelta

from inbox.cards import Person
from inbox.forms import NoticeRuleForm, ReportForm
from inbox.home import Alert, Count, HomePage, QueueRow, Step
from inbox.notice_pages import NoticeRow, NoticeRulesPage, NoticesPage, initial
from inbox.notice_rules import Rule
from inbox.report_pages import ReportPage, chart_list, table_of, tile_list
from inbox.reports import Figures, Spread
from versana.gallery.conversations import MAYA, OLIVIA
from versana.gallery.stores import ago

HERE = "/_gallery/"
TOMAS, PRIYA, HANA = Person("Tomás Okafor", "TO", 1), Person("Priya Raman", "PR", 2), Person("Hana Sato", "HS", 5)
HOSTILE = (
    "<img src=x onerror=alert(1)> Ünïcödé \u202e and a name that goes on and on without ever coming to an end at all"
)


# --- Home -----------------------------------------------------------------------------------------------------------
def home() -> HomePage:
    """A morning with work, and nothing wrong."""
    rows = (
        (HANA, "Refund not on my card yet", 190, True),
        (TOMAS, "Wrong size, can I swap the boots?", 96, True),
        (MAYA, "Where is the rest of #1042?", 41, True),
        (PRIYA, "Please cancel #1057", 400, False),
    )
    return HomePage(
        greeting="Hello, Ava Brandt",
        counts=(
            Count("Need a reply", "27", f"{HERE}inbox/", ago(minutes=640)),
            Count("Unassigned", "14", f"{HERE}inbox/", ago(minutes=640)),
            Count("Yours", "4", f"{HERE}inbox/", ago(minutes=400)),
        ),
        queue=tuple(
            QueueRow(f"{HERE}inbox/", person, subject, ago(minutes=minutes), waits)
            for person, subject, minutes, waits in rows
        ),
        queue_url=f"{HERE}inbox/",
        more=False,
        alerts=(),
        steps=(),
        reports_url=f"{HERE}reports/",
    )


def home_in_trouble() -> HomePage:
    """Everything at once, for an owner."""
    page = home()
    return replace(
        page,
        more=True,
        queue=(*page.queue, replace(page.queue[0], subject=HOSTILE), replace(page.queue[1], subject="One more")),
        alerts=(
            Alert(
                "mail-warning",
                "1 reply may not have been sent",
                "The connection broke before the mail server answered. Decide whether it is sent again.",
                None,
                "Look",
                HERE,
            ),
            Alert(
                "mail-warning",
                "3 replies could not be sent",
                "The mail server refused it. See why, and try again.",
                None,
                "Look",
                HERE,
            ),
            Alert(
                "store",
                "Harbor Goods: Shopify no longer accepts our access",
                "Reconnect while signed in to the Shopify account that owns this store. Conversations are untouched; orders show what we last knew.",
                ago(minutes=300),
                "See to it",
                HERE,
            ),
        ),
    )


def home_of_an_agent() -> HomePage:
    """What is wrong, for somebody who cannot mend it."""
    trouble = Alert(
        "store",
        "Harbor Goods",
        "Its orders cannot be read at the moment. An owner of this workspace can reconnect it.",
    )
    return replace(home(), alerts=(trouble,), queue=(), reports_url="")


def home_empty() -> HomePage:
    """The first day."""
    page = home()
    return replace(
        page,
        counts=tuple(replace(count, shown="0", since=None) for count in page.counts),
        queue=(),
        steps=(
            Step("Connect a store", "So that orders stand beside each conversation.", True),
            Step("Set the address you write as", "Without one nothing can be sent.", False, HERE),
            Step(
                "Get mail in", "Name your support addresses, and have mail to them brought here.", False, HERE
            ),
        ),
    )  # fmt: skip


# --- Notices --------------------------------------------------------------------------------------------------------
def notices() -> NoticesPage:
    given, named, wrote, failed, unknown = (
        "Olivia Chen gave you a conversation",
        "Olivia Chen mentioned you in a note",
        "There is a new message in a conversation of yours",
        "A reply of yours could not be sent",
        "It is not known whether a reply of yours was sent",
    )
    rows = (
        (MAYA, "Where is the rest of #1042?", wrote, 3, True),
        (OLIVIA, "Wrong size, can I swap the boots?", given, 26, True),
        (MAYA, "Where is the rest of #1042?", failed, 33, True),
        (OLIVIA, "Please cancel #1057", named, 41, False),
        (HANA, "Refund not on my card yet", unknown, 75, False),
        (HANA, "Refund not on my card yet", wrote, 130, False),
        (OLIVIA, HOSTILE, given, 4000, False),
    )
    return NoticesPage(
        rows=tuple(
            NoticeRow(f"{HERE}inbox/", person, subject, what, ago(minutes=minutes), unread)
            for person, subject, what, minutes, unread in rows
        ),
        unread=True,
        read_url=f"{HERE}notices/",
        rules_url=f"{HERE}notice-rules/",
        next_url=f"{HERE}notices/",
        begins=True,
    )


def no_notices() -> NoticesPage:
    return replace(notices(), rows=(), unread=False, next_url="")


def notice_rules(data: dict[str, str] | None = None) -> NoticeRulesPage:
    rule = Rule(quiet_from=20, quiet_until=7)
    form = NoticeRuleForm(data, initial=initial(rule))
    return NoticeRulesPage(form, "America/New York", saved=data is None, back_url=f"{HERE}notices/")


# --- Reports --------------------------------------------------------------------------------------------------------
def reports(*, days: int = 30, by: str = "topic") -> ReportPage:
    """A month with weekends, in which some days had no answer."""
    rng = random.Random(7)  # noqa: S311 - an example
    first = date(2026, 11, 22) - timedelta(days=days - 1)
    found = {first + timedelta(days=n): _day(rng, first + timedelta(days=n)) for n in range(days)}
    whole = replace(
        _whole(list(found.values())),
        response=Spread(timedelta(minutes=47), timedelta(hours=7, minutes=20)),
        closing=Spread(timedelta(hours=9, minutes=12), timedelta(days=2, hours=3)),
    )
    parts = (("Order status", 0.42), ("Return or exchange", 0.21), ("Refund", 0.12), ("Product question", 0.08))
    people = (("Ava Brandt", 0.5), ("Olivia Chen", 0.3), ("Nobody", 0.2))
    stores = (("Harbor Goods", 0.7), ("Pine Outlet", 0.2))
    groups = {"topic": parts, "assignee": people, "store": stores}
    return ReportPage(
        form=ReportForm({"period": "30"}),
        choices=tuple((f"{n} days", f"{HERE}reports/", n == days) for n in (7, 30, 90)),
        groups=tuple(
            (word, f"{HERE}reports/", key == by)
            for key, word in (("topic", "By topic"), ("assignee", "By assignee"), ("store", "By store"))
        ),
        by=by,
        time_zone="America/New York",
        period="Oct 24, 2026 to Nov 22, 2026",
        tiles=tile_list(whole),
        charts=chart_list(found),
        days=table_of("day", [(f"{day:%b %-d, %Y}", figures) for day, figures in found.items()], export_url=HERE),
        group=table_of(by, [(name, _share(whole, share)) for name, share in groups[by]], export_url=HERE),
    )


def no_reports() -> ReportPage:
    return replace(reports(), tiles=(), charts=(), days=None, group=None, empty=True)


def reports_asked_wrongly() -> ReportPage:
    form = ReportForm({"begin": "2026-02-03", "end": "2026-01-01"})
    return replace(reports(), form=form, period="", tiles=(), charts=(), days=None, group=None)


def _day(rng: random.Random, day: date) -> Figures:
    busy = 1.0 if day.weekday() < 5 else 0.25
    received, answered = int(rng.randrange(34, 62) * busy), int(rng.randrange(20, 34) * busy)
    if day.weekday() == 6 or not answered:
        return Figures(received=received, new=received // 2)
    minutes = rng.randrange(25, 90)
    return Figures(
        received=received,
        sent=int(received * rng.uniform(0.7, 1.1)),
        new=received // 2,
        answered=answered,
        response=Spread(timedelta(minutes=minutes), timedelta(minutes=minutes * rng.randrange(4, 9))),
        closed=answered,
        closing=Spread(timedelta(hours=rng.randrange(6, 14)), timedelta(hours=rng.randrange(30, 60))),
    )


def _whole(days: list[Figures]) -> Figures:
    return Figures(
        received=sum(day.received for day in days),
        sent=sum(day.sent for day in days),
        new=sum(day.new for day in days),
        answered=sum(day.answered for day in days),
        closed=sum(day.closed for day in days),
    )


def _share(whole: Figures, share: float) -> Figures:
    part = replace(whole, sent=int(whole.sent * share), new=int(whole.new * share))
    return replace(part, answered=int(whole.answered * share), closed=int(whole.closed * share))
