"""What a migration must do to rows of every workspace at once: for the owner, whom the forced policies refuse.

Raw SQL is at home here: within the migration's transaction the wall is not forced on the owner, and forced again.
"""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation


class NumberRows(Operation):
    """Give every row of a model its public number, in order of creation, and tell the counters of `noun` how far it went."""

    reduces_to_sql = False
    reversible = True

    def __init__(self, model_name: str, noun: str) -> None:
        self.model_name, self.noun = model_name, noun

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Rows change, models do not."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        table = schema_editor.quote_name(to_state.apps.get_model(app_label, self.model_name)._meta.db_table)
        counters = schema_editor.quote_name(to_state.apps.get_model("tenants", "Counter")._meta.db_table)
        for name in (table, counters):
            schema_editor.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
        schema_editor.execute(
            f"UPDATE {table} t SET number = n.number FROM (SELECT id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS number FROM {table}) n WHERE n.id = t.id"  # noqa: S608 - names of our own models
        )
        schema_editor.execute(
            f"INSERT INTO {counters} (tenant_id, noun, last) SELECT tenant_id, %s, count(*) FROM {table} GROUP BY tenant_id",  # noqa: S608
            [self.noun],
        )
        for name in (table, counters):
            schema_editor.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """The column goes with its own operation."""

    def describe(self) -> str:
        return f"Number the rows of {self.model_name}"
