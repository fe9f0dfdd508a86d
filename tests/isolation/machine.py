"""Three workspaces that do to one another whatever SQL can say, over every table behind the wall.

Statements go past the ORM's own filter. After every step a superuser looks at all rows: those of everybody but the one who
acted must be byte for byte what they were.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from django.db import models, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tenants.models import Tenant
from tenants.rls import tables
from tenants.rls.context import TenantError, tenant_context
from tests.isolation import overseer, rows
from tests.isolation.conftest import (
    BEHIND,
    Outcome,
    attempt,
    insert,
    insertion,
    references,
    tenant_column,
    unique_in_the_installation,
    unlike,
    values,
    within,
)
from tests.isolation.rows import Rows, populate, workspace

WHO = st.integers(0, 2)
WHOSE = st.integers(0, 3)  # the fourth is nobody: ids that do not exist
MODEL = st.sampled_from(BEHIND)
OWNED = st.sampled_from(tables.owned_models())
NOBODY = 9_000_000_000_000_000
DENIED, NO_PARENT = "42501", "23503"
NO_WORKSPACE = {"42704", "22P02"}
# How a statement can bring a foreign row into sight: each selects the workspace of what it found.
READS = {
    "one row": "SELECT {column} FROM {table} WHERE id = %(id)s",
    "a workspace": "SELECT {column} FROM {table} WHERE {column} = %(tenant)s",
    "either": "SELECT {column} FROM {table} WHERE {column} = %(tenant)s OR id = %(id)s",
    "a subselect": "SELECT {column} FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} = %(tenant)s)",
    "a query before": "WITH found AS MATERIALIZED (SELECT * FROM {table}) SELECT {column} FROM found WHERE id = %(id)s",
    "a join with itself": "SELECT y.{column} FROM {table} x JOIN {table} y ON y.id = %(id)s",
    "a join with all": "SELECT y.{column} FROM tenants_tenant x FULL JOIN {table} y ON true",
    "a join from people": "SELECT y.{column} FROM tenants_user x LEFT JOIN {table} y ON true WHERE y.id IS NOT NULL",
    "a lateral": "SELECT y.{column} FROM tenants_tenant x, LATERAL (SELECT * FROM {table} WHERE id = %(id)s) y",
    "a union": "SELECT id FROM tenants_tenant UNION ALL SELECT {column} FROM {table}",
    "a lock": "SELECT {column} FROM {table} WHERE id = %(id)s FOR KEY SHARE",
    "an update": "UPDATE {table} SET id = id WHERE id = %(id)s RETURNING {column}",
}


@dataclass
class Street:
    """Three populated workspaces, and what happened to them over all walks."""

    tenants: list[Tenant]
    rows: list[Rows]
    columns: list[dict[type[models.Model], dict[str, Any]]]
    steps: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    touched: set[str] = field(default_factory=set)

    @classmethod
    def build(cls) -> "Street":
        tenants = [workspace(name) for name in ("one", "two", "three")]
        filled = [populate(tenant) for tenant in tenants]
        columns = []
        for tenant, its in zip(tenants, filled, strict=True):
            with tenant_context(tenant.pk):
                columns.append({model: values(its[model]) for model in tables.owned_models()})
        return cls(tenants, filled, columns)


class Neighbourhood(RuleBasedStateMachine):
    """One walk inside one savepoint, which is undone after it. `mover` is whose rows the last step may have changed."""

    street: Street

    @initialize()
    def move_in(self) -> None:
        self.savepoint = transaction.savepoint()
        self.tenants, self.rows = self.street.tenants, self.street.rows
        self.ids = {(n, model): [int(self.rows[n][model].pk)] for n in range(3) for model in BEHIND}
        self.mover: int | None = None
        self.held = overseer.look()

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.savepoint_rollback(self.savepoint)

    @invariant()
    def the_others_are_what_they_were(self) -> None:
        now = overseer.look()
        mover = None if self.mover is None else self.tenants[self.mover]
        assert overseer.not_of(now, mover) == overseer.not_of(self.held, mover)
        self.held, self.mover = now, None

    # --- What the rules are made of ----------------------------------------------------------------------------------
    def step(self, name: str, model: type[models.Model] | None = None) -> None:
        self.street.steps[name] += 1
        if model is not None:
            self.street.touched.add(model._meta.db_table)

    def acts(self, who: int, sql: str, params: Any = None) -> Outcome:
        self.mover = who
        return self.understood(within(self.tenants[who], sql, params))

    def understood(self, outcome: Outcome) -> Outcome:
        """A refusal is one of the wall's or of a constraint's: a mistake in a statement would pass for one."""
        assert outcome.state in {"", DENIED, *NO_WORKSPACE} or outcome.state.startswith("23"), outcome
        return outcome

    def id_of(self, whose: int, model: type[models.Model], pick: int = 0) -> int:
        if whose == 3:
            return NOBODY
        known = self.ids[whose, model]
        return known[pick % len(known)] if known else NOBODY

    def of_own(self, who: int, model: type[models.Model], whose: int) -> dict[str, Any]:
        """The row of `whose` as `who` would write it: in the own workspace, with own parents, unique in the installation."""
        columns = {**self.street.columns[whose][model], "tenant_id": self.tenants[who].pk}
        for reference in rows.references(model):
            if reference.related_model in tables.owned_models():
                columns[reference.column] = self.id_of(who, reference.related_model)
        fresh = unlike(model, columns)
        return {
            name: fresh[name] if name in unique_in_the_installation(model) else old for name, old in columns.items()
        }

    def unfit(self, state: str, who: int, model: type[models.Model], columns: dict[str, Any]) -> bool:
        """Whether a row was refused because of one's own rows, as it would be in a house of one workspace."""
        return state in {NO_PARENT, "23514"} or self.collides(who, model, columns)

    def collides(self, who: int, model: type[models.Model], columns: dict[str, Any]) -> bool:
        """Whether a row of one's own has one of these unique keys already."""
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and "id" not in constraint.fields:
                names = [model._meta.get_field(name).column for name in constraint.fields]
                equals = "IS NOT DISTINCT FROM" if constraint.nulls_distinct is False else "="
                same = " AND ".join(f'"{name}" {equals} %s' for name in names)
                sql = f"SELECT id FROM {model._meta.db_table} WHERE {same}"
                found = within(self.tenants[who], sql, [columns[name] for name in names])
                if found.count and self.concerns(who, model, constraint.condition, columns, found):
                    return True
        return False

    def concerns(
        self, who: int, model: type[models.Model], condition: models.Q | None, columns: dict[str, Any], found: Outcome
    ) -> bool:
        """Whether a unique key with this condition looks at the new row, and at one of those that were found."""
        if condition is None:
            return True
        fields = [model._meta.get_field(name) for name in condition.referenced_base_fields]
        with tenant_context(self.tenants[who].pk):
            held = condition.check({each.name: models.Value(columns[each.column], each) for each in fields})
            return held and model._base_manager.filter(condition, pk__in=[pk for (pk,) in found.rows]).exists()

    # --- Reading -----------------------------------------------------------------------------------------------------
    @rule(who=WHO, whose=WHOSE, model=MODEL, pick=st.integers(0, 3), how=st.sampled_from(sorted(READS)))
    def reads(self, who: int, whose: int, model: type[models.Model], pick: int, how: str) -> None:
        self.step("reads", model)
        sql = READS[how].format(table=model._meta.db_table, column=tenant_column(model))
        tenant = self.tenants[whose].pk if whose < 3 else NOBODY
        found = self.acts(who, sql, {"id": self.id_of(whose, model, pick), "tenant": tenant})
        # None: what a full join puts beside a table that has no row left.
        assert {row[0] for row in found.rows} <= {self.tenants[who].pk, None}
        self.street.accepted["reads"] += bool(found.rows)

    @rule(who=WHO, model=MODEL)
    def reads_all_of_its_own(self, who: int, model: type[models.Model]) -> None:
        """No more than its own rows, and no less: a wall that hides everything would pass any other rule."""
        self.step("reads all of its own", model)
        table, tenant = model._meta.db_table, self.tenants[who]
        found = self.acts(who, f"SELECT {overseer.digest(tenant_column(model))} FROM {table} t GROUP BY 1")
        held = self.held.get((table, tenant.pk))
        assert found.rows == (((tenant.pk, held),) if held else ())
        self.street.accepted["reads all of its own"] += bool(held)

    @rule(who=WHO, left=MODEL, reference=st.sampled_from(references()))
    def reads_along_a_reference(self, who: int, left: type[models.Model], reference: models.ForeignKey) -> None:
        self.step("reads along a reference", left)
        child, parent = reference.model._meta.db_table, reference.related_model._meta.db_table
        sql = (
            f"SELECT DISTINCT x.{tenant_column(left)}, y.tenant_id, z.tenant_id FROM {left._meta.db_table} x CROSS JOIN {child} y "
            f"FULL JOIN {parent} z ON z.id = y.{reference.column}"
        )
        found = {tenant for row in self.acts(who, sql).rows for tenant in row}
        assert found <= {self.tenants[who].pk, None}
        self.street.accepted["reads along a reference"] += bool(found)

    # --- Writing -----------------------------------------------------------------------------------------------------
    @rule(who=WHO, model=OWNED)
    def inserts(self, who: int, model: type[models.Model]) -> None:
        self.step("inserts", model)
        columns = unlike(model, self.of_own(who, model, who))
        done = self.acts(who, insertion(model, columns, "RETURNING id"), list(columns.values()))
        assert done.count == 1 or self.unfit(done.state, who, model, columns)
        self.street.accepted["inserts"] += done.count
        if done.count == 1:
            self.ids[who, model].append(done.rows[0][0])

    @rule(who=WHO, whose=WHO, model=OWNED, tail=st.sampled_from(["", "ON CONFLICT DO NOTHING", "RETURNING id"]))
    def inserts_for(self, who: int, whose: int, model: type[models.Model], tail: str) -> None:
        self.step("inserts for", model)
        columns = unlike(model, self.of_own(whose, model, whose))
        done = self.acts(who, insertion(model, columns, tail), list(columns.values()))
        assert who == whose or done.state == DENIED
        self.street.accepted["inserts for"] += done.count == 1

    @rule(who=WHO, whose=WHOSE, reference=st.sampled_from(references()))
    def inserts_a_child_of(self, who: int, whose: int, reference: models.ForeignKey) -> None:
        """A parent next door is refused in the words in which one that does not exist is."""
        self.step("inserts a child of", reference.model)
        columns = unlike(reference.model, self.of_own(who, reference.model, who))
        told, self.mover = [], who
        with tenant_context(self.tenants[who].pk):
            for parent in (self.id_of(whose, reference.related_model), NOBODY):
                done = self.understood(insert(reference.model, {**columns, reference.column: parent}))
                told.append((done.state, done.words.replace(str(parent), "N")))
        assert told[1][0] != ""
        assert who == whose or told[0] == told[1]
        self.street.accepted["inserts a child of"] += told[0][0] == ""

    @rule(who=WHO, whose=WHO, model=OWNED)
    def asks_by_a_conflict(self, who: int, whose: int, model: type[models.Model]) -> None:
        """ON CONFLICT tells nothing of a row next door with the same unique key."""
        self.step("asks by a conflict", model)
        columns = self.of_own(who, model, whose)
        done = self.acts(who, insertion(model, columns, "ON CONFLICT DO NOTHING"), list(columns.values()))
        assert done.count == 1 or self.unfit(done.state, who, model, columns)
        self.street.accepted["asks by a conflict"] += done.count == 1

    @rule(who=WHO, whose=WHO, model=OWNED, pick=st.integers(0, 3))
    def overwrites_by_a_conflict(self, who: int, whose: int, model: type[models.Model], pick: int) -> None:
        self.step("overwrites by a conflict", model)
        columns = {"id": self.id_of(whose, model, pick), **unlike(model, self.of_own(who, model, who))}
        tail = "ON CONFLICT (id) DO UPDATE SET tenant_id = excluded.tenant_id"
        done = self.acts(who, insertion(model, columns, tail), list(columns.values()))
        # Where the other's row was deleted on this walk, the id is free, and the row a new one of one's own: then the look
        # after this step finds the others as they were. What does not fit one's own rows is not written then either.
        assert who == whose or done.state == DENIED or done.count == 1 or self.unfit(done.state, who, model, columns)
        self.street.accepted["overwrites by a conflict"] += done.count == 1
        if done.count == 1 and columns["id"] != NOBODY:
            self.ids[whose, model].remove(columns["id"])
            self.ids[who, model].append(columns["id"])

    @rule(who=WHO, whose=WHOSE, model=MODEL, pick=st.integers(0, 3))
    def changes(self, who: int, whose: int, model: type[models.Model], pick: int) -> None:
        self.step("changes", model)
        sql = f"UPDATE {model._meta.db_table} SET {_change(model)} WHERE id = %s"
        done = self.acts(who, sql, [self.id_of(whose, model, pick)])
        assert done.count == 0 or who == whose
        self.street.accepted["changes"] += done.count

    @rule(who=WHO, whose=WHOSE, model=MODEL, pick=st.integers(0, 3), how=st.sampled_from(["id", "tenant", "merge"]))
    def deletes(self, who: int, whose: int, model: type[models.Model], pick: int, how: str) -> None:
        self.step("deletes", model)
        pk, tenant = self.id_of(whose, model, pick), self.tenants[whose].pk if whose < 3 else NOBODY
        table = model._meta.db_table
        sql = {
            "id": f"DELETE FROM {table} WHERE id = %(id)s",
            "tenant": f"DELETE FROM {table} WHERE {tenant_column(model)} = %(tenant)s",
            "merge": f"MERGE INTO {table} t USING (SELECT %(id)s::bigint AS id) v ON t.id = v.id WHEN MATCHED THEN DELETE",
        }[how]
        done = self.acts(who, sql, {"id": pk, "tenant": tenant})
        assert done.count == 0 or who == whose
        self.street.accepted["deletes"] += done.count > 0

    @rule(who=WHO, whose=WHO, model=OWNED, pick=st.integers(0, 3), one=st.booleans())
    def moves(self, who: int, whose: int, model: type[models.Model], pick: int, one: bool) -> None:
        """Its own rows to another workspace, or another's row into its own."""
        self.step("moves", model)
        table, target = model._meta.db_table, self.tenants[whose].pk
        if one:
            done = self.acts(
                who,
                f"UPDATE {table} SET tenant_id = %s WHERE id = %s",
                [self.tenants[who].pk, self.id_of(whose, model, pick)],
            )
        else:
            done = self.acts(who, f"UPDATE {table} SET tenant_id = %s", [target])
        assert done.count == 0 or who == whose
        self.street.accepted["moves"] += done.count > 0

    @rule(who=WHO, whose=WHOSE, reference=st.sampled_from(references()), pick=st.integers(0, 3))
    def points_its_rows_at(self, who: int, whose: int, reference: models.ForeignKey, pick: int) -> None:
        self.step("points its rows at", reference.model)
        table, parent = reference.model._meta.db_table, reference.related_model
        sql = f"UPDATE {table} SET {reference.column} = %s"
        done = self.acts(who, sql, [self.id_of(whose, parent, pick)])
        assert done.count == 0 or who == whose
        self.street.accepted["points its rows at"] += done.count > 0

    # --- Going out of line -------------------------------------------------------------------------------------------
    @rule(who=WHO, whose=WHO, model=OWNED)
    def switches(self, who: int, whose: int, model: type[models.Model]) -> None:
        """Another workspace inside one's own, and one's own inside itself, undone: afterwards one is where one was."""
        self.step("switches", model)
        tenant, other = self.tenants[who], self.tenants[whose]
        with tenant_context(tenant.pk):
            if who != whose:
                with pytest.raises(TenantError), tenant_context(other.pk):
                    pass
            _delete_and_fail(tenant, model)
            assert attempt("SELECT id FROM tenants_tenant").rows == ((tenant.pk,),)
            seen = attempt(f"SELECT 1 FROM {model._meta.db_table} WHERE tenant_id = %s", [other.pk])
            assert seen.count == 0 or who == whose
            self.street.accepted["switches"] += seen.count > 0

    @rule(who=WHO, whose=WHO, model=OWNED, last=MODEL)
    def goes_on_after_an_error(self, who: int, whose: int, model: type[models.Model], last: type[models.Model]) -> None:
        """Two statements in one transaction, with a refused one between them."""
        self.step("goes on after an error", model)
        self.mover = who
        refused = unlike(model, self.of_own(whose, model, whose))
        column, pk = tenant_column(last), self.id_of(whose, last)
        with tenant_context(self.tenants[who].pk):
            first = attempt(f"UPDATE {model._meta.db_table} SET {_change(model)}")
            between = (attempt("SELECT 1 / 0"), insert(model, refused))
            seen = attempt(f"SELECT DISTINCT {column} FROM {last._meta.db_table}")
            then = attempt(f"UPDATE {last._meta.db_table} SET {_change(last)} WHERE id = %s", [pk])
        assert between[0].state == "22012"
        assert who == whose or between[1].state == DENIED
        assert set(seen.rows) <= {(self.tenants[who].pk,)}
        assert then.count == 0 or who == whose
        self.street.accepted["goes on after an error"] += first.count > 0

    @rule(who=WHO, model=OWNED)
    def fails_half_way(self, who: int, model: type[models.Model]) -> None:
        """Nobody's rows have changed, its own neither."""
        self.step("fails half-way", model)
        self.street.accepted["fails half-way"] += _delete_and_fail(self.tenants[who], model) > 0

    @rule(model=MODEL, how=st.sampled_from(["read", "change", "delete", "insert"]))
    def forgets_the_workspace(self, model: type[models.Model], how: str) -> None:
        self.step("forgets the workspace", model)
        table = model._meta.db_table
        statements = {"read": f"SELECT count(*) FROM {table}", "change": f"UPDATE {table} SET {_change(model)}"}
        if how == "insert" and model is not Tenant:
            done = insert(model, unlike(model, self.of_own(0, model, 0)))
        else:
            done = attempt(statements.get(how, f"DELETE FROM {table}"))
        assert done.state in NO_WORKSPACE | {DENIED}
        self.street.accepted["forgets the workspace"] += done.state in NO_WORKSPACE


def _delete_and_fail(tenant: Tenant, model: type[models.Model]) -> int:
    """How many rows were gone, until the transaction was undone."""
    done = 0
    with suppress(ZeroDivisionError), tenant_context(tenant.pk):
        done = attempt(f"DELETE FROM {model._meta.db_table}").count
        raise ZeroDivisionError
    return done


@cache
def _change(model: type[models.Model]) -> str:
    """A real change of some column that no key is made of; of none where there is no such column."""
    for kind, expression in _CHANGES.items():
        for candidate in model._meta.concrete_fields:
            if type(candidate) is kind and not candidate.choices and not candidate.unique:
                return f'"{candidate.column}" = {expression}'
    return "id = id"


_CHANGES = {models.DateTimeField: "clock_timestamp()", models.JSONField: "to_jsonb(clock_timestamp())"}
