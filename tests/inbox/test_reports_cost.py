"""What the reports, home and the bell read of a large workspace: rows of a period, through an index."""

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.walking import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
PATHS = (
    "/acme/", "/acme/notices/", "/acme/notices/bell/",
    "/acme/reports/?period=7&by=topic", "/acme/reports/?period=7&by=assignee", "/acme/reports/?period=7&by=store",
)  # fmt: skip
CONVERSATIONS = 6000
DAYS = 1500
FILL = (
    """INSERT INTO inbox_contact (tenant_id, number, name, note, created_at)
       SELECT %(t)s, n, 'Person ' || n, '', now() FROM generate_series(1, %(n)s / 2) n""",
    """INSERT INTO inbox_contactaddress (tenant_id, contact_id, email, email_norm, created_at)
       SELECT %(t)s, id, 'p' || number || '@x.example', 'p' || number || '@x.example', now() FROM inbox_contact WHERE tenant_id = %(t)s""",
    """INSERT INTO inbox_conversation (tenant_id, number, contact_id, subject, snippet, needs_reply, created_at, last_message_at,
           state, priority, answered_at, closed_at, assignee_id)
       SELECT %(t)s, n, (SELECT min(id) FROM inbox_contact WHERE tenant_id = %(t)s) + n / 2 - 1, 'Subject ' || n, '', n %% 3 = 0, at, at + interval '3 hours',
           CASE n %% 10 WHEN 0 THEN 'open' WHEN 1 THEN 'spam' ELSE 'closed' END, 1, at + interval '40 minutes' * (n %% 7),
           CASE WHEN n %% 10 > 1 THEN at + interval '5 hours' * (n %% 11) END, CASE WHEN n %% 3 = 0 THEN %(m)s END
       FROM (SELECT n, now() - interval '1 day' * %(d)s * (1 - n::float / %(n)s) AS at FROM generate_series(2, %(n)s) n) plan""",
    """INSERT INTO inbox_message (tenant_id, conversation_id, kind, from_name, from_email, "to", cc, bcc, reply_to, subject, sent_at,
           received_at, message_id, in_reply_to, "references", text, quoted, html, authentication, is_automatic)
       SELECT %(t)s, c.id, CASE k %% 2 WHEN 0 THEN 'received' ELSE 'sent' END, '', '', '[]', '[]', '[]', '[]', '',
           c.created_at + interval '40 minutes' * k, now(), c.id || '.' || k, '', '[]', repeat('Some words of a mail. ', 30), '', '', '', false
       FROM inbox_conversation c, generate_series(0, 3) k WHERE c.tenant_id = %(t)s""",
    """INSERT INTO inbox_conversationtopic (tenant_id, conversation_id, topic, confidence)
       SELECT %(t)s, id, CASE number %% 3 WHEN 0 THEN 'refund' ELSE 'order_status' END, 0.9 FROM inbox_conversation WHERE tenant_id = %(t)s""",
    """INSERT INTO inbox_notification (tenant_id, member_id, kind, conversation_id, at, read_at)
       SELECT %(t)s, %(m)s, 'assigned', id, created_at, CASE WHEN number %% 500 > 0 THEN now() END FROM inbox_conversation
       WHERE tenant_id = %(t)s""",
)


def fill(url: str, cast: Cast) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        for statement in FILL:
            server.execute(statement, {"t": cast.acme.pk, "m": cast.olivia.pk, "n": CONVERSATIONS, "d": DAYS})  # type: ignore[arg-type]
        server.execute("ANALYZE")


def scanned(sql: str) -> bool:
    """Whether a whole table is read that grows with the mail."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    return any(f"Seq Scan on inbox_{table}" in plan for table in ("message", "conversation", "notification"))


@pytest.mark.long
def test_no_page_reads_a_whole_table(cast: Cast, superuser_url: str) -> None:
    fill(superuser_url, cast)
    olivia = signed_in(cast.olivia)
    for path in PATHS:
        with CaptureQueriesContext(connection) as captured:
            assert olivia.get(path).status_code == 200
        reads = [one["sql"] for one in captured.captured_queries if one["sql"].startswith("SELECT")]
        with tenant_context(cast.acme.pk):
            assert [sql for sql in reads if "inbox_" in sql and scanned(sql)] == [], path
