"""What a member says about a contact beside a conversation: which customer they are, which order is theirs; and the search.

Each is one form. By htmx the section comes back with a word on what happened; without it the browser is led to the conversation.
"""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from inbox import beside, confirmations, links, outcomes
from inbox.contacts import ErasedContact
from inbox.views.finding import conversation
from inbox.views.sections import person_with, section_of, tries_of
from integrations.shopify import interface
from integrations.shopify.sections import Banner
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page

WORDS = 200  # more than any name or address; a longer text is cut


@require_POST
@requires(Permission.WORK_INBOX)
def link(request: MemberRequest, number: int, store: int) -> HttpResponse:
    must_be_there(store)
    chosen, seen, by = request.POST.get("customer", ""), request.GET.get("seen", ""), request.visit.membership
    if interface.knows_customer(store_number=store, customer_id=chosen) is None:
        return refused(request, number, store, outcomes.no_customer(), status=422)
    try:
        links.link(conversation=conversation(number), store_number=store, customer_id=chosen, seen=seen, by=by)
    except links.NoCustomer:
        return refused(request, number, store, outcomes.no_customer(), status=422)
    except links.LinkedMeanwhile as other:
        return refused(request, number, store, outcomes.meanwhile(other))
    except ErasedContact:
        return refused(request, number, store, outcomes.erased())
    return done(request, number, store, outcomes.linked())


@require_POST
@requires(Permission.WORK_INBOX)
def unlink(request: MemberRequest, number: int, store: int) -> HttpResponse:
    must_be_there(store)
    seen, by = request.GET.get("seen", ""), request.visit.membership
    try:
        links.unlink(conversation=conversation(number), store_number=store, seen=seen, by=by)
    except links.LinkedMeanwhile as other:
        return refused(request, number, store, outcomes.meanwhile(other))
    except ErasedContact:
        return refused(request, number, store, outcomes.erased())
    return done(request, number, store, outcomes.unlinked())


@require_POST
@requires(Permission.WORK_INBOX)
def confirm(request: MemberRequest, number: int, store: int, order: str) -> HttpResponse:
    """Only for an order that the messages name and the store knows."""
    must_be_there(store)
    if interface.knows_order(store_number=store, person=person_with(number), order_id=order) is None:
        return refused(request, number, store, outcomes.not_named())
    reason, by = request.POST.get("reason", ""), request.visit.membership
    try:
        confirmations.confirm(
            conversation=conversation(number), store_number=store, order_id=order, reason=reason, by=by
        )
    except confirmations.NotConfirmed as why:
        return refused(request, number, store, outcomes.not_confirmed(why), status=422)
    except ErasedContact:
        return refused(request, number, store, outcomes.erased())
    return done(request, number, store, outcomes.confirmed())


@require_POST
@requires(Permission.WORK_INBOX)
def withdraw(request: MemberRequest, number: int, store: int, order: str) -> HttpResponse:
    must_be_there(store)
    try:
        confirmations.withdraw(
            conversation=conversation(number), store_number=store, order_id=order, by=request.visit.membership
        )
    except ErasedContact:
        return refused(request, number, store, outcomes.erased())
    return done(request, number, store, outcomes.withdrawn())


@require_POST
@requires(Permission.WORK_INBOX)
def search(request: MemberRequest, number: int, store: int) -> HttpResponse:
    """What a store knows by a member's words. POST, though it changes nothing: addresses are logged, and words name people."""
    person = person_with(number)
    found = interface.find(
        store_number=store,
        words=request.POST.get("words", "")[:WORDS],
        addresses=beside.sections_of(request.visit, number, person),
        attempt=tries_of(request.POST),
    )
    if found is None:
        raise Http404
    return render_page(request, "shopify/_found.html" if request.htmx else "shopify/found_page.html", found)  # type: ignore[attr-defined]


def must_be_there(store: int) -> None:
    if not interface.has_store(number=store):
        raise Http404


def done(request: MemberRequest, number: int, store: int, said: Banner) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return render_page(request, "shopify/section.html", section_of(request, number, store, said=said))
    here = {"workspace": request.visit.workspace.slug, "number": number}
    return redirect(f"{reverse('inbox:thread', kwargs=here)}#store-{store}")


def refused(request: MemberRequest, number: int, store: int, said: Banner, *, status: int = 409) -> HttpResponse:
    """The section as it is now, and why. htmx swaps what is well alone, so to it all is well."""
    page = section_of(request, number, store, said=said)
    if request.htmx:  # type: ignore[attr-defined]
        return render_page(request, "shopify/section.html", page)
    return render_page(request, "shopify/section_page.html", page, status=status)
