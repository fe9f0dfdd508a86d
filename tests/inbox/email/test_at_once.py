"""Mails of one thread that arrive at the same moment, with real transactions."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from inbox.email.inbound import receive
from inbox.email.parsing import parse
from inbox.models import Conversation, Message
from tenants.rls.context import tenant_context
from tests import factories
from tests.inbox.email.test_inbound import NOW, mail


@pytest.mark.django_db(transaction=True)
def test_mails_of_one_thread_at_once_open_one_conversation() -> None:
    acme = factories.team().acme
    names = [f"m{number}" for number in range(8)]
    start = threading.Barrier(len(names))

    def take(number: int) -> None:
        try:
            start.wait(20)
            with tenant_context(acme.pk):
                receive(mail=parse(mail(names[number], parents=tuple(names[:number]), minutes=number)), now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(take, range(len(names))))
    with tenant_context(acme.pk):
        assert (Conversation.objects.count(), Message.objects.count()) == (1, 8)
