"""The sections beside a conversation, one for each store."""

from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from inbox import pages
from inbox.models import ContactAddress, Conversation
from integrations.shopify import interface
from integrations.shopify.sections import Section
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_GET
@requires(Permission.READ_INBOX)
def section(request: MemberRequest, number: int, store: int) -> HttpResponse:
    """One store's section: what is stored now. Polled while an answer is on its way; `refresh=1` asks for a new one."""
    found = _section(request, number, store)
    if found is None:
        raise Http404
    return render_page(request, "shopify/section.html" if request.htmx else "shopify/section_page.html", found)  # type: ignore[attr-defined]


@require_GET
@requires(Permission.READ_INBOX)
def words(request: MemberRequest, number: int, store: int) -> HttpResponse:
    """What the filter over a section's orders searches: name, items and tracking numbers of each, by the order's digits."""
    found = _section(request, number, store)
    if found is None:
        raise Http404
    return JsonResponse({order.legacy_id: order.search_text for order in found.orders})


@require_GET
@requires(Permission.READ_INBOX)
def order(request: MemberRequest, number: int, store: int, order: str) -> HttpResponse:
    """One folded order in full, when it is opened."""
    detail = interface.order_detail(store_number=store, person=_person(number), legacy_id=order)
    if detail is None:
        raise Http404
    return render_page(request, "shopify/order_detail.html" if request.htmx else "shopify/order_page.html", detail)  # type: ignore[attr-defined]


@require_GET
@requires(Permission.READ_INBOX)
def news(request: MemberRequest, number: int) -> HttpResponse:
    """Which sections of an open page to bring up to date: asked every few seconds, and answered by nothing while all are."""
    found = interface.news(person=_person(number), seen=request.GET.get("seen", ""))
    if not found:
        return HttpResponse(status=204)
    return JsonResponse({"seen": found.state, "changed": found.changed, "due": found.due})


def _section(request: MemberRequest, number: int, store: int) -> Section | None:
    tries = request.GET.get("try", "0")
    return interface.section(
        store_number=store,
        person=_person(number),
        addresses=pages.sections_of(request.visit.workspace.slug, number),
        viewer=pages.viewer(request.visit),
        attempt=min(int(tries), 1000) if tries.isascii() and tries.isdigit() and len(tries) < 5 else 0,
        force="refresh" in request.GET,
    )


def _person(number: int) -> interface.Person:
    """Whom a conversation is with, in one query: sections are polled."""
    first = ContactAddress.objects.filter(contact=OuterRef("contact")).order_by("pk").values("email_norm")[:1]
    found = get_object_or_404(Conversation.objects.values_list(Subquery(first), flat=True), number=number)
    return interface.Person(emails=(found,) if found else ())
