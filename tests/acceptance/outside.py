"""What others than the process itself see of an installation: a backup, Redis, the platform's administration, the mails."""

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from tenants.rls.database import Address, set_up, with_database
from tests.acceptance import leaks
from tests.acceptance.sinks import Sinks
from tests.versana.platform_process import Staff, launch
from versana.devservices import binaries

SESSIONS = (Session._meta.db_table, UserSession._meta.db_table)
_TABLE = re.compile(rb"^COPY public\.(\S+) \(.*?\) FROM stdin;\n(.*?)^\\\.$", re.MULTILINE | re.DOTALL)
# Follows links from the first page on, and asks for what is not there.
CRAWL = """
import re
client, seen, waiting = browser(), set(), ["/admin/", "/admin/" + GIVEN["nowhere"] + "/"]
assert enter(client, code=GIVEN["code"]).status_code == 302
while waiting:
    path = waiting.pop()
    answer = client.get(path, secure=False)
    say([path, answer.status_code, answer.content.decode(), str(answer.cookies)])
    for link in re.findall(r'href="([^"#]*)"', answer.content.decode()):
        address = link if link.startswith("/") else path.partition("?")[0] + link
        if address.startswith("/admin/") and "logout" not in address and address.partition("?")[0] not in seen:
            seen.add(address.partition("?")[0])
            waiting.append(address)
"""


def backup(url: str) -> Iterator[tuple[str, bytes]]:
    """Every table's rows as `pg_dump` writes them for the backup role, the two that hold sessions apart."""
    command = [str(binaries.postgres_bin() / "pg_dump"), "--data-only", url]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    found = _TABLE.findall(done.stdout)
    assert {name.decode() for name, _ in found} >= {*SESSIONS, "shopify_store", "outbox_queuedmail", "versana_cache"}
    for name, rows in found:
        yield "dump: sessions" if name.decode() in SESSIONS else "dump: every other table", name + b"\n" + rows


def backup_url(database: str) -> str:
    """The backup role's address of the test database; the role gets its password first."""
    address = Address.parse(os.environ["BACKUP_DATABASE_URL"])
    superuser = os.environ["SUPERUSER_DATABASE_URL"]
    set_up(superuser_url=superuser, database=database, passwords={address.role: address.password})
    return with_database(os.environ["BACKUP_DATABASE_URL"], database)


def platform(url: str, stella: Staff, *, code: str, nowhere: str) -> Iterator[tuple[str, bytes]]:
    """Every page that staff reach by links, and what their process wrote meanwhile."""
    keys = ",".join(f"{number}:{base64.b64encode(key).decode()}" for number, key in settings.SEALING_KEYS.items())
    env = {"SEALING_KEYS": keys, "SEALING_PRIMARY_KEY": str(settings.SEALING_PRIMARY_KEY)}
    done = launch(CRAWL, url, env=env, **stella.given, code=code, nowhere=nowhere)
    assert done.returncode == 0, done.stderr[-3000:]
    answers: list[list[Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(status == 200 for _, status, _, _ in answers) > 15
    for path, _, body, cookies in answers:
        yield "platform: pages", f"{path}\n{body}".encode()
        yield "platform: cookies", cookies.encode()
    yield "platform: log", done.stderr.encode()


def looked_at(sinks: Sinks, *, database: str, stella: Staff, code: str, nowhere: str = "nowhere") -> None:
    """Everything that others see, into the sinks. `code`: a recovery code, because one of an app is good once in half a minute."""
    for name, data in backup(backup_url(database)):
        sinks.put(name, data)
    for _, data in leaks.redis_keys(settings.REDIS_URL):
        sinks.put("redis: keys and values", data)
    platform_url = with_database(os.environ["PLATFORM_DATABASE_URL"], database)
    for name, data in platform(platform_url, stella, code=code, nowhere=nowhere):
        sinks.put(name, data)
