"""Every figure of the reports beside one that is counted by hand, over a year of made-up mail with both changes of the clocks."""

import csv
import io
import random
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inbox import charts, report_files, report_pages, reports
from inbox.models import (
    Conversation,
    ConversationTopic,
    CustomerLink,
    OutgoingMail,
)
from inbox.reports import Figures, Period
from integrations.shopify.models import OrderContext, Store
from tenants.models import Membership, Tenant, User
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db
ZONES = ("Europe/Berlin", "America/New_York", "Pacific/Auckland", "America/Havana", "Asia/Kolkata")
REPORTS = "/acme/reports/"


# --- Counted by hand ------------------------------------------------------------------------------------------------
@dataclass
class Told:
    """A conversation as the test made it: what the figures are counted from without a database."""

    begun: datetime
    asked: datetime | None
    answered: datetime | None
    closed: datetime | None
    spam: bool
    assignee: int | None
    topics: set[str]
    stores: set[int]
    messages: list[tuple[str, datetime, int | None, str]] = field(default_factory=list)  # kind, when, writer, fate


def percentile(values: list[float], share: float) -> float:
    """Between two values where it falls between two: from the definition, not from a library."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def lengths(values: Iterable[timedelta]) -> tuple[float, float] | None:
    seconds = [value.total_seconds() for value in values]
    if not seconds:
        return None
    assert statistics.median(seconds) == pytest.approx(percentile(seconds, 0.5))
    return statistics.median(seconds), percentile(seconds, 0.9)


def by_hand(told: list[Told], days: set[date], zone: str, only: Any = lambda one: True) -> tuple[Any, ...]:
    """Received, sent, new, answered, response, closed, closing of these days."""
    here = ZoneInfo(zone)

    def on(moment: datetime | None) -> bool:
        return moment is not None and moment.astimezone(here).date() in days

    some = [one for one in told if not one.spam and only(one)]
    sent = [
        one
        for one in some
        for kind, at, _, fate in one.messages
        if kind == "sent" and on(at) and fate not in ("failed", "cancelled")
    ]
    received = [one for one in some for kind, at, *_ in one.messages if kind == "received" and on(at)]
    answered = [one for one in some if on(one.answered)]
    closed = [one for one in some if on(one.closed)]
    return (
        len(received),
        len(sent),
        sum(on(one.begun) for one in some),
        len(answered),
        lengths(one.answered - one.asked for one in answered),  # type: ignore[operator]
        len(closed),
        lengths(one.closed - one.begun for one in closed),  # type: ignore[operator]
    )


def of(figures: Figures) -> tuple[Any, ...]:
    def pair(spread: reports.Spread | None) -> Any:
        seconds = (spread.median.total_seconds(), spread.p90.total_seconds()) if spread else None
        return pytest.approx(seconds, abs=0.001) if seconds else None

    return (
        figures.received, figures.sent, figures.new, figures.answered, pair(figures.response), figures.closed,
        pair(figures.closing),
    )  # fmt: skip


# --- A year ---------------------------------------------------------------------------------------------------------
def moment(rng: random.Random) -> datetime:
    """Anywhere in 2025 and a little around it; often within the hours around a change of the clocks or a midnight."""
    changes = [datetime(2025, 3, 30, 1, tzinfo=UTC), datetime(2025, 10, 26, 1, tzinfo=UTC), datetime(2025, 3, 9, 7, tzinfo=UTC),
               datetime(2025, 11, 2, 6, tzinfo=UTC), datetime(2025, 4, 5, 14, tzinfo=UTC), datetime(2025, 9, 27, 14, tzinfo=UTC)]  # fmt: skip
    if rng.random() < 0.4:
        return rng.choice(changes) + timedelta(seconds=rng.randrange(-40 * 3600, 40 * 3600))
    if rng.random() < 0.2:
        day = date(2025, 1, 1) + timedelta(days=rng.randrange(365))
        return datetime.combine(day, time.min, tzinfo=ZoneInfo(rng.choice(ZONES))).astimezone(UTC) - rng.choice(
            [timedelta(0), timedelta(microseconds=1)]
        )
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(365 * 86_400))


def later(rng: random.Random, after: datetime) -> datetime:
    return after + timedelta(
        seconds=rng.choice([0, 1, 59, rng.randrange(3600), rng.randrange(86_400 * 9)]),
        microseconds=rng.randrange(10**6),
    )


def a_year(cast: Cast, *, seed: int, count: int) -> list[Told]:
    """Conversations with everything that a figure looks at, each as a row and as what was told of it."""
    rng = random.Random(seed)
    members = [None, cast.olivia, cast.adam, cast.ava]
    shops = factories.many_stores(3, by=cast.olivia)
    return [_conversation(rng, n, members, shops) for n in range(count)]


def _conversation(rng: random.Random, n: int, members: list[Membership | None], shops: list[Store]) -> Told:
    begun = moment(rng)
    by_shop = rng.random() < 0.15  # the shop wrote first
    asked = later(rng, begun) if by_shop else begun
    answered = later(rng, asked) if rng.random() < 0.7 else None
    closed = later(rng, answered or asked) if rng.random() < 0.6 else None
    spam = rng.random() < 0.1
    assignee = rng.choice(members)
    closed = None if spam else closed
    row = Conversation.objects.create(
        number=n + 1, contact=factories.contact(email=f"person{n}@example.com"), created_at=begun, answered_at=answered,
        last_message_at=answered or asked, closed_at=closed, assignee=assignee,
        state="spam" if spam else "closed" if closed else "open",
    )  # fmt: skip
    one = Told(begun, asked, answered, closed, spam, assignee.pk if assignee else None, set(), set())
    kinds = [("sent", begun)] if by_shop else []
    kinds += [("received", asked)] + ([("sent", answered)] if answered else [])
    kinds += [(rng.choice(["sent", "received"]), later(rng, answered or asked)) for _ in range(rng.randrange(4))]
    for kind, at in kinds:
        writer = rng.choice(members) if kind == "sent" else None
        fate = rng.choice(["", "", "sent", "queued", "unknown", "failed", "cancelled"]) if kind == "sent" else ""
        message = factories.message(row, kind=kind, sent_at=at, writer=writer)
        if fate:
            OutgoingMail.objects.create(message=message, state=fate)
        one.messages.append((kind, at, writer.pk if writer else None, fate))
    one.topics = _topics(rng, row)
    one.stores = _stores(rng, row, n, shops)
    return one


def _topics(rng: random.Random, row: Conversation) -> set[str]:
    """What its chips show, as labels.shown says it."""
    found: dict[str, tuple[float | None, bool | None]] = {}
    for topic in rng.sample(list(ConversationTopic.Topic.values), rng.randrange(4)):
        found[topic] = rng.choice([(0.8, None), (0.8, True), (0.8, False), (None, True), (None, False), (None, None)])
    for topic, (confidence, confirmed) in found.items():
        ConversationTopic.objects.create(conversation=row, topic=topic, confidence=confidence, confirmed=confirmed)
    hold = {topic for topic, (sure, said) in found.items() if said or (said is None and sure is not None)}
    if "other" in hold and len(hold) > 1 and not found["other"][1]:
        hold.discard("other")
    return hold


def _stores(rng: random.Random, row: Conversation, n: int, shops: list[Store]) -> set[int]:
    known = set()
    for shop in shops:
        how = rng.choice(["no", "no", "address", "nobody", "linked", "both"])
        if how in ("address", "both"):
            OrderContext.objects.create(store=shop, kind="email", key=f"person{n}@example.com", found=True)
        if how == "nobody":
            OrderContext.objects.create(store=shop, kind="email", key=f"person{n}@example.com", found=False)
        if how in ("linked", "both"):
            member = Membership.objects.order_by("pk").first()
            CustomerLink.objects.create(
                contact=row.contact, store_number=shop.number, customer_id="7", linked_by=member
            )
        if how in ("address", "linked", "both"):
            known.add(shop.number)
    return known


@pytest.mark.parametrize(("seed", "zone"), list(enumerate(ZONES)))
def test_every_figure_is_the_one_counted_by_hand(cast: Cast, seed: int, zone: str) -> None:
    with tenant_context(cast.acme.pk):
        told = a_year(cast, seed=seed, count=60)
        period = Period(date(2025, 1, 20), date(2025, 12, 10), zone)
        days = set(period.days())
        per_day = reports.by_day(period)
        whole = reports.totals(period, per_day)
        assert of(whole) == by_hand(told, days, zone)
        assert whole.received > 20
        assert list(per_day) == sorted(days)
        for day, figures in per_day.items():
            assert of(figures) == by_hand(told, {day}, zone), day

        per_topic = reports.by_topic(period)
        for topic in ConversationTopic.Topic.values:
            wanted = by_hand(told, days, zone, lambda one, topic=topic: topic in one.topics)
            assert of(per_topic.get(topic, Figures()))[2:] == wanted[2:], topic

        per_store = reports.by_store(period, reports.stores())
        assert set(per_store) == {1, 2, 3}
        for number, figures in per_store.items():
            wanted = by_hand(told, days, zone, lambda one, number=number: number in one.stores)
            assert of(figures)[2:] == wanted[2:], number

        per_assignee = reports.by_assignee(period)
        for pk in (None, cast.olivia.pk, cast.adam.pk, cast.ava.pk):
            wanted = by_hand(told, days, zone, lambda one, pk=pk: one.assignee == pk)
            wrote = sum(
                kind == "sent" and writer == pk and fate not in ("failed", "cancelled") and not one.spam
                and at.astimezone(ZoneInfo(zone)).date() in days
                for one in told for kind, at, writer, fate in one.messages
            )  # fmt: skip
            assert of(per_assignee[pk])[1:] == (wrote, *wanted[2:])


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2025, 3, 30), "Europe/Berlin", 23),
        (date(2025, 10, 26), "Europe/Berlin", 25),
        (date(2025, 11, 2), "America/Havana", 25),  # the hour after midnight comes twice
        (date(2025, 3, 9), "America/Havana", 23),  # midnight itself is skipped
        (date(2025, 6, 1), "Asia/Kolkata", 24),
    ],
)
def test_a_day_is_as_long_as_its_zone_says_and_misses_no_moment(cast: Cast, day: date, zone: str, hours: int) -> None:
    one, before, after = (Period(d, d, zone) for d in (day, day - timedelta(days=1), day + timedelta(days=1)))
    assert one.end - one.begin == timedelta(hours=hours)
    assert (before.end, one.end) == (one.begin, after.begin)
    with tenant_context(cast.acme.pk):
        row = factories.conversation(texts=())
        at = one.begin
        while at < one.end:
            factories.message(row, sent_at=at)
            at += timedelta(minutes=30)
        factories.message(row, sent_at=one.begin - timedelta(microseconds=1))
        factories.message(row, sent_at=one.end)
        around = Period(day - timedelta(days=1), day + timedelta(days=1), zone)
        assert [f.received for f in reports.by_day(around).values()] == [1, 2 * hours, 1]


def test_a_conversation_that_was_opened_again_counts_when_it_is_closed_again(cast: Cast) -> None:
    begun = datetime(2025, 5, 1, 12, tzinfo=UTC)
    may = Period(date(2025, 5, 1), date(2025, 5, 31), "UTC")

    def in_may() -> Figures:
        return reports.totals(may, reports.by_day(may))

    with tenant_context(cast.acme.pk):
        row = factories.conversation(texts=())
        rows = Conversation.objects.filter(pk=row.pk)
        rows.update(created_at=begun, state="closed", closed_at=begun + timedelta(hours=1))
        assert in_may().closed == 1
        rows.update(state="open", closed_at=None)
        assert in_may().closed == 0
        rows.update(state="closed", closed_at=begun + timedelta(days=3))
        closing = in_may().closing
        assert closing is not None
        assert closing.median == timedelta(days=3)


def test_a_member_who_left_keeps_their_line(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        row = factories.conversation(texts=())
        factories.message(row, kind="sent", writer=cast.ava)
        Membership.objects.filter(pk=cast.ava.pk).update(removed_at=timezone.now())
    assert "Ava" in text_of(signed_in(cast.olivia).get(f"{REPORTS}?by=assignee"))


# --- The page -------------------------------------------------------------------------------------------------------
def busy(cast: Cast) -> Client:
    """A workspace in which something happened today; its owner's browser."""
    with tenant_context(cast.acme.pk):
        row = factories.conversation(texts=("One", "Two"))
        factories.message(row, kind="sent", writer=cast.ava)
        now = timezone.now()
        Conversation.objects.update(
            created_at=now - timedelta(minutes=5), answered_at=now, state="closed", closed_at=now, assignee=cast.ava
        )
    return signed_in(cast.olivia)


def tiles(soup: BeautifulSoup) -> dict[str, str]:
    return {one.select_one("span").text: one.select_one("b").text for one in soup.select(".tiles li")}


def test_the_page_says_what_happened_and_has_the_table_behind_its_charts(cast: Cast) -> None:
    soup = soup_of(busy(cast).get(REPORTS))
    assert tiles(soup) == {
        "Received": "2",
        "Sent": "1",
        "New": "1",
        "First response": "1 min",
        "Time to close": "5 min",
    }
    drawings = soup.select("svg[role=img]")
    assert len(drawings) == 3
    for drawing in drawings:
        for name in drawing["aria-labelledby"].split():
            assert drawing.select_one(f"#{name}").text
    assert not soup.select("[style]")
    rows = soup.select(".behind tbody tr")
    assert len(rows) == 30
    assert [cell.text for cell in rows[-1].select("td")] == [
        "2",
        "1",
        "1",
        "1",
        "1 min",
        "1 min",
        "1",
        "5 min",
        "5 min",
    ]


@pytest.mark.parametrize("by", ["topic", "assignee", "store"])
def test_each_comparison_has_a_table_or_says_that_there_is_nothing(cast: Cast, by: str) -> None:
    olivia = busy(cast)
    words = text_of(olivia.get(f"{REPORTS}?by={by}&period=7"))
    assert "Ava" in words if by == "assignee" else "There is nothing to compare in these days." in words


def test_a_workspace_in_which_nothing_happened_says_so(cast: Cast) -> None:
    assert "Nothing happened in these days" in text_of(signed_in(cast.olivia).get(REPORTS))


def test_agents_see_no_reports_and_no_way_to_them(cast: Cast) -> None:
    ava = signed_in(cast.ava)
    assert ava.get(REPORTS).status_code == 403
    assert ava.get(f"{REPORTS}export/?table=day").status_code == 403
    assert REPORTS not in ava.get("/acme/").content.decode()
    assert signed_in(cast.adam).get(REPORTS).status_code == 200


def test_nobody_sees_another_workspace_s_reports(cast: Cast) -> None:
    busy(cast)
    mallory = signed_in(cast.mallory)
    assert mallory.get(REPORTS).status_code == 404
    assert "Nothing happened" in text_of(mallory.get("/nextdoor/reports/"))


@pytest.mark.parametrize(
    "query",
    [
        "begin=2025-02-30&end=2025-03-01", "begin=0001-01-01&end=2025-01-01", "begin=9999-12-31&end=9999-12-31",
        "begin=2025-02-02&end=2025-02-01", "begin=2020-01-01&end=2025-01-01", "begin=2025-01-01", "end=2025-01-01",
        "begin=%00&end=2025-01-01", "begin=' OR 1=1--&end=x", "begin=99999999999999999999&end=-1", "begin=2025-01-01&end=2999-01-01",
        "begin=١٢٣&end=٢٠٢٥-٠١-٠١",
    ],
)  # fmt: skip
def test_days_that_are_none_are_refused_in_words(cast: Cast, query: str) -> None:
    olivia = busy(cast)
    response = olivia.get(f"{REPORTS}?{query}")
    assert response.status_code == 422
    assert soup_of(response).select(".errorlist")
    assert olivia.get(f"{REPORTS}export/?table=day&{query}").status_code == 400


@pytest.mark.parametrize(
    "query", ["period=0", "period=-1", "period=1e9", "period=%00", "period[]=7", "by=%00", "by=__class__"]
)
def test_anything_else_in_the_address_shows_what_is_shown_by_default(cast: Cast, query: str) -> None:
    soup = soup_of(busy(cast).get(f"{REPORTS}?{query}"))
    assert len(soup.select(".behind tbody tr")) == 30
    assert soup.select_one("#group-title").text == "By topic"


def test_chosen_days_are_those_of_the_workspace_s_zone(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.filter(pk=cast.acme.pk).update(time_zone="Asia/Kolkata")
        row = factories.conversation(texts=())
        factories.message(row, sent_at=datetime(2025, 6, 1, 18, 29, tzinfo=UTC))  # 23:59 on the first
        factories.message(row, sent_at=datetime(2025, 6, 1, 18, 30, tzinfo=UTC))  # midnight
    soup = soup_of(signed_in(cast.olivia).get(f"{REPORTS}?begin=2025-06-01&end=2025-06-01"))
    assert tiles(soup)["Received"] == "1"


# --- Files ----------------------------------------------------------------------------------------------------------
def lines(client: Client, query: str) -> list[list[str]]:
    response = client.get(f"{REPORTS}export/?{query}")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="acme-by-')
    return list(csv.reader(io.StringIO(response.content.decode())))


def test_a_table_can_be_taken_away_as_a_file(cast: Cast) -> None:
    olivia = busy(cast)
    days = lines(olivia, "table=day&period=7")
    assert len(days) == 8
    assert all(len(line) == 10 for line in days)
    assert days[-1][1:4] == ["2", "1", "1"]
    assert 290 <= int(days[-1][8]) <= 300
    assert days[1][5:7] == ["", ""]
    assert lines(olivia, "table=assignee")[1][:3] == ["Ava", "1", "1"]
    assert olivia.get(f"{REPORTS}export/?table=everything").status_code == 400


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")'])
def test_no_name_is_a_formula_in_a_spreadsheet(cast: Cast, name: str) -> None:
    olivia = busy(cast)
    User.objects.filter(pk=cast.ava.user_id).update(name=name)
    cell = lines(olivia, "table=assignee")[1][0]
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert report_files.safe(name) == f"'{name}"


# --- What it costs --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("by", "most"), [("topic", 14), ("assignee", 16), ("store", 15)])
def test_the_page_takes_as_many_statements_however_much_there_is(cast: Cast, by: str, most: int) -> None:
    olivia = busy(cast)
    with tenant_context(cast.acme.pk):
        Conversation.objects.update(number=1000)
        a_year(cast, seed=3, count=30)
    with CaptureQueriesContext(connection) as captured:
        olivia.get(f"{REPORTS}?by={by}&begin=2025-01-01&end=2025-12-31")
    # A test is inside a transaction of its own, which adds these.
    around = ("SAVEPOINT", "RELEASE", "SELECT set_config('app.tenant_id', '', true)")
    own = [one["sql"] for one in captured.captured_queries if not one["sql"].startswith(around)]
    assert len(own) <= most, "\n".join(own)


# --- Drawing --------------------------------------------------------------------------------------------------------
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=366))
def test_no_count_stands_above_its_scale_and_half_of_it_is_whole(values: list[int]) -> None:
    top = charts.top_of_counts(values)
    assert max(values) <= top
    assert top % 2 == 0
    for bar in charts.bars(values, top):
        assert 0 <= bar.x <= charts.WIDTH - bar.width
        assert 0 <= bar.y <= charts.HEIGHT
        assert bar.y + bar.height == pytest.approx(charts.HEIGHT, abs=0.02)


@given(st.lists(st.one_of(st.none(), st.floats(0, 10**8)), min_size=1, max_size=100))
def test_a_line_has_a_point_for_each_day_that_has_a_value(values: list[float | None]) -> None:
    top = charts.top_of_lengths(values)
    path = f"{charts.line(values, top)} {charts.dots(values, top)}"
    there = [value is not None for value in values]
    assert path.count("M") + path.count("L") == sum(there)
    stretches = sum(now and not before for before, now in zip([False, *there], there, strict=False))
    assert path.count("M") == stretches
    assert len(charts.band(values, values, top)) == stretches
    assert "nan" not in path


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (7260, "2 h 1 min"), (86_400, "1 d"), (186_400, "2 d 3 h"), (-5, "0 s")],
)  # fmt: skip
def test_lengths_are_said_in_two_units_at_most(seconds: float, words: str) -> None:
    assert report_pages.span(timedelta(seconds=seconds)) == words
