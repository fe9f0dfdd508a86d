"""A statement that is put together once finds the rows of its own workspace and of no other, as Django's own would."""

from typing import Any

import pytest
from django.db.models import QuerySet, Value

from inbox.models import Conversation
from tenants.rls.compiled import compiled
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def rows(number: int) -> QuerySet[Conversation, dict[str, Any]]:
    return Conversation.objects.filter(number=number).values("subject", label=Value("it's 100 %"))


def test_it_answers_as_the_queryset_does_for_each_number_it_is_asked_for(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        for subject in ("First", "Second"):
            factories.conversation(subject=subject, email=f"{subject}@mail.example")
        statement = compiled(rows)
        for number in (1, 2):
            assert statement.first(number) == rows(number).get()
        assert statement.first(3) is None


def test_another_workspace_finds_nothing_by_it(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        factories.conversation(subject="Acme's")
        statement = compiled(rows)
    with tenant_context(cast.next_door.pk):
        assert statement.first(1) is None
        factories.conversation(subject="Mallory's")
        assert statement.first(1) is None


@pytest.mark.parametrize(
    "written",
    [
        lambda number: Conversation.objects.values("subject"),
        lambda number: Conversation.objects.filter(number=number, pk=number).values("subject"),
    ],
    ids=["no blank", "two blanks"],
)
def test_a_statement_without_exactly_one_blank_is_refused(cast: Cast, written: Any) -> None:
    with tenant_context(cast.acme.pk), pytest.raises(ValueError, match="one blank"):
        compiled(written)
