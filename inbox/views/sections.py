"""The sections beside a conversation, one for each store."""

from dataclasses import replace

from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.views.decorators.http import require_GET

from inbox import beside
from inbox.models import Conversation
from inbox.persons import person_of
from integrations.shopify import interface
from integrations.shopify.sections import Banner, OrderDetail, Section
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_GET
@requires(Permission.READ_INBOX)
def section(request: MemberRequest, number: int, store: int) -> HttpResponse:
    """One store's section: what is stored now. Polled while an answer is on its way; `refresh=1` asks for a new one,
    `find=1` opens the search."""
    found = section_of(request, number, store)
    return render_page(request, "shopify/section.html" if request.htmx else "shopify/section_page.html", found)  # type: ignore[attr-defined]


@require_GET
@requires(Permission.READ_INBOX)
def words(request: MemberRequest, number: int, store: int) -> HttpResponse:
    """What the filter over a section's orders searches: asked for when somebody turns to it."""
    if not interface.has_store(number=store):
        raise Http404
    return JsonResponse(interface.order_words(store_number=store, person=person_with(number)))


@require_GET
@requires(Permission.READ_INBOX)
def order(request: MemberRequest, number: int, store: int, order: str) -> HttpResponse:
    """One folded order in full, when it is opened."""
    person = person_with(number)
    addresses = beside.sections_of(request.visit, number, person)
    return _order(
        request, interface.order_detail(store_number=store, person=person, legacy_id=order, addresses=addresses)
    )


@require_GET
@requires(Permission.READ_INBOX)
def lines(request: MemberRequest, number: int, store: int, order: str) -> HttpResponse:
    """One order with all of its items, where a section holds the first ones: polled until they are there."""
    person = person_with(number)
    addresses = beside.sections_of(request.visit, number, person)
    found = interface.order_lines(
        store_number=store, person=person, legacy_id=order, addresses=addresses, attempt=tries_of(request.GET)
    )
    return _order(request, found)


def _order(request: MemberRequest, detail: OrderDetail | None) -> HttpResponse:
    if detail is None:
        raise Http404
    return render_page(request, "shopify/order_detail.html" if request.htmx else "shopify/order_page.html", detail)  # type: ignore[attr-defined]


def tries_of(given: QueryDict) -> int:
    """How often a waiting page has asked; nobody waits a thousand times."""
    tries = given.get("try", "0")
    return min(int(tries), 1000) if tries.isascii() and tries.isdigit() and len(tries) < 5 else 0


@require_GET
@requires(Permission.READ_INBOX)
def news(request: MemberRequest, number: int) -> HttpResponse:
    """Which sections of an open page to bring up to date: asked every few seconds, and answered by nothing while all are."""
    found = interface.news(person=person_with(number), seen=request.GET.get("seen", ""))
    if not found:
        return HttpResponse(status=204)
    return JsonResponse({"seen": found.state, "changed": found.changed, "due": found.due})


def section_of(request: MemberRequest, number: int, store: int, *, said: Banner | None = None) -> Section:
    """What is stored now, for whoever looks; with a word on what they have just done there. Http404 where there is no such store."""
    person = person_with(number)
    found = interface.section(
        store_number=store,
        person=person,
        addresses=beside.sections_of(request.visit, number, person),
        viewer=beside.viewer(request.visit),
        attempt=tries_of(request.GET),
        force="refresh" in request.GET,
    )
    if found is None:
        raise Http404
    return beside.searching(found) if "find" in request.GET else replace(found, said=said)


def person_with(number: int) -> interface.Person:
    """Whom a conversation is with, or 404."""
    try:
        return person_of(number=number)
    except Conversation.DoesNotExist:
        raise Http404 from None
