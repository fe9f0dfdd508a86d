"""What a member says a contact is not, beside a conversation: none of the customers found, not who placed an order."""

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from inbox import outcomes, ruling_out
from inbox.contacts import ErasedContact
from inbox.links import LinkedMeanwhile
from inbox.views.by_hand import done, must_be_there, refused
from inbox.views.finding import conversation
from inbox.views.sections import person_with
from integrations.shopify import interface
from tenants.access import MemberRequest, requires
from tenants.roles import Permission


@require_POST
@requires(Permission.WORK_INBOX)
def none_of(request: MemberRequest, number: int, store: int) -> HttpResponse:
    """Of those whom the member saw, which the form names."""
    must_be_there(store)
    customers, by = request.POST.getlist("shown"), request.visit.membership
    known = [interface.knows_customer(store_number=store, customer_id=each) for each in customers[: ruling_out.MOST]]
    if None in known:
        return refused(request, number, store, outcomes.nobody_named(), status=422)
    try:
        ruling_out.none_of(conversation=conversation(number), store_number=store, customers=customers, by=by)
    except ruling_out.NobodyNamed:
        return refused(request, number, store, outcomes.nobody_named(), status=422)
    except LinkedMeanwhile as other:
        return refused(request, number, store, outcomes.meanwhile(other))
    except ErasedContact:
        return refused(request, number, store, outcomes.erased())
    return done(request, number, store, outcomes.ruled_out())


@require_POST
@requires(Permission.WORK_INBOX)
def reconsider(request: MemberRequest, number: int, store: int) -> HttpResponse:
    must_be_there(store)
    try:
        ruling_out.reconsider_customers(
            conversation=conversation(number), store_number=store, by=request.visit.membership
        )
    except ErasedContact:
        return refused(request, number, store, outcomes.erased())
    return done(request, number, store, outcomes.reconsidered())


@require_POST
@requires(Permission.WORK_INBOX)
def not_theirs(request: MemberRequest, number: int, store: int, order: str) -> HttpResponse:
    """Only for an order that the messages name and the store knows."""
    must_be_there(store)
    fact = interface.knows_order(store_number=store, person=person_with(number), order_id=order)
    if fact is None:
        return refused(request, number, store, outcomes.not_named())
    if fact.proof in (interface.Proof.ADDRESS, interface.Proof.LINK):
        return refused(request, number, store, outcomes.theirs())
    by = request.visit.membership
    try:
        ruling_out.not_theirs(conversation=conversation(number), store_number=store, order_id=order, by=by)
    except ruling_out.ConfirmedMeanwhile as other:
        return refused(request, number, store, outcomes.confirmed_meanwhile(other))
    except ErasedContact:
        return refused(request, number, store, outcomes.erased())
    return done(request, number, store, outcomes.order_ruled_out())


@require_POST
@requires(Permission.WORK_INBOX)
def reconsider_order(request: MemberRequest, number: int, store: int, order: str) -> HttpResponse:
    must_be_there(store)
    try:
        ruling_out.reconsider_order(
            conversation=conversation(number), store_number=store, order_id=order, by=request.visit.membership
        )
    except ErasedContact:
        return refused(request, number, store, outcomes.erased())
    return done(request, number, store, outcomes.order_reconsidered())
