"""Settings -> Audit log: who may read it, what it says, and how it is searched."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from tenants import audit, audit_chain, handovers, invitations, provisioning
from tenants.audit import Action, Group
from tenants.models import AuditEvent, User
from tenants.pages import audit as pages
from tenants.pages import audit_words
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests.conftest import Cast
from tests.tenants import chains
from tests.walking import cast, signed_in, soup_of, text_of

__all__ = ["cast"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.long]
LOG = "/acme/settings/audit/"
EXPORT = f"{LOG}export/"


def entries(client: Client, query: str = "") -> list[str]:
    response = client.get(f"{LOG}{query}")
    assert response.status_code == 200
    return [" ".join(one.get_text(" ").split()) for one in soup_of(response).select(".audit > li")]


def write(cast: Cast, action: Action = Action.MEMBER_ADDED, *, target: str = "somebody", **more: object) -> AuditEvent:
    with tenant_context(cast.acme.pk):
        return audit.record(action, by=cast.olivia, target=target, **more)  # type: ignore[arg-type]


# --- Who ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["olivia", "adam"])
def test_owners_and_administrators_read_and_download_the_log(cast: Cast, who: str) -> None:
    client = signed_in(getattr(cast, who))
    assert client.get(LOG).status_code == 200
    response = client.post(EXPORT)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/jsonl")
    assert response["Content-Disposition"].startswith('attachment; filename="acme-audit-20')
    assert "no-store" in response["Cache-Control"]
    assert b"".join(response).count(b"\n") == 5  # type: ignore[arg-type] - streamed
    assert "Audit log" in text_of(client.get("/acme/settings/general/"))


def test_an_agent_neither_sees_the_link_nor_gets_the_log(cast: Cast) -> None:
    client = signed_in(cast.ava)
    assert client.get(LOG).status_code == client.post(EXPORT).status_code == 403
    assert "Audit log" not in text_of(client.get("/acme/settings/general/"))


def test_mallory_finds_no_log_and_a_stranger_is_asked_to_sign_in(cast: Cast) -> None:
    assert signed_in(cast.mallory).get(LOG).status_code == 404
    assert signed_in(cast.mallory).post(EXPORT).status_code == 404
    assert Client().get(LOG).status_code == 302


def test_mallory_reads_her_own_log_alone(cast: Cast) -> None:
    page = text_of(signed_in(cast.mallory).get("/nextdoor/settings/audit/"))
    assert "Mallory opened the workspace" in page
    assert "Olivia" not in page


def test_the_log_is_not_downloaded_by_a_link(cast: Cast) -> None:
    assert signed_in(cast.olivia).get(EXPORT).status_code == 405
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.olivia.user)
    assert client.post(EXPORT).status_code == 403


# --- What -----------------------------------------------------------------------------------------------------------
def test_every_action_has_a_sentence() -> None:
    assert audit.WORDS.keys() == set(Action)
    assert all(len(str(words.sentence)) > 5 and "." not in str(words.sentence) for words in audit.WORDS.values())
    assert {words.group for words in audit.WORDS.values()} == set(Group)
    assert len({str(words.sentence) for words in audit.WORDS.values()}) == len(Action)


def test_an_action_of_a_later_version_is_shown_by_its_name(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        AuditEvent.objects.create(action="moon.landed_on", actor_name="VersanaCX", actor_role="system", target="x")
    assert "moon landed on" in entries(signed_in(cast.olivia))[0]


def test_an_entry_says_who_in_which_role_did_what_to_what_and_what_changed(cast: Cast) -> None:
    client = signed_in(cast.adam)
    client.post("/acme/settings/general/", {"name": "Acme & Sons", "time_zone": "UTC", "support_addresses": ""})
    first = soup_of(client.get(LOG)).select_one(".audit > li")
    assert first.select_one(".audit-what").get_text() == "Adam changed the workspace’s settings: acme"
    changes = [" ".join(one.get_text(" ").split()) for one in first.select(".audit-changes > div")]
    assert changes == ["name Acme Goods became Acme & Sons", "support addresses support@shop.example became nothing"]
    facts = [" ".join(one.get_text(" ").split()) for one in first.select(".audit-facts > span")]
    assert facts == ["Administrator", "IPv4", "Not sealed yet"]
    with tenant_context(cast.acme.pk):
        audit_chain.seal()
    assert "Sealed as 4" in entries(client)[0]


def test_a_member_is_named_and_not_numbered(cast: Cast) -> None:
    assert any("Olivia added a member: Ava" in entry for entry in entries(signed_in(cast.olivia)))


def test_details_are_said_in_words(cast: Cast) -> None:
    """Whatever a row holds: no inner name, no handle, no number of something that has a name."""
    with tenant_context(cast.acme.pk):
        invitations.invite(email="lena@acme.example", role=Role.AGENT, by=cast.adam)
        handover = handovers.offer(taker=cast.adam, by=cast.olivia)
        handovers.withdraw(handover=handover, by=cast.olivia)
        handovers.accept(handover=handovers.offer(taker=cast.adam, by=cast.olivia), by=cast.adam)
        audit.record(Action.INVITATION_ACCEPTED, by=cast.ava, target="invitation 1", role="agent", member=3)
        audit.record(Action.STORE_CONNECTED, by=cast.adam, target="harbor.myshopify.com", scopes=["read_all_orders"])
        audit.record(Action.SECOND_FACTOR_REMOVED, by=cast.ava, target="member 3", kind="totp")
        audit.record(
            Action.WORKSPACE_CLOSED, by=cast.adam, target="acme", after={"erase_after": "2026-12-24T17:30:00+00:00"}
        )
        audit.record(Action.STORE_APP_CHANGED, by=cast.adam, target="Own", change="rotation_ended")
    said = "\n".join(entries(signed_in(cast.adam)))
    for words in (
        "Adam invited somebody: lena@acme.example",
        "Olivia ended an offer of the ownership: Adam",
        "how it ended withdrawn offer of the ownership no. 1",
        "Olivia owner became administrator Adam administrator became owner offer of the ownership no. 2",
        "role agent joined as Ava",
        "permissions read all orders",
        "kind of factor authenticator app",
        "to be erased on Dec 24, 2026, 17:30",
        "what the previous client secret counts no more",
    ):
        assert words in said, said
    assert not re.search(r"member \d|invitation \d|\w_\w", said)


def test_words_of_another_version_are_shown_as_they_stand() -> None:
    for name, value in (
        ("erase_after", "soon"), ("erase_after", "0001-01-01T00:00:00+14:00"), ("erase_after", "2026-01-01"),
        ("role", "queen"), ("reason", "tired"), ("member", "member 9"), ("kind", "x" * 200), ("change", "sign"),
    ):  # fmt: skip
        assert audit_words.text(value, of=name, names={"member 1": "Ava"}) == value
    assert audit_words.called("moon_phase", {}) == "moon phase"


@pytest.mark.parametrize("target", ["member ²", "member 1²", f"member {10**30}", "member -1", "member 1\n", "member "])
def test_a_target_that_only_looks_like_a_member_breaks_no_page(cast: Cast, target: str) -> None:
    write(cast, target=target)
    assert entries(signed_in(cast.olivia))[0].startswith(f"Olivia added a member: {target.strip()}")


def test_a_name_stays_as_it_was_when_it_happened(cast: Cast) -> None:
    write(cast)
    cast.olivia.user.name = "Olivia New"
    cast.olivia.user.save()
    assert entries(signed_in(cast.olivia))[0].startswith("Olivia added a member")


def test_values_of_every_shape_are_readable(cast: Cast) -> None:
    write(
        cast,
        before={"on": False, "names": ["a", "b"], "gone": 3, "deep": {"x": None}},
        after={
            "on": True,
            "names": [],
            "text": "",
            "long": "y" * 400,
            "many": list(range(40)),
            "list": [[1], {"z": 2}],
        },
    )
    first = entries(signed_in(cast.olivia))[0]
    for words in (
        "on no became yes",
        "names a, b became nothing",
        "gone 3 became nothing",
        "deep x: nothing became nothing",
        "text empty",
        "9, 10, 11, and 28 more",
        "1, z: 2",
    ):
        assert words in first
    assert "y" * audit_words.LONGEST + "…" in first


HOSTILE = ['<script>alert(1)</script>"', "\u202eevil\u202c", "דנה לוי", "x" * 200, "{{ page.head }}", "é🧾", "a\r\nb"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_values_are_shown_as_text(cast: Cast, text: str) -> None:
    cast.olivia.user.name = text[:120]
    write(cast, target=text, before={text: text}, after={text: [text]}, detail=text)
    response = signed_in(cast.olivia).get(LOG)
    soup = soup_of(response)
    first = soup.select_one(".audit > li")
    assert " ".join(first.select_one(".audit-target").get_text().split()) == " ".join(text.split())
    assert first.select_one(".audit-target").name == "bdi"
    assert not first.select("script")
    assert b"<script>alert" not in response.content


# --- Which ----------------------------------------------------------------------------------------------------------
def test_the_log_is_filtered_by_group_person_and_target(cast: Cast) -> None:
    write(cast, Action.STORE_CONNECTED, target="harbor.myshopify.com")
    write(cast, Action.STORE_DISCONNECTED, target="pine.myshopify.com")
    with tenant_context(cast.acme.pk):
        audit.record(Action.MEMBER_LEFT, by=cast.ava, target="Ava")
        audit.record(Action.MEMBER_REMOVED, by=None, target="Ava")
    client = signed_in(cast.olivia)
    assert len(entries(client)) == 7
    assert [entry.split(": ")[0] for entry in entries(client, "?group=stores")] == [
        "Olivia disconnected a store",
        "Olivia connected a store",
    ]
    assert len(entries(client, f"?actor={cast.ava.number}")) == 1
    assert [entry.split(": ")[0] for entry in entries(client, "?actor=system")] == ["VersanaCX removed a member"]
    assert len(entries(client, "?target=harbor.my")) == 1
    assert len(entries(client, "?target=harbor.myshopify.com&group=stores&actor=1")) == 1
    assert entries(client, "?target=arbor") == []
    assert entries(client, "?target=%25") == []
    assert "Nothing like this happened" in text_of(client.get(f"{LOG}?target=nobody"))


def test_a_period_is_of_days_in_the_workspaces_zone(cast: Cast) -> None:
    client = signed_in(cast.olivia)
    client.post("/acme/settings/general/", {"name": "Acme Goods", "time_zone": "Asia/Tokyo", "support_addresses": ""})
    with tenant_context(cast.acme.pk):
        for hour in (14, 15):  # 23:00 and midnight in Tokyo
            AuditEvent.objects.create(
                at=datetime(2026, 3, 1, hour, tzinfo=UTC),
                action="x",
                actor_name="X",
                actor_role="system",
                target=f"{hour}",
            )
    assert [entry for entry in entries(client, "?begin=2026-03-01&end=2026-03-01") if "15" in entry] == []
    assert len(entries(client, "?begin=2026-03-01&end=2026-03-01")) == 1
    assert len(entries(client, "?begin=2026-03-02&end=2026-03-02")) == 1
    assert len(entries(client, "?end=2026-03-02")) == 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("begin=yesterday", "valid date"),
        ("begin=2026-02-30", "valid date"),
        ("begin=0001-01-01", "between 1970 and 2199"),
        ("end=9999-12-31", "between 1970 and 2199"),
        ("begin=2026-03-02&end=2026-03-01", "before the beginning"),
        ("group=nothing", "valid choice"),
        ("actor=99", "valid choice"),
        ("actor=-1", "valid choice"),
        ("target=%00", "Null characters"),
        (f"target={'x' * 201}", "at most 200"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field(cast: Cast, query: str, words: str) -> None:
    response = signed_in(cast.olivia).get(f"{LOG}?{query}")
    assert response.status_code == 422
    assert words in " ".join(error.get_text() for error in soup_of(response).select(".errorlist"))
    assert not soup_of(response).select(".audit > li")


def test_pages_go_back_in_time_without_gaps_while_new_entries_arrive(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        chains.events(cast.olivia, 120)
    client, url, seen = signed_in(cast.olivia), LOG, list[str]()

    def numbers(targets: list[str]) -> list[str]:
        """Of the generated ones alone: members' ids are shown as names."""
        return [last for one in targets if not one.startswith("member ") and (last := one.split()[-1]).isdigit()]

    with tenant_context(cast.acme.pk):
        wanted = list(AuditEvent.objects.order_by("-at", "-pk").values_list("target", flat=True))
    while url:
        soup = soup_of(client.get(url))
        seen += [one.get_text() for one in soup.select(".audit-target")]
        older = soup.select_one("a[rel=next]")
        url = older["href"] if older else ""
        if len(seen) == pages.PAGE:
            write(cast, target="new")
        else:
            assert soup.select_one(f'.audit-pages a[href="{LOG}"]')
    assert len(seen) == len(wanted)
    assert numbers(seen) == numbers(wanted) == [str(n) for n in range(119, -1, -1)]


def test_the_filter_stays_on_the_way_to_older_entries(cast: Cast) -> None:
    for _ in range(pages.PAGE + 5):
        write(cast, Action.STORE_CONNECTED, target="harbor")
    client = signed_in(cast.olivia)
    older = soup_of(client.get(f"{LOG}?group=stores&target=har")).select_one("a[rel=next]")["href"]
    query = parse_qs(urlsplit(older).query)
    assert (query["group"], query["target"]) == (["stores"], ["har"])
    assert len(soup_of(client.get(older)).select(".audit > li")) == 5


@pytest.mark.parametrize("after", ["x", "AAAA", "%00", "MjAyNi0wMS0wMXwx", "9" * 500])
def test_a_position_that_is_none_of_ours_is_not_found(cast: Cast, after: str) -> None:
    assert signed_in(cast.olivia).get(LOG, {"after": after}).status_code == 404


def test_a_page_costs_the_same_queries_however_long_the_log_is(
    cast: Cast, django_assert_max_num_queries: object
) -> None:
    client = signed_in(cast.olivia)
    client.get(LOG)
    with tenant_context(cast.acme.pk):
        chains.events(cast.olivia, 200)
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        client.get(LOG)


# --- The chain beside it --------------------------------------------------------------------------------------------
def test_the_page_says_where_the_chain_ends(cast: Cast) -> None:
    client = signed_in(cast.olivia)
    assert not soup_of(client.get(LOG)).select(".audit-head")
    with tenant_context(cast.acme.pk):
        audit_chain.seal()
        head = audit_chain.head()
    page = client.get(LOG)
    assert soup_of(page).select_one(".audit-head").get_text() == head.hash
    assert "3 entries are sealed." in text_of(page)


def test_when_sealing_has_stopped_the_page_says_since_when(cast: Cast) -> None:
    client = signed_in(cast.olivia)
    assert "waits for a seal" not in text_of(client.get(LOG))
    with tenant_context(cast.acme.pk):
        audit_chain.seal()
        AuditEvent.objects.create(
            at=timezone.now() - timedelta(hours=2), action="x", actor_name="X", actor_role="system", target="old"
        )
    assert "1 entry waits for a seal, the oldest since" in text_of(client.get(LOG))


def test_somebody_who_left_can_still_be_asked_for(cast: Cast) -> None:
    user = User.objects.create_user(email="left@acme.example", name="Lars Left")
    with tenant_context(cast.acme.pk):
        lars = provisioning.add_member(user=user, role=Role.AGENT, by=cast.olivia)
        audit.record(Action.MEMBER_LEFT, by=lars, target="Lars Left")
        lars.removed_at = timezone.now()
        lars.save()
    client = signed_in(cast.olivia)
    assert "Lars Left" in text_of(client.get(LOG))
    assert len(entries(client, f"?actor={lars.number}")) == 1
