"""Every path of the product, asked by everybody: the right answer follows from what the view declares.

Nobody who may not gets a 200, nobody at all a 500, and another workspace is not forbidden but not there. No page shows a
word of a workspace to somebody who is not in it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.test import Client

from tenants.roles import Permission, Role, may
from tests.isolation import houses
from tests.isolation.houses import House, furnish, signed_in
from tests.isolation.routes import FILLINGS, Route, routes
from tests.telling import Tell
from tests.tenants.test_access import UNMARKED

# WhiteNoise looks for collected files, which only an installation has.
pytestmark = [pytest.mark.filterwarnings("ignore:No directory at:UserWarning"), pytest.mark.long]
ROUTES = routes()
METHODS = ("GET", "POST")
SERVED = {200, 201, 204, 301, 302, 303}
# What a member who may is answered: served; or something is wrong with the form, or narrower than the page (an agent may
# see the settings, and not save them).
REACHED = SERVED | {400, 403, 409, 410, 422, 429}
# Routes that even a member who may finds empty, because the row is in another state than they are for.
EMPTY: dict[str, str] = {
    "inbox:confirm": "An order is confirmed only where the messages name it and the store told of it (tests/inbox/test_by_hand.py).",
    "inbox:not_theirs": "As with confirming, the messages must name the order (tests/inbox/test_ruling_out.py).",
    "inbox:contact_block": "A form that says neither yes nor no is no form of ours (tests/inbox/test_contacts.py).",
    "inbox:contact_pictures": "As with blocking (tests/inbox/test_files.py).",
    "inbox:file": "There is nothing without a link that was made for the member (tests/inbox/test_files.py).",
    "inbox:topics": "A form without a topic is no form of ours (tests/inbox/test_chips.py).",
    "tenants:handover_offer": "The offer is shown to the one who is to take it; of the people here that is the agent.",
}


def excused(route: Route) -> str | None:
    return next((prefix for prefix in UNMARKED if route.template.startswith(prefix)), None)


@dataclass(frozen=True)
class Actor:
    """`kind` decides what is right; `role` is what the person is in the first workspace."""

    name: str
    kind: str
    client: Client
    role: str = ""
    in_: House | None = None


@dataclass(frozen=True)
class Answer:
    route: Route
    actor: Actor
    method: str
    status: int
    goes_to: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.method} {self.route.shown} by {self.actor.name}: {self.status} {self.goes_to} {self.wrong}"


def cast_of(here: House, there: House) -> list[Actor]:
    mallory = there.people[Role.OWNER]
    return [
        Actor("anonymous", "anonymous", signed_in(None)),
        *(Actor(role, "member", signed_in(here.people[role]), role, here) for role in reversed(Role.values)),
        Actor("next door", "stranger", signed_in(mallory), in_=there),
        Actor("their ids", "foreign ids", signed_in(here.people[Role.OWNER]), Role.OWNER, here),
        Actor("removed", "stranger", signed_in(houses.removed_from(here))),
        Actor("no workspace", "stranger", signed_in(houses.nobody())),
    ]


def ask(actor: Actor, method: str, address: str) -> HttpResponse:
    """One request, by a browser that has done nothing before, and undone after it."""
    before = actor.client.cookies.output()
    with transaction.atomic():
        response = actor.client.get(address) if method == "GET" else actor.client.post(address)
        transaction.set_rollback(True)
    # The same client each time: a new one would set up all of the middleware anew.
    actor.client.cookies.clear()
    actor.client.cookies.load(before.replace("Set-Cookie: ", ""))
    return response


def judged(
    route: Route, actor: Actor, method: str, response: HttpResponse, allowed: set[int], others: list[House]
) -> str:
    """What is wrong with the answer; nothing when all is well."""
    status, goes_to = response.status_code, response.headers.get("Location", "")
    if status >= 500:
        return "is a failure"
    if status not in allowed:
        return f"is none of {sorted(allowed)}"
    to_sign_in = goes_to.startswith(resolve_url("account_login"))
    guarded = route.access.startswith(("member:", "signed-in"))
    if guarded and status == 302 and to_sign_in is not (actor.kind == "anonymous"):
        return "leads somebody who is signed in to the sign-in, or a visitor past it"
    body = b"".join(response) if response.streaming else response.content
    text = body.decode(errors="replace") + str(response.headers)
    told = {word for house in others for word in house.told_by(text)}
    return f"tells {sorted(told)} of another workspace" if told else ""


def right(route: Route, actor: Actor) -> set[int]:
    """The statuses that this actor may be given, as the view declares."""
    anything = set(range(200, 500))
    if excused(route) is not None or route.access.startswith("public"):
        return anything
    if actor.kind == "anonymous":
        return {302, 405}
    if route.access == "signed-in":
        owner = actor.kind == "member" and actor.role == Role.OWNER
        return anything - ({404} if owner and route.personal else set()) if owner or not route.personal else {404, 405}
    if actor.kind == "stranger":
        return {404}
    if actor.kind == "foreign ids":
        return {404, 405}
    if not may(actor.role, Permission(route.access.removeprefix("member:"))):
        return {403, 405}
    return REACHED | {405} | ({404} if route.name in EMPTY else set())


def requests(route: Route, actor: Actor, here: House, there: House) -> Iterator[str]:
    """The addresses at which this actor knocks: the first workspace's, and with ids that exist next door only."""
    if actor.kind != "foreign ids":
        yield route.address(here)
    elif route.of_workspace:
        yield from (route.address(here, others=others) for others in route.foreign(there))


def answers(here: House, there: House) -> list[Answer]:
    found = []
    for actor in cast_of(here, there):
        others = [house for house in (here, there) if house is not actor.in_]
        for route in ROUTES:
            for address in requests(route, actor, here, there):
                for method in METHODS:
                    response = ask(actor, method, address)
                    wrong = judged(route, actor, method, response, right(route, actor), others)
                    goes_to = response.headers.get("Location", "")
                    found.append(Answer(route, actor, method, response.status_code, goes_to, wrong))
    return found


def group(route: Route) -> str:
    prefix = excused(route)
    return f"/{prefix} (excused)" if prefix else route.access.partition(":")[0] + route.access.partition("member")[2]


def table(found: list[Answer]) -> list[str]:
    """What was answered, by what is declared and who asked."""
    names = list(dict.fromkeys(answer.actor.name for answer in found))
    sizes = Counter(group(route) for route in ROUTES)
    rows = [["declared", *names]]
    for declared, count in sorted(sizes.items()):
        cells = []
        for name in names:
            statuses = sorted({a.status for a in found if group(a.route) == declared and a.actor.name == name})
            cells.append(" ".join(map(str, statuses)) or "-")
        rows.append([f"{declared} x {count}", *cells])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


@pytest.mark.django_db
def test_everybody_is_answered_as_the_route_declares(tell: Tell) -> None:
    here, there = furnish("here"), furnish("there")
    found = answers(here, there)
    wrong = [str(answer) for answer in found if answer.wrong]
    reached = {a.route for a in found if a.actor.kind == "member" and a.status in SERVED | {422}}
    unreached = [r.shown for r in ROUTES if r.of_workspace and r not in reached and r.name not in EMPTY]
    actors = len({answer.actor.name for answer in found})
    tell(
        f"route matrix: {len(ROUTES)} routes x {actors} actors, {len(found):,} answers: {len(wrong)} wrong answers, "
        f"{len([r for r in ROUTES if undeclared(r)])} routes without a declared permission, {len(stale())} stale exceptions"
    )
    for line in table(found):
        tell(line)
    assert wrong == [], "\n".join(wrong)
    assert unreached == [], (
        "nobody gets anywhere there: are the values in tests/isolation/routes.py those of real rows?"
    )


# --- The table behind it -------------------------------------------------------------------------------------------
def undeclared(route: Route) -> bool:
    return excused(route) is None and not route.access.startswith(("member:", "signed-in", "public: "))


def stale() -> list[str]:
    """Exceptions and fillings that no route needs."""
    keys = {(key, name) for route in ROUTES for key in (route.name, route.namespace) for name in route.parameters}
    names = {route.name for route in ROUTES}
    return [
        *(set(UNMARKED) - {excused(route) for route in ROUTES}),
        *(str(key) for key in FILLINGS if key not in keys),
        *(name for name in EMPTY if name not in names),
    ]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.shown)
def test_every_route_declares_who_may_call_it_and_has_values_for_its_parameters(route: Route) -> None:
    assert not undeclared(route), f"{route.shown} says nothing about who may call it: tenants/access.py has the words"
    missing = [name for name in route.parameters if name != "workspace" and route.filling(name) is None]
    assert missing == [], (
        f"nobody knows a value for {missing} of {route.shown}: add ({route.name or route.namespace!r}, {missing[:1]}) "
        "to FILLINGS in tests/isolation/routes.py, or call the parameter as its model is called"
    )


def test_no_exception_is_stale() -> None:
    assert stale() == []


# --- The matrix can fail -------------------------------------------------------------------------------------------
def _answered(status: int, text: str = "", **headers: str) -> HttpResponse:
    return HttpResponse(text, status=status, headers=headers)


@pytest.mark.django_db
def test_a_wrong_answer_is_found() -> None:
    here, there = furnish("here"), furnish("there")
    actors = {actor.name: actor for actor in cast_of(here, there)}
    thread = next(route for route in ROUTES if route.name == "inbox:thread")
    connect = next(route for route in ROUTES if route.name == "shopify:connect")
    word = next(iter(there.content))
    cases = [
        (thread, "anonymous", _answered(200)),
        (thread, "anonymous", _answered(302, Location="/elsewhere/")),
        (thread, "next door", _answered(403)),
        (thread, "next door", _answered(200)),
        (thread, "their ids", _answered(403)),
        (thread, "removed", _answered(302, Location="/account/login/")),
        (thread, "no workspace", _answered(200)),
        (thread, "agent", _answered(404)),
        (thread, "agent", _answered(500)),
        (thread, "agent", _answered(200, f"<p>{word}</p>")),
        (connect, "agent", _answered(200)),
        (connect, "administrator", _answered(302, Location="/")),
    ]
    for route, name, response in cases:
        actor = actors[name]
        others = [house for house in (here, there) if house is not actor.in_]
        assert judged(route, actor, "GET", response, right(route, actor), others), (route.shown, name, response)
