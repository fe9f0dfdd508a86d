"""What a process has stored, and what comes out of it."""

import json
from io import StringIO

from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction

from inbox.models import Mailbox
from integrations.shopify.forms import ConnectForm
from integrations.shopify.models import Store
from tenants.models import AuditEvent
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests.acceptance.walk import Walk


def stored(walk: Walk) -> None:
    """What is in the database afterwards, as the application sees it, and in what comes out of it."""
    with tenant_context(walk.cast.acme.pk):
        walk.sinks.put("rows: audit", list(AuditEvent.objects.values()))
        walk.sinks.put("rows: stores", list(Store.objects.values()))
        walk.sinks.put("rows: mailboxes", list(Mailbox.objects.values()))
        walk.sinks.put("rows: events", list(Event.objects.values()))
        walk.sinks.put("rows: people", list(type(walk.cast.ava.user).objects.values()))
        for session in Session.objects.all():
            walk.sinks.put("rows: sessions, opened", json.dumps(session.get_decoded(), default=repr))
            walk.sinks.put("rows: sessions, as stored", session.session_data)
        for app in ("outbox", "tenants", "shopify", "inbox"):
            dump(walk, app)
        with connection.cursor() as cursor:
            cursor.execute("SELECT cache_key, value FROM versana_cache")
            walk.sinks.put("rows: cache", repr(cursor.fetchall()))
    form = ConnectForm({"shop": "not-a-shop"})
    walk.sinks.put("form errors", f"{form.errors!r}{form.errors.as_json()}")


def dump(walk: Walk, app: str) -> None:
    out = StringIO()
    try:
        # By itself: of some tables the application's role may not read a row, and the refusal must not end the test's transaction.
        with transaction.atomic():
            call_command("dumpdata", app, stdout=out, stderr=out)
    except Exception as error:
        walk.sinks.error(error)
    walk.sinks.put("dumpdata", out.getvalue())
