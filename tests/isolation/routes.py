"""Every pattern of a URLconf, and addresses made of it with the values of real rows."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from tenants.rls import tables
from tests.isolation.houses import ORDER_ID, House


@dataclass(frozen=True)
class Filling:
    """What stands for a parameter. `ordinal`: a place in a list, which exists next door too; `personal`: one person's own."""

    value: Callable[[House], object]
    ordinal: bool = False
    personal: bool = False


def _field(model: str, name: str) -> Callable[[House], object]:
    return lambda house: getattr(house.row(model), name)


# Namespace or name of the route, and parameter -> value. A parameter that is called as a model (`membership`, `export`), or
# that follows a segment called as one (`exports/<int:number>/`), needs no line.
FILLINGS: dict[tuple[str, str], Filling] = {
    ("tenants:member_role", "number"): Filling(_field("Membership", "number")),
    ("tenants:member_remove", "number"): Filling(_field("Membership", "number")),
    # Whose session it is, is the person's own affair (tests/tenants/test_sessions.py): asked for one of nobody's.
    ("tenants:end_session", "session"): Filling(lambda house: 900_000_001, ordinal=True),
    ("inbox:mailbox_remove", "number"): Filling(_field("Mailbox", "number")),
    ("inbox:mailbox_check", "number"): Filling(_field("Mailbox", "number")),
    ("inbox:refused_mail", "number"): Filling(_field("RawMail", "number")),
    ("inbox:refused_mail_again", "number"): Filling(_field("RawMail", "number")),
    ("inbox:refused_mail_delete", "number"): Filling(_field("RawMail", "number")),
    ("inbox", "provider"): Filling(lambda house: "postmark", ordinal=True),
    **{
        (f"inbox:{name}", "number"): Filling(_field("Contact", "number"))
        for name in (
            "contact",
            "contact_describe",
            "contact_address",
            "contact_block",
            "contact_pictures",
            "contact_merge",
        )
    },
    ("inbox", "number"): Filling(_field("Conversation", "number")),
    ("inbox:rename_view", "number"): Filling(_field("SavedView", "number")),
    ("inbox:delete_view", "number"): Filling(_field("SavedView", "number")),
    ("inbox", "store"): Filling(_field("Store", "number")),
    ("inbox", "order"): Filling(lambda house: ORDER_ID, ordinal=True),
    ("inbox", "position"): Filling(lambda house: 1, ordinal=True),
    ("shopify:app", "number"): Filling(_field("ShopifyApp", "number")),
    ("shopify:app_end_rotation", "number"): Filling(_field("ShopifyApp", "number")),
    ("shopify:app_remove", "number"): Filling(_field("ShopifyApp", "number")),
    # The app's address at Shopify: whatever is not signed gets one answer (tests/integrations/shopify/test_installing.py).
    ("shopify:install_own", "slug"): Filling(lambda house: house.tenant.slug, personal=True),
    ("shopify:install_own", "number"): Filling(lambda house: 1, ordinal=True),
    ("shopify", "number"): Filling(_field("Store", "number")),
    ("shopify:data-request-file", "number"): Filling(_field("ComplianceRequest", "number")),
    ("shopify:data-request-done", "number"): Filling(_field("ComplianceRequest", "number")),
    ("shopify:data-request-again", "number"): Filling(_field("ComplianceRequest", "number")),
    ("shopify", "reference"): Filling(lambda house: house.reference, personal=True),
    ("account_confirm_email", "key"): Filling(lambda house: "forged", ordinal=True),
    ("account_reset_password_from_key", "uidb36"): Filling(lambda house: "1", ordinal=True),
    ("account_reset_password_from_key", "key"): Filling(lambda house: "forged", ordinal=True),
    ("help", "slug"): Filling(lambda house: "shopify-overview", ordinal=True),
    ("_gallery", "number"): Filling(lambda house: 1, ordinal=True),
    ("_gallery", "order"): Filling(lambda house: ORDER_ID, ordinal=True),
    ("_gallery", "name"): Filling(lambda house: "inbox", ordinal=True),
}
# A token is in a mail alone, so no row has it: these routes are asked with a forged one.
FORGED = Filling(lambda house: "900000001", ordinal=True)


@dataclass(frozen=True)
class Route:
    template: str  # "%(workspace)s/inbox/%(number)s/"
    name: str  # "inbox:thread", or nothing
    namespace: str  # of the route, or its first segment
    access: str

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"%\((\w+)\)s", self.template)

    @property
    def of_workspace(self) -> bool:
        return "workspace" in self.parameters

    @property
    def shown(self) -> str:
        return "/" + re.sub(r"%\((\w+)\)s", r"<\1>", self.template)

    def filling(self, parameter: str) -> Filling | None:
        for key in (self.name, self.namespace):
            if (key, parameter) in FILLINGS:
                return FILLINGS[key, parameter]
        model = _model_called(parameter) or _model_called(self._segment_before(parameter))
        if model is not None:
            numbered = any(field.name == "number" for field in model._meta.concrete_fields)
            return Filling(_field(model.__name__, "number" if numbered else "pk"))
        # allauth's own paths are asked for things of nobody's; whose a key or a session is, is its own affair.
        return FORGED if parameter in ("token", "key") or self.namespace == "account" else None

    def _segment_before(self, parameter: str) -> str:
        return self.template.partition(f"%({parameter})s")[0].rstrip("/").rpartition("/")[2]

    def address(self, house: House, *, others: dict[str, object] | None = None) -> str:
        """With this house's values, but for `others`."""
        values: dict[str, Any] = {"workspace": house.tenant.slug}
        for parameter in self.parameters:
            filling = self.filling(parameter)
            if filling is not None:
                values[parameter] = filling.value(house)
        return "/" + self.template % {**values, **(others or {})}

    def foreign(self, house: House) -> Iterator[dict[str, object]]:
        """Values of another house's, one by one and all together. Ordinals alone are nobody's."""
        found: dict[str, object] = {}
        for parameter in self.parameters:
            filling = self.filling(parameter)
            if filling is not None and not filling.ordinal and not filling.personal:
                found[parameter] = filling.value(house)
        yield from ({name: value} for name, value in found.items())
        if len(found) > 1:
            yield found

    @property
    def personal(self) -> bool:
        fillings = (self.filling(parameter) for parameter in self.parameters)
        return any(filling.personal for filling in fillings if filling is not None)


def _model_called(word: str) -> type[models.Model] | None:
    words = {word.replace("-", "").replace("_", ""), word.replace("-", "").removesuffix("s")}
    return next((model for model in tables.owned_models() if model._meta.model_name in words), None)


def routes(urlconf: str | None = None) -> list[Route]:
    return list(_walk(get_resolver(urlconf), "", ""))


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        template = prefix + _template(pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, template, pattern.namespace or namespace)
        else:
            name = f"{namespace}:{pattern.name}" if namespace and pattern.name else str(pattern.name or "")
            access = str(getattr(pattern.callback, "access", ""))
            yield Route(template, name, namespace or template.partition("/")[0], access)


def _template(pattern: URLPattern | URLResolver) -> str:
    """The pattern with places for its parameters; of a regular expression, the shortest text that it matches."""
    if hasattr(pattern.pattern, "_route"):
        return re.sub(r"<(?:[^>:]+:)?(\w+)>", r"%(\1)s", str(pattern.pattern))
    return str(normalize(pattern.pattern.regex.pattern)[0][0])
