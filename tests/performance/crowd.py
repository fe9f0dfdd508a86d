"""A thousand workspaces of very different sizes, a million conversations: rows in bulk, by a superuser.

Sizes follow Zipf's law with exponent 1: the largest has an eighth of all, half of them have under three hundred.
Rows lie in the order of time, workspaces mixed, as they would after years; not one workspace after the other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

TENANTS, CONVERSATIONS = 1_000, 1_000_000
LARGE, MEDIUM, SMALL = 1, 50, 500  # by rank


@dataclass(frozen=True)
class Loaded:
    """How many rows a table got."""

    table: str
    rows: int


def load(
    server: psycopg.Connection, *, tenants: int = TENANTS, conversations: int = CONVERSATIONS, messages: int = 0
) -> Iterator[Loaded]:
    """Fills an empty database that is migrated. `messages`: of each conversation, with what search finds them by and what was
    done to it (OF_WORK); 0: one or two, without. Foreign keys are not looked up: what is written here is consistent."""
    if server.execute("SELECT count(*) FROM tenants_tenant").fetchone() != (0,):
        raise RuntimeError("this database has workspaces; the benchmark fills only one of its own")
    numbers = {"tenants": tenants, "conversations": conversations, "messages": messages}
    for setting in ("session_replication_role = replica", "work_mem = '256MB'", "maintenance_work_mem = '1GB'"):
        server.execute(f"SET {setting}")
    with _not_named_filled_in(server), _indexes_made_afterwards(server):
        for table, statement in STATEMENTS.items():
            if table in OF_WORK and not messages:
                continue
            rows = server.execute(statement, numbers).rowcount
            if not table.startswith("_"):
                server.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
                yield Loaded(table, rows)
    for setting in ("session_replication_role", "work_mem", "maintenance_work_mem"):
        server.execute(f"RESET {setting}")
    server.execute("VACUUM ANALYZE")


@contextmanager
def _indexes_made_afterwards(server: psycopg.Connection) -> Iterator[None]:
    """Sorting millions of rows once is a matter of seconds, putting each in its place one of minutes. What belongs to a
    constraint stays."""
    found = server.execute(_PLAIN_INDEXES, [[table for table in STATEMENTS if table.startswith("inbox_")]]).fetchall()
    for name, _ in found:
        server.execute(f"DROP INDEX {name}")
    yield
    for _, definition in found:
        server.execute(definition)


@contextmanager
def _not_named_filled_in(server: psycopg.Connection) -> Iterator[None]:
    """Columns that may not be empty and that no statement here names have a default meanwhile, so that new ones need no
    change here."""
    wanted = server.execute(_WITHOUT_DEFAULT, [[table for table in STATEMENTS if not table.startswith("_")]]).fetchall()
    given = [(f'ALTER TABLE {t} ALTER "{c}"', _DEFAULTS[kind]) for t, c, kind in wanted if kind in _DEFAULTS]
    for change, value in given:
        server.execute(f"{change} SET DEFAULT {value}")
    yield
    for change, _ in given:
        server.execute(f"{change} DROP DEFAULT")


_DEFAULTS = {
    "boolean": "false", "character varying": "''", "text": "''", "jsonb": "'{}'", "bytea": "''",
    "timestamp with time zone": "now()", "integer": "0", "bigint": "0", "smallint": "0",
}  # fmt: skip
_WITHOUT_DEFAULT = """
    SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = ANY(%s) AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
"""
_PLAIN_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = ANY(%s)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = (quote_ident(schemaname) || '.' || quote_ident(indexname))::regclass)
"""
# Only where conversations have messages to be worked on: the cost of the walls is measured without.
OF_WORK = {
    "inbox_searchentry",
    "inbox_tag",
    "inbox_conversationtag",
    "inbox_conversationtopic",
    "inbox_conversationevent",
}
# Each conversation once, in the order of time, with its workspace and its number there. Everything else follows from it.
_PLAN = """
CREATE TEMP TABLE plan AS
WITH sizes AS (
    SELECT rank, greatest(1, round(%(conversations)s / rank / (SELECT sum(1.0 / r) FROM generate_series(1, %(tenants)s) r)))::int AS size
    FROM generate_series(1, %(tenants)s) rank
), aged AS (SELECT rank AS tenant, random() AS age FROM sizes, generate_series(1, size)),
each AS (SELECT tenant, age, row_number() OVER (PARTITION BY tenant ORDER BY age DESC) AS n FROM aged)
SELECT row_number() OVER (ORDER BY age DESC) AS id, tenant, n, (n + 1) / 2 AS contact, now() - age * interval '2 years' AS at FROM each ORDER BY age DESC
"""
STATEMENTS = {
    "_plan": _PLAN,
    "tenants_user": """
        INSERT INTO tenants_user (id, password, is_superuser, email, email_norm, name, is_active, date_joined)
        SELECT n, '!', false, 'person' || n || '@example.com', 'person' || n || '@example.com', 'Person ' || n, true, now() FROM generate_series(1, %(tenants)s * 4) n
    """,
    "tenants_tenant": """
        INSERT INTO tenants_tenant (id, slug, name, time_zone, support_addresses, created_at, changed_by)
        SELECT n, 'workspace-' || n, 'Workspace ' || n, 'UTC', '["support@shop.example"]', now(), '' FROM generate_series(1, %(tenants)s) n
    """,
    "tenants_membership": """
        INSERT INTO tenants_membership (tenant_id, number, user_id, role, joined_at)
        SELECT 1 + (n - 1) %% %(tenants)s, 1 + (n - 1) / %(tenants)s, n, CASE WHEN n <= %(tenants)s THEN 'owner' ELSE 'agent' END, now() FROM generate_series(1, %(tenants)s * 4) n
    """,
    "tenants_counter": """
        INSERT INTO tenants_counter (tenant_id, noun, last)
        SELECT tenant, noun, max(n) FROM plan, unnest(ARRAY['conversation', 'contact', 'store', 'member', 'tag']) noun GROUP BY 1, 2
    """,
    "_contacts": """
        CREATE TEMP TABLE people AS
        SELECT row_number() OVER (ORDER BY min(at)) AS id, tenant, contact, min(at) AS at FROM plan GROUP BY tenant, contact ORDER BY min(at)
    """,
    "inbox_contact": """
        INSERT INTO inbox_contact (id, tenant_id, number, name, created_at)
        SELECT id, tenant, contact, 'Contact ' || contact, at FROM people
    """,
    "inbox_contactaddress": """
        INSERT INTO inbox_contactaddress (tenant_id, contact_id, email, email_norm, created_at)
        SELECT tenant, id, 'c' || contact || '@mail.example', 'c' || contact || '@mail.example', at FROM people
    """,
    "inbox_conversation": """
        INSERT INTO inbox_conversation (id, tenant_id, number, contact_id, subject, snippet, needs_reply, state, assignee_id, priority, created_at, last_message_at)
        SELECT p.id, p.tenant, p.n, q.id, 'Where is my order ' || p.n || '?', 'I ordered two weeks ago and wonder where my parcel is.', p.n %% 10 = 0, CASE WHEN p.n %% 10 < 3 THEN 'open' ELSE 'closed' END,
            p.tenant + %(tenants)s * CASE WHEN p.n %% 4 = 1 THEN 0 WHEN p.n %% 4 = 2 THEN 1 WHEN p.n %% 1000 = 3 THEN 2 END, 1, p.at, p.at
        FROM plan p JOIN people q USING (tenant, contact) ORDER BY p.id
    """,
    "inbox_message": """
        INSERT INTO inbox_message (tenant_id, conversation_id, kind, from_name, from_email, "to", cc, subject, sent_at, received_at, message_id,
            in_reply_to, "references", text, quoted, html, is_automatic)
        SELECT tenant, id, CASE m WHEN 1 THEN 'received' ELSE 'sent' END, 'Contact', 'c@mail.example', '[]', '[]', 'Where is my order?', at + m * interval '1 second', at,
            id || '.' || m || '@mail.example', '', '[]', repeat('Could you tell me where it is? ', 8) || CASE WHEN id %% 150 = 0 THEN ' medium' ELSE '' END || CASE WHEN id %% 10000 = 0 THEN ' seldom' ELSE '' END, '', '', false
        FROM plan, generate_series(1, CASE WHEN %(messages)s > 0 THEN %(messages)s WHEN plan.id %% 5 = 0 THEN 2 ELSE 1 END) m ORDER BY id, m
    """,
    "inbox_searchentry": """
        INSERT INTO inbox_searchentry (tenant_id, conversation_id, message_id, at, vector)
        SELECT tenant_id, conversation_id, id, sent_at, to_tsvector('simple', subject || ' ' || from_name || ' ' || text || ' word' || id %% 50000 || ' more' || id %% 3001)
            || array_to_tsvector(ARRAY['~' || tenant_id]) FROM inbox_message ORDER BY id
    """,
    "inbox_tag": """
        INSERT INTO inbox_tag (tenant_id, number, name, name_norm, created_at)
        SELECT t, n, name, name, now() FROM generate_series(1, %(tenants)s) t, unnest(ARRAY['common', 'medium', 'seldom']) WITH ORDINALITY AS names (name, n)
    """,
    # A tag of every fourth, one of every hundredth and one of every five-thousandth conversation.
    "inbox_conversationtag": """
        INSERT INTO inbox_conversationtag (tenant_id, conversation_id, tag_id)
        SELECT p.tenant, p.id, g.id FROM plan p JOIN inbox_tag g ON g.tenant_id = p.tenant AND p.n %% CASE g.number WHEN 1 THEN 4 WHEN 2 THEN 100 ELSE 5000 END = 1 ORDER BY p.id
    """,
    "inbox_conversationtopic": """
        INSERT INTO inbox_conversationtopic (tenant_id, conversation_id, topic, confidence)
        SELECT tenant, id, CASE WHEN n %% 4 > 0 THEN 'order_status' WHEN n %% 200 = 0 THEN 'cancel' ELSE 'other' END, 0.9 FROM plan ORDER BY id
    """,
    "inbox_conversationevent": """
        INSERT INTO inbox_conversationevent (tenant_id, conversation_id, kind, by_id, detail, at)
        SELECT tenant, id, 'closed', tenant, '{}', at + interval '1 hour' FROM plan WHERE n %% 10 >= 3 ORDER BY id
    """,
    "inbox_attachment": """
        INSERT INTO inbox_attachment (tenant_id, message_id, name, content_type, size, content_id, inline, content)
        SELECT tenant_id, id, 'photo.jpg', 'image/jpeg', 6, '', false, 'photo' FROM inbox_message WHERE id %% 20 = 0
    """,
    "shopify_store": """
        INSERT INTO shopify_store (tenant_id, number, shop_domain, shop_gid, shop_name, currency, time_zone, order_prefix, order_suffix, state, problem, scopes, connected_by_id, connected_at, generation)
        SELECT t, s, 'shop-' || t || '-' || s || '.myshopify.com', '', 'Shop', 'USD', 'UTC', '', '', 'connected', '', '["read_orders", "read_customers"]',
            (SELECT min(id) FROM tenants_membership WHERE tenant_id = t), now(), 1
        FROM generate_series(1, %(tenants)s) t, generate_series(1, 2) s
    """,
    "shopify_ordercontext": """
        INSERT INTO shopify_ordercontext (tenant_id, store_id, kind, key, fetched_at, found, head, rest, failure, looked_at)
        SELECT p.tenant, s.id, 'email', 'c' || p.contact || '@mail.example', now() + interval '1 hour', p.contact %% 10 = 1, '{"customer": null, "orders": [], "more_orders": false, "denied": []}', '{}', '', now()
        FROM people p JOIN shopify_store s ON s.tenant_id = p.tenant WHERE p.contact %% 5 = 1
    """,
    "tenants_auditevent": """
        INSERT INTO tenants_auditevent (tenant_id, at, actor_name, actor_role, action, target, detail)
        SELECT tenant, at, 'Person', 'owner', 'workspace.changed', 'workspace', '{}' FROM plan WHERE n %% 20 = 1 ORDER BY at
    """,
}
