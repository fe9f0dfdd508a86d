"""The secrets of people and redirects in a running installation, and where each of them stands by design."""

import base64
import json
import re
import secrets
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from tests.acceptance import prepare
from tests.acceptance.conftest import Acme
from tests.acceptance.painted import Browser, hidden
from tests.app_codes import code_of

PASSWORD = "a heron stands on one leg"
SET_UP = "/account/2fa/totp/activate/"
_GIVEN = "Processes get their secrets by their environment, which their own account alone may read."
_LOGGED = "An installation does not log its statements; here it does, so that they are searched too."
_MAILED = "The mail itself, here in a file."
_FOUND_BY = (
    "Django finds sessions by their key, and a person's list of browsers names them; docs/operations.md on dumps."
)
DOORS = ("mail door's secret", "provider's secret")
PRODUCT = (*DOORS, "SECRET_KEY", "client secret", "password in DATABASE_URL", "password in REDIS_URL", "sealing key")
# Where a secret of a kind stands by design, and why. An entry that is not needed any more fails. The passwords of the superuser,
# the owner, the platform and backups are in no list: no process of the product knows them.
ALLOWED_PLACES: dict[tuple[str, str], str] = {
    # Redis is started here with the product's environment; in production it has its own.
    **{(kind, f"environment {part}"): _GIVEN for kind in PRODUCT for part in ("beat", "redis", "web", "worker")},
    ("client secret", "environment sandbox"): "The sandbox plays Shopify, which knows it.",
    **{
        (kind, "logfile postgres"): _LOGGED
        for kind in ("TOTP secret", "invitation token", "password-reset key", "session key")
    },
    **{(kind, "mailfile"): _MAILED for kind in ("invitation token", "password-reset key")},
    **{
        ("session key", place): _FOUND_BY
        for place in ("dump: sessions", "table django_session", "table usersessions_usersession")
    },
}


def redirected(acme: Acme) -> list[tuple[str, str]]:
    """The state and the code of each connection, out of the addresses that the owner's browser was sent to."""
    given = [pair for address in acme.stack.passed for pair in parse_qsl(urlsplit(address).query)]
    found = {(f"OAuth {name}", value) for name, value in given if name in ("state", "code")}
    assert {kind for kind, _ in found} == {"OAuth state", "OAuth code"}
    return sorted(found)


def people_secrets(acme: Acme) -> list[tuple[str, str]]:
    """Somebody is invited, joins, and sets up an app. What they and the installation hold for it."""
    owner = acme.stack.browser(prepare.OWNER)
    form = owner.page("/acme/settings/members/").select_one("form[action$='/invite/']")
    nina = {"email": "nina@elsewhere.example", "role": "agent"}
    owner.open("/acme/settings/members/invite/", form={**hidden(form), **nina})
    acme.stack.settle()
    token, key = newest(acme, r"/invitation/([\w-]+)/"), newest(acme, r"/reset/key/\w+-\w+-(\w+)/")
    visitor = Browser(acme.stack.web[0])
    link = f"/invitation/{token}/"
    joining = hidden(visitor.page(link).select_one("form[method=post]:has([name=password])"))
    visitor.open(link, form={**joining, "name": "Nina", "password": PASSWORD})
    page = visitor.page(SET_UP)
    if asked := page.select_one("form[action*=reauthenticate]"):
        page = visitor.page(visitor.url, form={**hidden(asked), "password": PASSWORD})
    assert page.select_one("code.secret"), (visitor.url.partition("?")[0], page.title)
    secret = page.select_one("code.secret").get_text().replace(" ", "")  # type: ignore[union-attr]
    visitor.open(SET_UP, form={**hidden(page.select_one("form[action$='/activate/']")), "code": code_of(secret)})
    assert visitor.page("/account/2fa/recovery-codes/").select(".codes li")
    acme.stack.settle()
    sessions = [
        ("session key", cookie.value or "")
        for b in (owner, visitor)
        for cookie in b.cookies
        if cookie.name == "sessionid"
    ]
    kept = [("invitation token", token), ("password-reset key", key), ("TOTP secret", secret), ("password", PASSWORD)]
    return [*kept, *sessions]


def mail_secrets(acme: Acme) -> list[tuple[str, str]]:
    """Mail is handed in at both doors, with their secrets and with others; and the owner adds a mailbox, which a worker tries."""
    env, handed = acme.stack.env, b"From: a@b.example\r\nTo: acme@in.example.com\r\nSubject: x\r\n\r\nx"
    door, provider = env["MAIL_DOOR_SECRET"], env["ANYMAIL_WEBHOOK_SECRET"]
    call = {"OriginalRecipient": "acme@in.example.com", "RawEmail": handed.decode(), "MessageID": "x", "Headers": []}
    for ending, status in (("", 200), ("x", 401)):
        said = {"Authorization": f"Bearer {door}{ending}", "Content-Type": "message/rfc822"}
        assert posted(acme, "/mail/in/?recipient=acme@in.example.com", handed, said) == status
        basic = base64.b64encode(f"{provider}{ending}".encode()).decode()
        said = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        assert posted(acme, "/mail/in/postmark/", json.dumps(call).encode(), said) == status
    owner, password = acme.stack.browser(prepare.OWNER), secrets.token_urlsafe(24)
    form = hidden(owner.page("/acme/settings/mail-in/").select_one("form:has([name=password])"))
    entered = {"address": "box@shop.example", "host": "localhost", "port": "9", "folder": "INBOX", "username": "box"}
    owner.open("/acme/settings/mail-in/", form={**form, **entered, "password": password})
    acme.stack.settle()
    assert "box@shop.example" in owner.open("/acme/settings/mail-in/")
    return [("mailbox password", password), (DOORS[0], door), (DOORS[1], provider.partition(":")[2])]


def posted(acme: Acme, path: str, body: bytes, headers: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(acme.stack.web[0] + path, body, headers)) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def newest(acme: Acme, pattern: str) -> str:
    """Out of the mails that were sent."""
    files = sorted(Path(acme.stack.env["MAIL_FILE_PATH"]).iterdir(), key=lambda path: path.stat().st_mtime_ns)
    texts = [path.read_text(errors="replace") for path in files]
    return [match[1] for text in texts for match in re.finditer(pattern, text)][-1]
