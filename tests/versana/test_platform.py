"""Platform administration: another process, another role. It is asked as such: in a process of its own.

What staff see and may change, and that everything they do is on record.
"""

import os
import re
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from integrations.shopify.models import ConnectionAttempt, WebhookReceipt
from tenants import switches
from tenants.models import Switch, User
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tenants.rls.database import with_database
from tests.conftest import Cast, make_cast
from tests.isolation.rows import populate, workspace
from tests.versana.platform_process import Staff, actions, make_staff, run

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def platform_url(test_database_name: str) -> str:
    return with_database(os.environ["PLATFORM_DATABASE_URL"], test_database_name)


@pytest.fixture
def stella() -> Staff:
    return make_staff()


@pytest.fixture
def house() -> Cast:
    """The cast, and a workspace with a row of everything."""
    made = make_cast()
    populate(workspace("full"))
    Event.objects.create(kind="tenants.outbox.mail.MailQueued", payload={}, queue="background", done_at=timezone.now())
    ConnectionAttempt.objects.create(reference="VX-7F3K-2045", shop_domain="harbor.myshopify.com", outcome="denied")
    WebhookReceipt.objects.create(shop_domain="harbor.myshopify.com", topic="orders/updated", delivery_id="b54557e4")
    return made


WALK = """
from django.urls import get_resolver
from versana.platform.site import site
client = inside()
rows = {model._meta.model_name: model._default_manager.order_by("-pk").values_list("pk", flat=True).first() for model in site._registry}
def paths(patterns, before):
    for one in patterns:
        here = before + str(one.pattern)
        if hasattr(one, "url_patterns"): yield from paths(one.url_patterns, here)
        else: yield here, getattr(one, "name", "") or ""
for path, name in sorted(paths(get_resolver().url_patterns, "/")):
    if not path.startswith("/admin/") or name in ("login", "logout"): continue
    model = path.split("/")[3] if path.count("/") > 3 else ""
    address = path.replace("<path:object_id>", str(rows.get(model))) if name != "app_list" else "/admin/platform/"
    answers = [client.get(address, secure=False).status_code, client.post(address, {}, secure=False).status_code]
    say([address, name, *answers])
"""


def test_every_page_answers_as_it_should_and_leaves_its_row(
    house: Cast, stella: Staff, platform_url: str, superuser_url: str
) -> None:
    said = run(WALK, platform_url, **stella.given)
    found = {name: (address, get, post) for address, name, get, post in said if name}
    models = {"workspace", "person", "connectedstore", "attempt", "delivery", "privacyrequest", "outboxevent"}
    lists = {f"platform_{model}_changelist" for model in models} | {"tenants_staffaction_changelist"}
    details = {name.replace("changelist", "change") for name in lists}
    assert lists | details | {"index", "switches"} <= found.keys()
    assert {name: found[name][1] for name in lists | details | {"index", "switches"}} == dict.fromkeys(
        lists | details | {"index", "switches"}, 200
    )
    assert {found[name][2] for name in details} == {405}
    rest = {name: get for name, (_, get, _) in found.items() if name not in lists | details | {"index", "switches"}}
    assert rest == {"app_list": 200, "jsi18n": 200}  # the second: words of Django's own scripts
    # A row for each GET and each POST, before the page is made: refused ones too.
    opened = [
        (target, detail["method"])
        for action, user, target, detail in actions(superuser_url)
        if action == "page.opened" and user == stella.user.pk
    ]
    asked = [
        (f"{name} {address.split('/')[4] if name.endswith('_change') else ''}".strip(), method)
        for address, name, *_ in said
        for method in ("GET", "POST")
        if name
    ]
    assert sorted(one for one in opened if one[0]) == sorted(asked)
    assert len(opened) == 2 * len(said)


def test_staff_find_what_support_is_asked_about(
    house: Cast, stella: Staff, platform_url: str, superuser_url: str
) -> None:
    script = """
client = inside()
def page(path): return client.get(path, secure=False).content.decode()
workspaces = page("/admin/platform/workspace/")
say(["acme" in workspaces, "nextdoor" in workspaces])
say([word in page("/admin/platform/person/") for word in ("olivia@acme.example", "mallory")])
found = page("/admin/platform/person/?q=Olivia@ACME.example")
say(["olivia@acme.example" in found, "none" in found])
say(["olivia@acme.example" in page("/admin/platform/person/?q=olivia"), "adam@acme.example" in page(f"/admin/platform/person/?q={GIVEN['adam']}")])
one = page(f"/admin/platform/person/{GIVEN['olivia']}/change/")
say(["acme" in one, "owner" in one, "password" in one])
say("totp" in page(f"/admin/platform/person/{GIVEN['me']}/change/"))
say("denied" in page("/admin/platform/attempt/?q=VX-7F3K-2045"))
say("orders/updated" in page("/admin/platform/delivery/?q=b54557e4"))
say(client.get("/admin/platform/person/?q=%00", secure=False).status_code)
"""
    ids = {"olivia": house.olivia.user_id, "adam": house.adam.user_id, "me": stella.user.pk}
    said = run(script, platform_url, **stella.given, **ids)
    assert said == [
        [True, True],
        [False, False],
        [True, True],
        [False, True],
        [True, True, False],
        True,
        True,
        True,
        200,
    ]
    searched = [
        detail["query"] for _, _, target, detail in actions(superuser_url) if target == "platform_attempt_changelist"
    ]
    assert searched == [{"q": "VX-7F3K-2045"}]


def test_the_record_of_a_search_holds_no_address(
    house: Cast, stella: Staff, platform_url: str, superuser_url: str
) -> None:
    script = """
client = inside()
person = "/admin/platform/person/"
for path in ("?q=olivia@acme.example", "?q=Olivia@Acme.example%20", "?q=adam%40acme.example", "?olivia@acme.example=1", "?q=olivia%2540acme.example", "olivia@acme.example/change/"):
    say(client.get(person + path, secure=False).status_code)
say("olivia@acme.example" in client.get(person + "?q=olivia@acme.example", secure=False).content.decode())
"""
    said = run(script, platform_url, **stella.given)
    assert said[:5] == [200, 200, 200, 302, 200]  # the fourth: a filter that Django does not know
    assert said[5:] == [404, True]
    rows = actions(superuser_url)
    with psycopg.connect(superuser_url) as session:
        kept = " ".join(row for (row,) in session.execute("SELECT a::text FROM tenants_staffaction a"))
    assert "@" not in kept
    assert "acme" not in kept.lower()
    asked = [detail["query"]["q"] for *_, detail in rows if "q" in detail.get("query", {})]
    assert re.fullmatch(r"an address \([0-9a-f]{16}\)", asked[0])
    assert asked[0] == asked[1] == asked[-1] != asked[2]


def test_workspaces_are_shown_with_their_people_by_role(house: Cast, stella: Staff, platform_url: str) -> None:
    script = """
from bs4 import BeautifulSoup
page = inside().get("/admin/platform/workspace/?q=nextdoor", secure=False)
row = BeautifulSoup(page.content, "html.parser").select_one("#result_list tbody tr")
say([row.select_one(f".field-{name}").get_text() for name in ("owners", "administrators", "agents", "connected")])
"""
    assert run(script, platform_url, **stella.given) == [["1", "0", "0", "0"]]


def test_a_dead_letter_is_sent_again_on_record_and_others_are_not(
    house: Cast, stella: Staff, platform_url: str, superuser_url: str
) -> None:
    now = timezone.now()
    kind = {"kind": "tenants.outbox.mail.MailQueued", "payload": {"mail_id": 1}, "queue": "background", "attempts": 12}
    dead = Event.objects.create(**kind, dead_at=now, held_until=now + timedelta(minutes=30), last_error="OSError")
    done = Event.objects.create(**kind, done_at=now)
    script = """
client = inside()
answer = client.post("/admin/platform/outboxevent/", {"action": "send_again", "_selected_action": GIVEN["events"]}, secure=False)
say(answer.status_code)
say("1 of 2 will be tried again" in client.get(answer["Location"], secure=False).content.decode())
"""
    assert run(script, platform_url, **stella.given, events=[dead.pk, done.pk]) == [302, True]
    dead.refresh_from_db()
    done.refresh_from_db()
    assert (dead.dead_at, dead.attempts, dead.held_until) == (None, 0, None)
    assert dead.next_run_at <= timezone.now()
    assert (done.done_at, done.attempts) == (now, 12)
    again = [(user, target) for action, user, target, _ in actions(superuser_url) if action == "outbox.sent_again"]
    assert again == [(stella.user.pk, f"event {dead.pk}")]


def test_a_switch_is_thrown_with_a_reason_and_counts_at_once(
    house: Cast, stella: Staff, platform_url: str, superuser_url: str
) -> None:
    script = """
client = inside()
def throw(**form): return client.post("/admin/switches/", form, secure=False).status_code
def page(): return client.get("/admin/switches/", secure=False).content.decode()
say([page().count("never thrown"), throw(name="read_stores", on="0", reason="Shopify asked us to")])
for wrong in ({"name": "read_stores", "on": "1", "reason": ""}, {"name": "nothing", "on": "1", "reason": "x"}, {"name": "exports", "on": "?", "reason": "x"}, {"name": "exports", "on": "0", "reason": "x" * 201}):
    throw(**wrong)
say("Shopify asked us to" in page())
"""
    assert switches.is_on(switches.Switch.READ_STORES)
    assert run(script, platform_url, **stella.given) == [[4, 302], True]
    assert not switches.is_on(switches.Switch.READ_STORES)
    assert switches.is_on(switches.Switch.EXPORTS)
    assert list(Switch.objects.values_list("name", "on", "changed_by")) == [("read_stores", False, "Stella Staff")]
    thrown = [(target, detail) for action, _, target, detail in actions(superuser_url) if action == "switch.changed"]
    assert thrown == [("read_stores", {"before": None, "after": False, "reason": "Shopify asked us to"})]


def test_a_page_that_cannot_be_put_on_record_is_not_shown(
    house: Cast, stella: Staff, platform_url: str, superuser_url: str
) -> None:
    script = """
client = inside()
client.raise_request_exception = False
say(client.get("/admin/platform/workspace/", secure=False).status_code)
with open(GIVEN["flag"], "w") as file: file.write("x")
input()
answer = client.get("/admin/platform/workspace/", secure=False)
say([answer.status_code, "acme" in answer.content.decode()])
"""
    script = script.replace(
        "input()\n",
        "import psycopg; psycopg.connect(GIVEN['super'], autocommit=True).execute('REVOKE INSERT ON tenants_staffaction FROM versana_platform')\n",
    )
    script = script.replace('with open(GIVEN["flag"], "w") as file: file.write("x")\n', "")
    try:
        assert run(script, platform_url, **stella.given, super=superuser_url) == [200, [500, False]]
    finally:
        with psycopg.connect(superuser_url, autocommit=True) as session:
            session.execute("GRANT INSERT ON tenants_staffaction TO versana_platform")


def test_answers_carry_a_strict_policy_and_may_not_be_framed(stella: Staff, platform_url: str) -> None:
    script = """
client = browser()
for answer in (client.get("/admin/login/", secure=False), inside().get("/admin/platform/workspace/", secure=False)):
    say([answer["Content-Security-Policy"], answer["X-Frame-Options"], answer["Cross-Origin-Opener-Policy"], "no-store" in answer["Cache-Control"]])
answer = enter(client, code=code(1))
say([answer.cookies["versana_platform"][part] for part in ("httponly", "samesite", "path", "max-age")])
"""
    *pages, cookie = run(script, platform_url, **stella.given)
    for policy, frame, opener, uncached in pages:
        directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        assert directives["default-src"] == directives["frame-ancestors"] == directives["base-uri"] == "'none'"
        assert {directives[name] for name in ("script-src", "style-src", "img-src", "form-action")} == {"'self'"}
        assert (frame, opener, uncached) == ("DENY", "same-origin", True)
    assert cookie == [True, "Strict", "/", ""]


def test_paths_of_djangos_administration_that_show_or_change_more_do_not_exist(
    stella: Staff, platform_url: str
) -> None:
    gone = [
        "password_change/",
        "autocomplete/",
        "r/1/1/",
        "tenants/user/",
        "auth/group/",
        "account/emailaddress/",
        "mfa/authenticator/",
        "sessions/session/",
        "platform/factor/",
        "platform/member/",
    ]
    script = (
        'client = inside()\nfor path in GIVEN["paths"]: say(client.get("/admin/" + path, secure=False).status_code)\n'
    )
    assert run(script, platform_url, **stella.given, paths=gone) == [404] * len(gone)


def test_the_process_refuses_the_applications_role_for_what_only_it_may(house: Cast) -> None:
    """The wall of privileges from the other side: the application reads nothing of what staff did."""
    with tenant_context(house.acme.pk):
        assert User.objects.filter(email_norm="olivia@acme.example").exists()
