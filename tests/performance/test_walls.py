"""What `./dev bench --rls` compares with."""

import pytest

from tests.performance.walls import written_out


@pytest.mark.parametrize(
    ("written", "out"),
    [
        ('JOIN "inbox_contact" ON ("a" = "b") WHERE', 'JOIN "inbox_contact" ON ("inbox_contact"."tenant_id" = 7 AND "a" = "b") WHERE'),
        ('JOIN "tenants_membership" T4 ON ("a" = "b")', 'JOIN "tenants_membership" T4 ON (T4."tenant_id" = 7 AND "a" = "b")'),
        ('JOIN "tenants_user" ON ("a" = "b")', 'JOIN "tenants_user" ON ("a" = "b")'),
    ],
)  # fmt: skip
def test_a_statement_written_out_names_the_workspace_of_each_joined_table_behind_a_wall(written: str, out: str) -> None:
    assert written_out(written, 7) == out
