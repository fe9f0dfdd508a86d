"""Every path of the platform's administration, asked by a visitor and by a person who is no staff: the sign-in, everywhere."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

from tenants.models import User
from tenants.rls.database import with_database
from tests.telling import Tell

pytestmark = pytest.mark.long

# In a process of its own: other settings, another role.
SCRIPT = """
import json, sys
import django; django.setup()
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from tests.isolation.routes import routes
VALUES = {"app_label": "platform", "object_id": "1", "content_type_id": "1", "url": "nothing"}
visitor, nobody = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
# A session of the administration's own making for somebody who is no staff: the role cannot look the person up.
session = nobody.session
session.update({SESSION_KEY: sys.argv[1], BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0], HASH_SESSION_KEY: sys.argv[2]})
session.save()
nobody.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
kept = nobody.cookies.output()
out = []
for route in routes("versana.platform.urls"):
    address = "/" + route.template % {name: VALUES.get(name, "1") for name in route.parameters}
    for name, client in (("anonymous", visitor), ("no staff", nobody)):
        for method in ("get", "post"):
            answer = getattr(client, method)(address)
            out.append([address, name, method, answer.status_code, answer.headers.get("Location", "")])
            if client is nobody:
                nobody.cookies.clear(); nobody.cookies.load(kept.replace("Set-Cookie: ", ""))
print(json.dumps(out))
"""
# What answers before anybody has signed in.
OPEN = {
    "/healthz": "The supervisor's question.",
    "/readyz": "The supervisor's question.",
    "/admin/login/": "The sign-in itself.",
    "/": "Leads to /admin/.",
}


@pytest.mark.django_db(transaction=True)
def test_whoever_is_no_staff_gets_the_sign_in_everywhere(test_database_name: str, tell: Tell) -> None:
    ava = User.objects.create_user("ava@acme.example")
    url = with_database(os.environ["PLATFORM_DATABASE_URL"], test_database_name)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ava.pk), ava.get_session_auth_hash()],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "versana.platform.settings",
            "PLATFORM_DATABASE_URL": url,
            "DATABASE_URL": url,
        },
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout.splitlines()[-1])
    wrong = [answer for answer in answers if answer[0] not in OPEN and not _asks_to_sign_in(*answer[3:])]
    routes = {answer[0] for answer in answers}
    tell(f"platform's routes: {len(routes)} routes x 2 actors, {len(answers)} answers: {len(wrong)} wrong answers")
    assert wrong == []
    assert OPEN.keys() <= routes, "an entry of OPEN is stale"
    assert [answer for answer in answers if answer[3] >= 500] == []


def _asks_to_sign_in(status: int, location: str) -> bool:
    """The administration's own sign-in; after "sign out", its first page, which asks."""
    return status == 405 or (status == 302 and (location.startswith("/admin/login/") or location == "/admin/"))
