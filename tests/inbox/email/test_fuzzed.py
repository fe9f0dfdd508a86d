"""CPython's own test mails, every charset that Python knows, and mails damaged by chance: none crashes, none is lost."""

import encodings.aliases
import time
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from inbox.email import doorstep
from inbox.email.parsing import BadMail, parse
from inbox.models import Message, RawMail
from tenants.models import Tenant
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.inbox.email import fuzzing, hostile

pytestmark = pytest.mark.django_db
Tell = Callable[[str], None]


def read(raws: Iterable[bytes]) -> tuple[Counter[str], list[float]]:
    """How many were read and how many refused, and how long each took. Whatever else is raised ends the test."""
    counts: Counter[str] = Counter()
    times = []
    for raw in raws:
        begun = time.perf_counter()
        try:
            parse(raw)
            counts["read"] += 1
        except BadMail:
            counts["refused"] += 1
        times.append(time.perf_counter() - begun)
    return counts, times


def through_the_doorstep(raws: Iterable[bytes], acme: Tenant) -> tuple[int, Counter[str], list[float]]:
    """Each kept and filed as in production: how many different ones were handed in, and what became of them."""
    handed, ends, times = set(), Counter[str](), []
    for raw in raws:
        begun = time.perf_counter()
        if raw in handed:
            continue
        handed.add(raw)
        with tenant_context(acme.pk):
            before = Message.objects.count()
            row = doorstep.take(raw=raw, source=RawMail.Source.DOOR)
        with expected_tenant(acme.pk):
            doorstep.file(raw_id=row.pk)
        with tenant_context(acme.pk):
            left = RawMail.objects.filter(pk=row.pk).values_list("state", flat=True).first()
            more = Message.objects.count() - before
        ends["refused" if left == "refused" else "lost" if left or more > 1 else "filed" if more else "there"] += 1
        times.append(time.perf_counter() - begun)
    return len(handed), ends, times


def percent(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)] * 1_000


def test_every_message_of_cpythons_tests_is_read(tell: Tell) -> None:
    mails = fuzzing.pythons_own()
    counts, times = read(mails.values())
    tell(
        f"CPython's test mails: {len(mails)}, {counts['read']} read, {counts['refused']} refused, {percent(times, 0.5):.2f} ms"
    )
    reasons = {_refused(raw) for raw in mails.values()} - {""}
    assert reasons <= {"it does not say whom it is from", "it has no header, so it is no mail"}


def _refused(raw: bytes) -> str:
    try:
        parse(raw)
    except BadMail as refusal:
        return refusal.reason
    return ""


@pytest.mark.parametrize("form", ["8bit", "base64", "quoted-printable", "encoded word"])
def test_every_charset_that_python_knows_is_text_in_the_end(form: str) -> None:
    for charset in sorted({*encodings.aliases.aliases, *encodings.aliases.aliases.values(), "utf-8", "nosuch", ""}):
        raw = b"\xc4\xd6\xfc caf\xe9 \x1b$B$3\x1b(B +AOk- \xe2\x98\x83"
        if form == "encoded word":
            mail = parse(hostile.mail(f"Subject: =?{charset}?b?xNb8?= =?{charset}?q?=C4=D6?=\n".encode()))
            assert mail.subject
            continue
        fields = f'Content-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: {form}\n'
        mail = parse(hostile.mail(fields.encode(), raw))
        (mail.text + mail.html).encode()  # no halves of pairs: what cannot be encoded cannot be stored
        assert "\x00" not in mail.text


def test_cpythons_mails_are_filed_or_refused_and_none_is_lost() -> None:
    acme = factories.team().acme
    handed, ends, _ = through_the_doorstep(fuzzing.pythons_own().values(), acme)
    assert (sum(ends.values()), ends["lost"]) == (handed, 0)
    with tenant_context(acme.pk):
        assert RawMail.objects.filter(state="new").count() == 0


def _all_of(count: int, filed: int, seed: int, tell: Tell) -> None:
    counts, times = read(fuzzing.damaged(count, seed=seed))
    told = f"{counts['read']} read, {counts['refused']} refused, 0 crashes"
    tell(
        f"fuzzed mails: {count:,}, {told}; p50 {percent(times, 0.5):.2f}, p99 {percent(times, 0.99):.2f}, longest {max(times) * 1_000:.0f} ms"
    )
    handed, ends, times = through_the_doorstep(fuzzing.damaged(filed, seed=seed + 1), factories.team().acme)
    tell(
        f"of {handed:,} through the doorstep: {ends['filed']} filed, {ends['there']} there already, {ends['refused']} refused, "
        f"{ends['lost']} lost; p50 {percent(times, 0.5):.1f}, p99 {percent(times, 0.99):.1f} ms"
    )
    assert (sum(counts.values()), sum(ends.values()), ends["lost"]) == (count, handed, 0)


@pytest.mark.long
def test_five_thousand_damaged_mails_neither_crash_nor_get_lost(tell: Tell) -> None:
    _all_of(5_000, 300, 20_261_127, tell)


@pytest.mark.nightly
def test_a_hundred_thousand_damaged_mails_neither_crash_nor_get_lost(tell: Tell) -> None:
    _all_of(100_000, 10_000, time.time_ns(), tell)


def test_the_same_seed_damages_alike() -> None:
    assert list(fuzzing.damaged(20, seed=3)) == list(fuzzing.damaged(20, seed=3))
