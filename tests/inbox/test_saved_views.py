"""Lists that are kept under a name: one's own, everybody's, and nobody else's."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from inbox import saved_views
from inbox.models import SavedView
from tenants.models import Membership
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.inbox.test_list import LIST
from tests.walking import cast, signed_in, soup_of

__all__ = ["cast"]
pytestmark = pytest.mark.django_db
WORDS = "open&topic=refund&priority=3"
KEEP = f"{LIST}views/?view={WORDS}"


@pytest.fixture
def ava(cast: Cast) -> Client:
    return signed_in(cast.ava)


def names(member: Membership) -> list[str]:
    menu = soup_of(signed_in(member).get(LIST)).select("#views-menu a[href*='topic=']")
    return [link.select_one(".clip").get_text() for link in menu]


def test_ava_keeps_a_list_finds_it_renames_and_deletes_it(cast: Cast, ava: Client) -> None:
    assert ava.post(KEEP, {"name": "  Urgent   refunds "})["Location"] == f"{LIST}?view={WORDS}"
    assert (names(cast.ava), names(cast.olivia)) == (["Urgent refunds"], []), "her own"
    page = soup_of(ava.get(f"{LIST}?view={WORDS}"))
    assert page.select_one("#views-button").get_text(strip=True) == "Urgent refunds"
    ava.post(page.select_one("#rename-menu form")["action"], {"name": "Refunds first"})
    assert names(cast.ava) == ["Refunds first"]
    ava.post(page.select("#rename-menu form")[1]["action"])
    assert names(cast.ava) == []


def test_administrators_and_owners_share_and_agents_use_what_is_shared(cast: Cast, ava: Client) -> None:
    signed_in(cast.adam).post(KEEP, {"name": "Team", "shared": "on"})
    assert names(cast.ava) == names(cast.olivia) == ["Team"]
    assert soup_of(ava.get(f"{LIST}?view={WORDS}")).select_one("#rename-menu") is None
    with tenant_context(cast.acme.pk):
        number = SavedView.objects.get().number
    assert ava.post(KEEP, {"name": "Mine for all", "shared": "on"}).status_code == 403
    for deed in ("rename", "delete"):
        assert ava.post(f"{LIST}views/{number}/{deed}/", {"name": "x"}).status_code == 403
    assert signed_in(cast.olivia).post(f"{LIST}views/{number}/rename/", {"name": "Ours"}).status_code == 302
    assert names(cast.ava) == ["Ours"]


def test_what_is_somebody_elses_own_is_not_there(cast: Cast, ava: Client) -> None:
    ava.post(KEEP, {"name": "Secret"})
    with tenant_context(cast.acme.pk):
        view = SavedView.objects.get()
        with pytest.raises(PermissionDenied):
            saved_views.delete(view=view, by=cast.olivia)
    for deed in ("rename", "delete"):
        path = f"{LIST}views/{view.number}/{deed}/"
        assert signed_in(cast.olivia).post(path, {"name": "x"}).status_code == 404
        assert signed_in(cast.mallory).post(path, {"name": "x"}).status_code == 404
        assert signed_in(cast.mallory).post(path.replace("acme", "nextdoor"), {"name": "x"}).status_code == 404
    assert names(cast.ava) == ["Secret"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "A view needs a name"),
        (" \t ", "A view needs a name"),
        ("\u202e", "letters, digits and signs"),
        ("x" * 61, "at most 60 characters"),
        ("TAKEN", "There is a view of this name already."),
    ],
)
def test_a_name_that_will_not_do_is_refused_with_a_word_why(cast: Cast, ava: Client, name: str, why: str) -> None:
    ava.post(KEEP, {"name": "Taken"})
    answer = ava.post(KEEP, {"name": name})
    assert answer.status_code == 422
    assert why in soup_of(answer).select_one("#list-said").get_text()
    assert names(cast.ava) == ["Taken"]


def test_hostile_names_are_text_and_hostile_lists_are_not_kept(cast: Cast, ava: Client) -> None:
    ava.post(KEEP, {"name": "<img src=x onerror=alert(1)>"})
    assert names(cast.ava) == ["<img src=x onerror=alert(1)>"]
    assert soup_of(ava.get(LIST)).select("#views-menu img") == []
    assert ava.post(f"{LIST}views/?view=javascript:alert(1)", {"name": "x"}).status_code == 404


def test_a_menu_holds_so_many_and_no_more(cast: Cast, ava: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 2)
    for name in ("One", "Two"):
        assert ava.post(KEEP, {"name": name}).status_code == 302
    assert ava.post(KEEP, {"name": "Three"}).status_code == 422
    assert names(cast.ava) == ["One", "Two"]


def test_the_view_that_is_looked_at_is_marked_also_when_it_is_narrowed(cast: Cast, ava: Client) -> None:
    def marked() -> list[str]:
        page = soup_of(ava.get(f"{LIST}?view={WORDS}"))
        return [str(link["href"]) for link in page.select("#list-views a[aria-current], #views-menu a[aria-current]")]

    assert marked() == [f"{LIST}?view=open"]
    ava.post(KEEP, {"name": "Urgent refunds"})
    assert marked() == [f"{LIST}?view={WORDS}"], "the kept one, and no other"
