"""Shows that the sinks are searched: one value is written on purpose through each reporter, log and store."""

import json
import logging
import warnings

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.mail import send_mail
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from redis import Redis

from tenants import provisioning
from tenants.models import User
from tests.acceptance.outside import looked_at
from tests.acceptance.sinks import Sinks
from tests.versana.platform_process import Staff
from tests.walking import work


def plant(sinks: Sinks, token: str, *, database: str, stella: Staff) -> None:
    """The same value written on purpose through each reporter, log and store, and added to the other places."""
    reported(sinks, token)
    with sinks.watching():
        logging.getLogger("anything").info("token %s", token, extra={"given": token})
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [token])
        warnings.warn(token, UserWarning, stacklevel=1)
    mail.outbox = []
    send_mail(token, "A decoy.", None, ["somebody@example.com"])
    kept(token)
    looked_at(sinks, database=database, stella=stella, code=stella.recovery_codes[1], nowhere=token)
    work()
    for message in mail.outbox:
        sinks.put("mails sent", message.message().as_bytes())
    for name in [name for name in sinks.contents if name not in PLANTED_BY_THEMSELVES]:
        sinks.put(name, f'{{"x": "{token}"}}')


def reported(sinks: Sinks, token: str) -> None:
    try:
        try:
            json.loads(f'{{"{token}')  # Its frames hold the text as a local variable.
        except ValueError:
            raise ValueError(token)  # noqa: B904 - with the first as its context
    except ValueError as error:
        request = RequestFactory().get(f"/callback/?code={token}")
        sinks.error(error, request)


def kept(token: str) -> None:
    """In a session, in Redis, and in what staff read; the queued mail is in a table already."""
    Session.objects.create(session_key=token[:40], session_data="", expire_date=timezone.now())
    User.objects.create_user("decoy@example.com", name=token)
    provisioning.open_workspace(slug="decoy", name=token, owner=User.objects.get(email="decoy@example.com"))
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.set(f"planted:{token}", "a decoy", ex=60)


PLANTED_BY_THEMSELVES = frozenset(
    (
        "error: text", "error: text with local variables", "error: chain of causes", "error: tracker that packs local variables",
        "error: Celery's copy", "error: log, Python's format", "log at DEBUG", "log at DEBUG, fields", "log of statements",
        "log of statements, fields", "statements (connection.queries)", "log as an installation writes it",
        "mails sent", "dump: sessions", "dump: every other table", "redis: keys and values", "platform: pages", "platform: log",
    )
)  # fmt: skip
