"""A mailbox that was imported before changes nothing."""

import psycopg
import pytest
from psycopg import sql

from tests.acceptance.conftest import Acme

pytestmark = pytest.mark.nightly


def contents(database: psycopg.Connection) -> dict[str, tuple[object, ...]]:
    """Of each table: number of rows, highest id, and a digest of all that stands in it (times included)."""
    names = [r[0] for r in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
    digest = "SELECT count(*), max(to_jsonb(t)->>'id'), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
    found = {name: database.execute(sql.SQL(digest).format(sql.Identifier(name))).fetchone() or () for name in names}
    sequences = database.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1").fetchall()
    return {**found, "sequences": tuple(sequences)}


def test_a_second_import_changes_nothing(acme: Acme) -> None:
    acme.stack.settle()
    with acme.stack.database() as database:
        before = contents(database)
        said = acme.stack.manage("import_mail", "--workspace", "acme", acme.mailbox)
        after = contents(database)
    assert "0 imported, 98 already there, 0 refused" in said
    assert int(str(before["inbox_message"][0])) >= 98
    assert {name for name in after if after[name] != before.get(name)} == set()
