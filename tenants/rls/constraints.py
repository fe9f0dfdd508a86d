"""Policies and same-tenant references as model constraints, so that migrations write, reverse and check them.

Django folds constraints of a new model into CREATE TABLE and then calls `constraint_sql`, never `create_sql`; both paths
end in the same statements.
A change of the SQL text needs a new `version`, or existing tables would silently keep the old policy.
"""

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BaseConstraint

# Unwrapped and with one argument on purpose: without a tenant it is an error, never silently no rows (measured).
TENANT = "current_setting('app.tenant_id')::bigint"
POLICIES = {"tenant_isolation": "PERMISSIVE", "tenant_wall": "RESTRICTIVE"}


class _TableStatements(BaseConstraint):
    """A constraint whose SQL runs at the end of its migration.

    Postgres validates a new foreign key by a query of the owner's, which forced policies refuse: the plain keys of a new
    table come first, then its wall.
    """

    def statements(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> list[str]:
        raise TypeError("abstract")

    def constraint_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]
        schema_editor.deferred_sql.extend(self.statements(model, schema_editor))

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> None:  # type: ignore[override]
        self.constraint_sql(model, schema_editor)

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """The database decides; a form cannot."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)


class TenantWall(_TableStatements):
    """Row-level security, forced on the owner too: a strict policy and its restrictive twin.

    The twin keeps the wall standing when somebody later adds a permissive policy (permissive ones are OR-ed together).
    TO PUBLIC, so that a data migration by the owner without a tenant fails loudly instead of touching no row.
    """

    def __init__(self, *, name: str, column: str = "tenant_id", version: int = 1) -> None:
        super().__init__(name=name)
        self.column = column
        self.version = version

    def statements(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> list[str]:
        table = schema_editor.quote_name(model._meta.db_table)
        rule = f"{schema_editor.quote_name(self.column)} = {TENANT}"
        policies = [
            f"CREATE POLICY {name} ON {table} AS {kind} FOR ALL TO PUBLIC USING ({rule}) WITH CHECK ({rule})"
            for name, kind in POLICIES.items()
        ]
        forced = f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        return [forced, *policies]

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:  # type: ignore[override]
        table = schema_editor.quote_name(model._meta.db_table)
        drops = [f"DROP POLICY {name} ON {table}" for name in POLICIES]
        # Forced security stays on: a table between two versions of its policy shows nothing rather than everything.
        return "; ".join(drops)

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__name__}"
        return path, (), {"name": self.name, "column": self.column, "version": self.version}


class _Key(_TableStatements):
    """A foreign key between tables behind the wall. The Django field itself has `db_constraint=False`."""

    def __init__(self, *, name: str, field: str, version: int = 1) -> None:
        super().__init__(name=name)
        self.field = field
        self.version = version

    def columns(self, column: str) -> tuple[str, str]:
        """The referencing and the referenced columns."""
        raise TypeError("abstract")

    def statements(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> list[str]:
        quote = schema_editor.quote_name
        field = model._meta.get_field(self.field)
        table, target = quote(model._meta.db_table), quote(field.related_model._meta.db_table)  # type: ignore[union-attr]
        own, theirs = self.columns(quote(str(field.column)))  # type: ignore[union-attr]
        key = (
            f"ALTER TABLE {table} ADD CONSTRAINT {quote(self.name)} FOREIGN KEY ({own}) REFERENCES {target} ({theirs})"
        )
        # Postgres validates existing rows by a query of the owner's, whom the forced policies refuse. Within this
        # transaction (and its exclusive lock) the owner sees all rows, so the key is validated against every workspace.
        both = sorted({table, target})
        lifted = [f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY" for name in both]
        forced = [f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY" for name in both]
        return [*lifted, key, *forced]

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:  # type: ignore[override]
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__name__}"
        return path, (), {"name": self.name, "field": self.field, "version": self.version}


class TenantKey(_Key):
    """The row's workspace exists."""

    def columns(self, column: str) -> tuple[str, str]:
        return column, "id"


class SameTenantKey(_Key):
    """A reference between two tenant-owned tables carries the tenant: FOREIGN KEY (tenant_id, x_id).

    A simple key would let a row of one workspace point at a row of another, and tell by its error whether that row exists.
    """

    def columns(self, column: str) -> tuple[str, str]:
        return f"tenant_id, {column}", "tenant_id, id"
