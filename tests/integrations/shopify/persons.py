"""Steps of the tests about who a person is: customers of the sandbox's stores, and sections as the inbox asks for them."""

from typing import Any

from integrations.shopify import interface
from integrations.shopify.interface import Addresses, Person, Viewer
from integrations.shopify.models import Store
from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.sections import Section
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import SHOP
from tests.walking import work

ADDRESSES = Addresses(
    section=lambda store: f"/{store}/",
    order=lambda store, order: f"/{store}/orders/{order}/",
    link=lambda store: f"/{store}/link/",
    unlink=lambda store: f"/{store}/unlink/",
    confirm=lambda store, order: f"/{store}/orders/{order}/confirm/",
    withdraw=lambda store, order: f"/{store}/orders/{order}/withdraw/",
    rule_out=lambda store, order: f"/{store}/orders/{order}/not-theirs/",
    reconsider=lambda store, order: f"/{store}/orders/{order}/reconsider/",
    none_of=lambda store: f"/{store}/none/",
    any_of=lambda store: f"/{store}/any/",
    search=lambda store: f"/{store}/search/",
)
VIEWER = Viewer(workspace="acme", may_connect=False)


def customer(number: int, email: str | None, name: str = "Some Body", **fields: Any) -> dict[str, Any]:
    """A customer of a store file, of the first shop unless told otherwise."""
    first, _, last = name.partition(" ")
    return {
        "id": f"gid://shopify/Customer/{number}",
        "email": email,
        "firstName": first,
        "lastName": last,
        "shops": [SHOP],
        **fields,
    }


def put(shopify: RunningSandbox, *customers: dict[str, Any], orders: tuple[dict[str, Any], ...] = ()) -> None:
    """Let the running sandbox play these beside Maya and the usual orders."""
    played = shopify.sandbox.settings.stores
    if not isinstance(played, dict):
        raise TypeError("this sandbox plays a file")
    file = factories.store_file(*factories.usual_orders(), *orders)
    played.update(file | {"customers": [*file["customers"], *customers]})
    shopify.sandbox.reload()


def sections(cast: Cast, person: Person) -> tuple[Section, ...]:
    with tenant_context(cast.acme.pk):
        return interface.sections(person=person, addresses=ADDRESSES, viewer=VIEWER)


def section(cast: Cast, person: Person, *, store: int = 1, **given: Any) -> Section:
    """One store's, as a poll gets it."""
    with tenant_context(cast.acme.pk):
        found = interface.section(store_number=store, person=person, addresses=ADDRESSES, viewer=VIEWER, **given)
    if found is None:
        raise AssertionError("no such store")
    return found


def known(cast: Cast, person: Person, *, rounds: int = 2) -> Section:
    """The only store's section after everything was answered: telephone numbers are asked for in a second round."""
    for _ in range(rounds):
        section(cast, person)
        work()
    return section(cast, person)


def only_store(cast: Cast) -> Store:
    with tenant_context(cast.acme.pk):
        return Store.objects.get()
