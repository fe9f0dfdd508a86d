"""The crowd of `./dev bench --rls` and `--seed large` still fits the tables."""

import psycopg
import pytest

from inbox.models import Conversation, ConversationEvent, ConversationTag, SearchEntry
from integrations.shopify import order_context
from integrations.shopify.questions import Question
from tenants.doors import tenant_ids
from tenants.rls.context import tenant_context
from tests.performance import crowd

pytestmark = pytest.mark.long
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("messages", [0, 3])
def test_a_small_crowd_has_workspaces_of_all_sizes_whose_rows_belong_together(
    superuser_url: str, messages: int
) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as server:
        indexes = server.execute(INDEXES).fetchall()
        loaded = {
            each.table: each.rows for each in crowd.load(server, tenants=20, conversations=400, messages=messages)
        }
        assert server.execute(INDEXES).fetchall() == indexes, "those that were taken away meanwhile are back"
        with pytest.raises(RuntimeError, match="fills only one of its own"):
            next(crowd.load(server))
    assert loaded["tenants_tenant"] == 20
    sizes = []
    for tenant in tenant_ids():
        with tenant_context(tenant):
            rows = list(Conversation.objects.select_related("contact").order_by("number"))
            sizes.append(len(rows))
            assert all(row.messages.exists() and row.contact.addresses.exists() for row in rows)
            if messages:
                assert {row.messages.count() for row in rows} == {messages}
                assert SearchEntry.objects.count() == messages * len(rows)
                assert {each.assignee.tenant_id for each in rows if each.assignee} == {tenant}
                assert ConversationTag.objects.filter(tag__name="common").count() == (len(rows) + 3) // 4
                closed = Conversation.objects.filter(state="closed")
                assert ConversationEvent.objects.filter(conversation__in=closed).count() == closed.count()
            first = rows[0].contact.addresses.get().email_norm
            assert order_context.rows_with_store(1, [[Question("email", first)]])
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == loaded["inbox_conversation"]
    assert sizes[0] > 10 * sizes[-1]
