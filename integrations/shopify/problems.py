"""What keeps a store from being read until somebody acts: noted once, told to the owners once, over when it is mended.

`told_at` belongs to the problem that stands. A store that was mended and breaks anew is told of anew.
"""

from django.db.models.functions import Now
from django.urls import reverse

from integrations.shopify import answers
from integrations.shopify.events import StoreNeedsAttention
from integrations.shopify.models import LIVE, Store
from tenants import mails, members
from tenants.models import Tenant
from tenants.outbox.events import publish
from tenants.rls.context import current_tenant_id
from tenants.roles import Role


def mark(*, store_id: int, problem: Store.Problem, generation: int | None = None) -> bool:
    """Reading stops, what a check found before is past, and the owners will be told. False when nothing changed: the same is known, or the store is another by now.

    A problem that a probe looks at may turn out to be another one; one that waits for an owner, or for a key, stays.
    """
    stores = Store.objects.filter(pk=store_id, state__in=LIVE, problem__in=["", *answers.PROBED]).exclude(
        problem=problem
    )
    if generation is not None:
        stores = stores.filter(generation=generation)
    marked = stores.update(
        state=Store.State.NEEDS_ATTENTION, problem=problem, problem_since=Now(), told_at=None, probed_at=None,
        failing_since=None, failure="", refresh_leased_until=None, check_results=[],
    )  # fmt: skip
    if marked:
        publish(StoreNeedsAttention(store_id=store_id))
    return bool(marked)


def over(*, store_id: int, generation: int, problems: tuple[Store.Problem, ...]) -> bool:
    """The store answers again: connected as before, if what stood was one of these."""
    stores = Store.objects.filter(
        pk=store_id, generation=generation, state=Store.State.NEEDS_ATTENTION, problem__in=problems
    )
    return bool(
        stores.update(
            state=Store.State.CONNECTED, problem="", problem_since=None, told_at=None, probed_at=None, check_results=[]
        )
    )


def forget(store: Store) -> None:
    """Nothing of what was wrong or was found stays in the row: it is being connected, or disconnected."""
    store.problem, store.problem_since, store.told_at, store.probed_at = "", None, None, None
    store.failing_since, store.failure, store.hidden = None, "", []
    store.webhooks_problem, store.webhooks_checked_at = "", None
    store.check_asked_at, store.checked_at, store.check_results = None, None, []


def tell_owners(*, store_id: int) -> int:
    """Write to every owner, once for each problem: what happened and what to do. Nobody when it is mended already.

    The mails and `told_at` are one transaction: called twice, or killed on the way, it tells once.
    """
    store = (
        Store.objects.select_for_update().filter(pk=store_id, state=Store.State.NEEDS_ATTENTION, told_at=None).first()
    )
    if store is None or not store.problem:
        return 0
    meaning = answers.of_problem(store.problem)
    owners = members.present().filter(role=Role.OWNER).select_related("user")
    to = [owner.user.email for owner in owners]
    slug = Tenant.objects.values_list("slug", flat=True).get(pk=current_tenant_id())
    mails.send(
        "shopify/mail/needs_attention", to=to, path=reverse("tenants:general", kwargs={"workspace": slug}),
        store=store.shop_name or store.shop_domain, domain=store.shop_domain, what=meaning.title, fix=meaning.fix,
    )  # fmt: skip
    Store.objects.filter(pk=store_id).update(told_at=Now())
    return len(to)
