"""Random walks over all tables by three workspaces: whatever one does, the others' rows stay byte for byte as they were.

Only statements that name rows of others, or rows of nobody, are of interest; each goes by SQL, past the ORM's own filter.
"""

from typing import Any

import pytest
from django.db import connection, models, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tenants.rls import tables
from tenants.rls.context import TenantError, tenant_context
from tests.isolation.conftest import BEHIND, Outcome, attempt, insert, references, snapshot, tenant_column, values
from tests.isolation.rows import Rows, populate, workspace

WHO = st.integers(0, 2)
MODEL = st.sampled_from(BEHIND)
OWNED = st.sampled_from(tables.owned_models())
NOBODY = 9_000_000_000_000_000
REFUSED = {"42501", "23503", "23505", "23514", "22P02", "42704"}


class Neighbourhood(RuleBasedStateMachine):
    """Three workspaces over the same tables. Everything happens inside one savepoint, undone after each walk."""

    @initialize()
    def move_in(self) -> None:
        self.savepoint = transaction.savepoint()
        self.tenants = [workspace(name) for name in ("one", "two", "three")]
        self.rows: list[Rows] = [populate(tenant) for tenant in self.tenants]
        self.held = [snapshot(tenant) for tenant in self.tenants]

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.savepoint_rollback(self.savepoint)

    def others_are_untouched(self, who: int | None) -> None:
        """Compare every row of the others; take the new state of one's own."""
        for number, tenant in enumerate(self.tenants):
            now = snapshot(tenant)
            if number == who:
                self.held[number] = now
            else:
                assert now == self.held[number]

    def id_of(self, whose: int, model: type[models.Model]) -> int:
        return int(self.rows[whose][model].pk) if whose < 3 else NOBODY

    def acts(self, who: int, sql: str, params: dict[str, Any]) -> Outcome:
        with tenant_context(self.tenants[who].pk):
            outcome = attempt(sql, params)
        assert outcome.state in REFUSED | {""}
        self.others_are_untouched(who)
        return outcome

    @rule(who=WHO, whose=st.integers(0, 3), model=MODEL)
    def reads_a_row(self, who: int, whose: int, model: type[models.Model]) -> None:
        with tenant_context(self.tenants[who].pk):
            found = attempt(
                f"SELECT {tenant_column(model)} FROM {model._meta.db_table} WHERE id = %s", [self.id_of(whose, model)]
            )
        assert found.count == 0 or (found.count == 1 and who == whose)

    @rule(who=WHO, left=MODEL, right=OWNED)
    def reads_everything_and_joins(self, who: int, left: type[models.Model], right: type[models.Model]) -> None:
        statement = f"SELECT DISTINCT x.{tenant_column(left)}, y.tenant_id FROM {left._meta.db_table} x CROSS JOIN {right._meta.db_table} y"
        with tenant_context(self.tenants[who].pk):
            assert set(attempt(statement).rows) <= {(self.tenants[who].pk,) * 2}

    @rule(who=WHO, whose=st.integers(0, 3), model=MODEL)
    def changes_a_row(self, who: int, whose: int, model: type[models.Model]) -> None:
        column = next(
            f.column
            for f in model._meta.concrete_fields
            if isinstance(f, models.CharField | models.JSONField | models.BigIntegerField)
        )
        done = self.acts(
            who,
            f'UPDATE {model._meta.db_table} SET "{column}" = "{column}" WHERE id = %(id)s',
            {"id": self.id_of(whose, model)},
        )
        assert done.count == 0 or who == whose

    @rule(who=WHO, whose=st.integers(0, 3), model=MODEL)
    def deletes_a_row(self, who: int, whose: int, model: type[models.Model]) -> None:
        done = self.acts(who, f"DELETE FROM {model._meta.db_table} WHERE id = %(id)s", {"id": self.id_of(whose, model)})
        assert done.count == 0 or who == whose

    @rule(who=WHO, whose=WHO, model=OWNED)
    def moves_rows(self, who: int, whose: int, model: type[models.Model]) -> None:
        moved = self.acts(who, f"UPDATE {model._meta.db_table} SET tenant_id = %(to)s", {"to": self.tenants[whose].pk})
        assert moved.count == 0 or who == whose

    @rule(who=WHO, whose=WHO, model=OWNED, tail=st.sampled_from(["", "ON CONFLICT DO NOTHING"]))
    def writes_a_row_for(self, who: int, whose: int, model: type[models.Model], tail: str) -> None:
        with tenant_context(self.tenants[whose].pk):
            columns = values(self.rows[whose][model])
        with tenant_context(self.tenants[who].pk):
            done = insert(model, columns, tail)
        assert done.count == 0 or who == whose
        assert who == whose or done.state == "42501"
        self.others_are_untouched(who)

    @rule(who=WHO, whose=st.integers(0, 3), reference=st.sampled_from(references()))
    def points_a_row_at(self, who: int, whose: int, reference: models.ForeignKey) -> None:
        table, column = reference.model._meta.db_table, reference.column
        done = self.acts(
            who, f"UPDATE {table} SET {column} = %(id)s", {"id": self.id_of(whose, reference.related_model)}
        )
        with tenant_context(self.tenants[who].pk):
            mine = attempt(f"SELECT id FROM {reference.related_model._meta.db_table}").rows
            assert {row[0] for row in attempt(f"SELECT {column} FROM {table}").rows} <= {row[0] for row in mine}
        assert done.count == 0 or who == whose

    @rule(who=WHO, whose=WHO)
    def tries_to_switch(self, who: int, whose: int) -> None:
        with tenant_context(self.tenants[who].pk):
            if who != whose:
                with pytest.raises(TenantError), tenant_context(self.tenants[whose].pk):
                    pass
            seen = attempt("SELECT id FROM tenants_tenant").rows
        assert seen == ((self.tenants[who].pk,),)

    @rule(who=WHO, model=OWNED)
    def fails_half_way(self, who: int, model: type[models.Model]) -> None:
        def half_of_it() -> None:
            with tenant_context(self.tenants[who].pk):
                attempt(f"DELETE FROM {model._meta.db_table}")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            half_of_it()
        self.others_are_untouched(None)

    @rule(model=MODEL)
    def forgets_the_workspace(self, model: type[models.Model]) -> None:
        for statement in ("SELECT count(*) FROM {}", "DELETE FROM {}"):
            assert attempt(statement.format(model._meta.db_table)).state in {"22P02", "42704", "42501"}


WALK = {"suppress_health_check": list(HealthCheck), "deadline": None, "database": None}


@pytest.mark.django_db
def test_whatever_one_workspace_does_the_others_stay_as_they_were() -> None:
    """About 1,500 steps, the same ones each time."""
    run_state_machine_as_test(
        Neighbourhood, settings=settings(max_examples=33, stateful_step_count=50, derandomize=True, **WALK)
    )


@pytest.mark.nightly
@pytest.mark.django_db
def test_whatever_one_workspace_does_in_a_long_night() -> None:
    """About 150,000 steps, others each time."""
    run_state_machine_as_test(Neighbourhood, settings=settings(max_examples=1600, stateful_step_count=100, **WALK))


@pytest.mark.django_db
def test_the_walk_notices_a_neighbour_that_is_reached() -> None:
    """The oracle itself: a row that changes next door, by whatever means, fails the walk."""
    walk = Neighbourhood()
    walk.move_in()
    with tenant_context(walk.tenants[1].pk), connection.cursor() as cursor:
        cursor.execute("UPDATE inbox_contact SET name = 'changed'")
    with pytest.raises(AssertionError):
        walk.others_are_untouched(0)
    walk.teardown()
