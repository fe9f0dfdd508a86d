"""Rows for any tenant-owned model, filled in from its fields, with parents of the same workspace."""

import itertools
from typing import Any

from django.db import models
from django.utils import timezone

from tenants import provisioning
from tenants.crypto.fields import SealedTextField
from tenants.crypto.secret import Secret
from tenants.models import Tenant, User
from tenants.rls import tables
from tenants.rls.context import tenant_context

Rows = dict[type[models.Model], models.Model]
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


def _row(model: type[models.Model], rows: Rows) -> models.Model:
    if model not in rows:
        rows[model] = model._default_manager.create(
            **{f.name: _value(f, rows) for f in model._meta.concrete_fields if _wanted(f)}
        )
    return rows[model]


def _wanted(field: models.Field) -> bool:
    """References are always set, also where they may be null: they are what these tests are about."""
    if field.primary_key or field.name == "tenant":
        return False
    optional = field.has_default() or field.null or field.blank
    return isinstance(field, models.ForeignKey) or not optional


def _value(field: models.Field, rows: Rows) -> object:
    number = next(_serial)
    if isinstance(field, models.ForeignKey):
        if field.related_model is User:
            return User.objects.create_user(email=f"person{number}@example.com")
        return _row(field.related_model, rows)
    if field.choices:
        return field.choices[0][0]
    for kind, value in _PLAIN.items():
        if isinstance(field, kind):
            return value(number)
    raise TypeError(f"no value is known for {field}: add its kind to tests/isolation/rows.py")


_PLAIN: dict[type[models.Field], Any] = {
    SealedTextField: lambda number: Secret(f"secret {number}"),
    models.BinaryField: lambda number: b"bytes %d" % number,
    models.CharField: lambda number: f"value-{number}",
    models.TextField: lambda number: f"text {number}",
    models.IntegerField: lambda number: number,
    models.DateTimeField: lambda number: timezone.now(),
    models.JSONField: lambda number: {"number": number},
}
