"""Mails of one thread that arrive at the same moment, with real transactions."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from inbox.email.inbound import receive
from inbox.email.parsing import InboundMail, parse
from inbox.models import Conversation, Message
from tenants.rls.context import tenant_context
from tests import factories
from tests.inbox.email.test_inbound import NOW, mail


@pytest.mark.django_db(transaction=True)
def test_mails_of_one_thread_at_once_open_one_conversation() -> None:
    acme = factories.team().acme
    names = [f"m{number}" for number in range(8)]
    start, deadline = threading.Barrier(len(names)), time.monotonic() + 60

    def taken(parsed: InboundMail) -> bool:
        """Whoever has waited too long for the workspace's lock comes again: on a slow machine the eighth does."""
        try:
            with tenant_context(acme.pk):
                receive(mail=parsed, now=NOW)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            return False
        return True

    def take(number: int) -> None:
        try:
            start.wait(20)
            while not taken(parse(mail(names[number], parents=tuple(names[:number]), minutes=number))):
                assert time.monotonic() < deadline
        finally:
            connection.close()

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(take, range(len(names))))
    with tenant_context(acme.pk):
        assert (Conversation.objects.count(), Message.objects.count()) == (1, 8)
