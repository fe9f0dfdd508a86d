"""The help: readable by everybody, in the frame of whoever is signed in, and naming nothing that is not there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from integrations.shopify import answers, failures
from integrations.shopify.models import Store
from integrations.shopify.scopes import NEVER, TABLE
from tenants import provisioning
from tenants.models import Membership, Tenant
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests import factories
from tests.conftest import Cast
from versana.gallery import settings as gallery
from versana.help.contents import TOPICS

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:No directory at:UserWarning")]
ROOT = Path(__file__).resolve().parents[2]
SLUGS = [topic.slug for topic in TOPICS]


def opened(client: Client, path: str, **headers: str) -> BeautifulSoup:
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def squeezed(text: str) -> str:
    return " ".join(text.split())


# --- Reading ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", SLUGS)
def test_everybody_can_read_a_page(slug: str, client: Client) -> None:
    page = opened(client, reverse("help:page", kwargs={"slug": slug}))
    assert page.select_one("h1").text == str(TOPICS[SLUGS.index(slug)].title)  # type: ignore[union-attr]
    assert page.select_one(".rail") is None
    assert len(squeezed(page.select_one("article").text)) > 900  # type: ignore[union-attr]


def test_the_index_leads_to_every_page_and_each_page_to_its_neighbours(client: Client) -> None:
    index = opened(client, reverse("help:index"))
    assert [link["href"] for link in index.select(".pick a")] == [f"/help/{slug}/" for slug in SLUGS]
    walked, path = [], f"/help/{SLUGS[0]}/"
    while path:
        walked.append(path)
        page = opened(client, path)
        back, on = page.select_one("a[rel=prev]"), page.select_one("a[rel=next]")
        assert (back and back["href"]) == (walked[-2] if len(walked) > 1 else None)
        path = str(on["href"]) if on else ""
    assert walked == [f"/help/{slug}/" for slug in SLUGS]


@pytest.mark.parametrize("slug", ["nothing", "index", "_layout", "_entries", "connect-a-store-", "x" * 3000])
def test_a_page_that_is_not_there_is_not_found(slug: str, client: Client) -> None:
    assert client.get(f"/help/{slug}/").status_code == 404


def test_the_help_is_only_read(client: Client) -> None:
    assert client.post("/help/stale-data/").status_code == 405


def test_no_workspace_can_be_called_help(cast: Cast) -> None:
    with pytest.raises(provisioning.ProvisioningError):
        provisioning.open_workspace(slug="help", name="Help", owner=cast.olivia.user)


# --- In the frame ----------------------------------------------------------------------------------------------------
def test_a_member_reads_in_the_frame_of_the_workspace_they_came_from(cast: Cast) -> None:
    provisioning.open_workspace(slug="second", name="Second Goods", owner=cast.ava.user)
    client = signed_in(cast.ava)
    page = opened(client, "/help/stale-data/", Referer="http://testserver/acme/inbox/7/")
    assert page.select_one("#rail-inbox")["href"] == "/acme/inbox/"  # type: ignore[index]
    following = page.select_one("a[rel=next]")["href"]  # type: ignore[index]
    assert following == "/help/permissions-and-scopes/?workspace=acme"
    assert opened(client, str(following)).select_one("#rail-inbox")["href"] == "/acme/inbox/"  # type: ignore[index]
    assert opened(client, "/help/stale-data/").select_one(".rail") is None


def test_somebody_with_one_workspace_is_always_in_its_frame(cast: Cast) -> None:
    page = opened(signed_in(cast.ava), "/help/")
    assert page.select_one("#rail-inbox")["href"] == "/acme/inbox/"  # type: ignore[index]
    assert page.select_one(".rail [aria-current]") is None


@pytest.mark.parametrize("named", ["acme", "nobodys", "%00", "acme%27--", "a" * 5000])
def test_a_strangers_workspace_is_no_frame(named: str, cast: Cast) -> None:
    page = opened(signed_in(cast.mallory), f"/help/stale-data/?workspace={named}")
    assert page.select_one("#rail-inbox")["href"] == "/nextdoor/inbox/"  # type: ignore[index]
    assert "Acme" not in page.text


def test_who_must_set_up_a_second_factor_first_gets_no_frame(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(require_second_factor=True)
    assert opened(signed_in(cast.ava), "/help/stale-data/?workspace=acme").select_one(".rail") is None


def test_an_owner_is_led_to_the_settings_that_a_page_is_about(cast: Cast) -> None:
    page = opened(signed_in(cast.olivia), "/help/connect-a-store/")
    assert page.select_one("article a[href='/acme/settings/general/']")


# --- Leading there ----------------------------------------------------------------------------------------------------
def test_the_menu_and_the_sheet_of_keys_lead_to_the_help(cast: Cast) -> None:
    page = opened(signed_in(cast.ava), "/acme/inbox/")
    assert page.select_one("#person-menu a[href='/help/?workspace=acme']")
    assert page.select_one("#shortcuts a[href='/help/?workspace=acme']")


def test_an_inbox_without_stores_says_where_to_read_why(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        number = factories.conversation().number
    thread = opened(signed_in(cast.ava), f"/acme/inbox/{number}/")
    assert thread.select_one(".nobody a[href='/help/sidebar-empty/?workspace=acme']")


def test_a_connection_that_failed_leads_to_the_page_about_connecting() -> None:
    page = BeautifulSoup(render_to_string("shopify/failure.html", {"page": gallery.failure()}), "html.parser")
    assert page.select_one("main a[href='/help/connect-a-store/']")


def test_a_broken_store_and_the_permissions_lead_to_their_pages(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.create(
            number=1, shop_domain="harbor-goods.myshopify.com", state=Store.State.NEEDS_ATTENTION,
            problem=Store.Problem.STORE_FROZEN, connected_by=cast.olivia,
        )  # fmt: skip
    panel = opened(signed_in(cast.olivia), "/acme/settings/shopify/")
    assert panel.select_one(".store .banner a[href='/help/connect-a-store/?workspace=acme']")
    permissions = opened(signed_in(cast.ava), "/acme/settings/shopify/permissions/")
    assert permissions.select_one("main a[href='/help/permissions-and-scopes/?workspace=acme']")


# --- True to the product -----------------------------------------------------------------------------------------------
def _texts_of_templates() -> Iterator[str]:
    for path in (ROOT / "templates").rglob("*.html"):
        if path.parent.name == "help":
            continue
        text = path.read_text()
        yield from re.findall(r'{% translate "([^"]+)"', text)
        for body in re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", text, re.DOTALL):
            yield from re.split(r"{% plural %}", body)


def _texts_of_code() -> Iterator[str]:
    for package in ("inbox", "integrations", "tenants"):
        for path in (ROOT / package).rglob("*.py"):
            if "sandbox" not in path.parts:
                strings = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
                yield from (node.value for node in strings if isinstance(node.value, str))


def plain(text: str) -> str:
    """Without numbers and placeholders, quotes as one kind."""
    text = re.sub(r"<[^>]+>", "", text)
    return squeezed(re.sub(r"%\(\w+\)[ds]|{{[^}]*}}|\d+", "N", text)).strip(" .").replace("’", "'")


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Everything that the product's screens can say, apart from the help; and the first sentence of each."""
    texts = {plain(text) for text in (*_texts_of_templates(), *_texts_of_code())}
    return texts | {text.partition(". ")[0] for text in texts}


def named_on(article: Tag) -> set[str]:
    """Screens, buttons, states and sentences that a page names: bold, quoted, in a heading between quotes, on a badge."""
    marked = {node.text for node in article.select("b, q, .badge")}
    return marked | {name for heading in article.select("h2") for name in re.findall(r"“([^”]+)”", heading.text)}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_state_screen_and_button_that_is_named_exists(slug: str, client: Client, said: set[str]) -> None:
    names = named_on(opened(client, f"/help/{slug}/").select_one("article"))  # type: ignore[arg-type]
    assert {name for name in names if plain(name) not in said} == set()
    assert names or slug == "what-the-ai-can-do"


def test_a_button_that_is_gone_would_be_noticed(said: set[str]) -> None:
    page = BeautifulSoup(
        "<article><b>Connect Shopify</b><b>Frobnicate store</b><q>7 of 9 orders</q></article>", "html.parser"
    )
    assert {name for name in named_on(page) if plain(name) not in said} == {"Frobnicate store"}


def test_the_scopes_and_what_is_never_read_stand_as_the_code_has_them(client: Client) -> None:
    text = squeezed(opened(client, "/help/permissions-and-scopes/").text)
    for scope in TABLE:
        assert {part for part in (scope.handle, scope.name, scope.reads, scope.why) if part not in text} == set()
    assert [line for line in NEVER if line not in text] == []


def test_every_state_problem_and_failure_is_explained(client: Client) -> None:
    text = squeezed(opened(client, "/help/connect-a-store/").text)
    assert [state.label for state in Store.State if state.label not in text] == []
    problems = [m for m in answers.ANSWERS.values() if m.kind is answers.Kind.PROBLEM]
    assert [str(m.fix) for m in problems if str(m.fix) not in text or str(m.title) not in text] == []
    assert [found.title for found in failures.EXPLANATIONS.values() if found.title not in text] == []


def test_every_answer_that_passes_by_itself_is_explained(client: Client) -> None:
    text = squeezed(opened(client, "/help/stale-data/").text)
    passing = [
        m for m in answers.ANSWERS.values() if m.kind in (answers.Kind.PASSING, answers.Kind.OURS, answers.Kind.QUIET)
    ]
    assert {str(meaning.title) for meaning in passing if str(meaning.title) not in text} == set()


def test_who_may_connect_a_store_is_told_as_it_is(client: Client) -> None:
    rows = {
        row.th.text: [cell.text for cell in row.select("td")]
        for row in opened(client, "/help/shopify-overview/").select(".rights tbody tr")
    }  # type: ignore[union-attr]
    roles = [role.label for role in Role]
    assert dict(zip(roles, rows["Connect, reconnect, check and disconnect stores"], strict=True)) == {
        "Owner": "yes",
        "Administrator": "no",
        "Agent": "no",
    }


@pytest.mark.parametrize("slug", SLUGS)
def test_every_link_within_the_help_leads_to_a_page(slug: str, client: Client) -> None:
    links = {str(a["href"]) for a in opened(client, f"/help/{slug}/").select("article a[href^='/']")}
    assert {link for link in links if client.get(link).status_code != 200} == set()
