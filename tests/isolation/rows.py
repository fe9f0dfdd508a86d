"""Rows for any model, filled in from its fields, with parents of the same workspace: a new model needs no line here.

Where a check constraint refuses the first filling, others are tried in turn: other choices, nullable fields filled, optional
references left out, a parent of its own for each reference.
"""

import itertools
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from tenants import provisioning
from tenants.crypto.fields import SealedTextField
from tenants.crypto.secret import Secret
from tenants.models import Tenant, User
from tenants.rls import tables
from tenants.rls.context import tenant_context

Rows = dict[type[models.Model], models.Model]
MOST_CHOICES = 200
_serial = itertools.count(1)


def workspace(name: str) -> Tenant:
    """A workspace whose owner cannot sign in: hashing a password takes longer than these tests do."""
    slug = f"{name}-{next(_serial)}"
    owner = User.objects.create_user(email=f"owner@{slug}.example", name=name.title())
    return provisioning.open_workspace(slug=slug, name=name.title(), owner=owner)


def populate(tenant: Tenant) -> Rows:
    """One row in every table behind the wall, the workspace's own included."""
    rows: Rows = {Tenant: tenant}
    with tenant_context(tenant.pk):
        for model in tables.owned_models():
            _row(model, rows)
    return rows


def another(model: type[models.Model], rows: Rows) -> models.Model:
    """One more row of a kind, beside the one in `rows`, with the same parents. Inside its workspace."""
    return _row(model, {kind: row for kind, row in rows.items() if kind is not model})


def parents(model: type[models.Model], tenant: Tenant) -> Rows:
    """What a row of `model` refers to, in a workspace that has no such row yet. Call it inside the workspace's context."""
    rows: Rows = {Tenant: tenant}
    for field in references(model):
        if field.related_model in tables.owned_models():
            _row(field.related_model, rows)
    return rows


def references(model: type[models.Model]) -> list[models.ForeignKey]:
    """Every reference of the model but the one to its workspace."""
    fields = model._meta.concrete_fields
    return [f for f in fields if isinstance(f, models.ForeignKey) and f.name != "tenant"]


def _row(model: type[models.Model], rows: Rows) -> models.Model:
    if model not in rows:
        rows[model] = _first_that_fits(model, rows)
    return rows[model]


def _first_that_fits(model: type[models.Model], rows: Rows) -> models.Model:
    refusal: IntegrityError | None = None
    for filling in _fillings(model, rows):
        try:
            with transaction.atomic():
                return model._default_manager.create(**filling)
        except IntegrityError as error:
            refusal = error
    raise TypeError(
        f"no row of {model.__name__} fits its constraints: teach tests/isolation/rows.py a filling that does. {refusal}"
    )


def _fillings(model: type[models.Model], rows: Rows) -> Iterator[dict[str, object]]:
    """References are set at first, also where they may be null: they are what these tests are about."""
    for apart, linked, full in itertools.product((False, True), (True, False), (False, True)):
        wanted = [f for f in model._meta.concrete_fields if _wanted(f, linked=linked, full=full)]
        chosen = [f for f in wanted if f.choices]
        for picked in itertools.islice(itertools.product(*(_keys(f) for f in chosen)), MOST_CHOICES):
            choices = {f.name: key for f, key in zip(chosen, picked, strict=True)}
            given = [f for f in wanted if f.name not in choices]
            yield {**choices, **{f.name: _value(f, {Tenant: rows[Tenant]} if apart else rows) for f in given}}


def _keys(field: models.Field) -> list[object]:
    """The choices that mean something; blank ones are what the field has by itself."""
    return [key for key, _ in field.flatchoices if key not in ("", None)]


def _wanted(field: models.Field, *, linked: bool, full: bool) -> bool:
    if field.primary_key or field.name == "tenant" or field.generated:
        return False
    optional = field.has_default() or field.has_db_default() or field.null or field.blank
    if isinstance(field, models.ForeignKey):
        return linked or not optional
    return full or not optional


def _value(field: models.Field, rows: Rows) -> object:
    number = next(_serial)
    if isinstance(field, models.ForeignKey):
        if field.related_model is User:
            return User.objects.create_user(email=f"person{number}@example.com")
        return _row(field.related_model, rows)
    for kind, value in _PLAIN.items():
        if isinstance(field, kind):
            made = value(number)
            return made[-field.max_length :] if isinstance(made, str) and field.max_length else made
    raise TypeError(f"no value is known for {field}: add its kind to tests/isolation/rows.py")


# A text is found again in a page by its number, so all numbers are of one length.
_PLAIN: dict[type[models.Field], Any] = {
    SealedTextField: lambda number: Secret(f"secret {number}"),
    models.BinaryField: lambda number: b"%032d" % number,
    models.GenericIPAddressField: lambda number: "192.0.2.1",
    models.UUIDField: lambda number: uuid.UUID(int=number),
    models.CharField: lambda number: f"value-{number:07d}",
    models.TextField: lambda number: f"text-{number:07d}",
    models.BooleanField: lambda number: False,
    models.SmallIntegerField: lambda number: number % 30_000,
    models.IntegerField: lambda number: 100_000 + number,  # far from the public numbers that counters give
    models.FloatField: float,
    models.DecimalField: lambda number: Decimal(number % 100),
    models.DateTimeField: lambda number: timezone.now(),
    models.DateField: lambda number: date(2026, 1, 1),
    models.DurationField: lambda number: timedelta(seconds=number),
    SearchVectorField: lambda number: f"'text{number:07d}':1",
    models.JSONField: lambda number: {"number": number},
}
