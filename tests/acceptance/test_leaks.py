"""No token in clear in any table, log, Redis key, page or mail. Each kind of place is first shown to be searched."""

import base64
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core import signing
from hypothesis import given
from hypothesis.strategies import text

from tests.acceptance import leaks, prepare
from tests.acceptance.conftest import HARBOR, PINE, PRIYA, Acme
from tests.acceptance.outside import backup
from tests.acceptance.painted import Browser, hidden
from tests.acceptance.passing import ALLOWED_PLACES, mail_secrets, people_secrets, redirected
from tests.telling import Tell

pytestmark = pytest.mark.long
OUTSIDE = ("sandbox",)  # The other side knows the tokens: it made them.


def decoy() -> str:
    return f"shpat_{secrets.token_hex(16)}"


@pytest.fixture
def planted(acme: Acme, tmp_path: Path) -> Iterator[str]:
    """A token that nobody issued, put into one place of each kind, each time in another coating."""
    token = decoy()
    coated = base64.b64encode(b"x" + token.encode())
    with acme.stack.database() as database:
        row = database.execute(
            "INSERT INTO outbox_queuedmail (message, sender, recipients, created_at) VALUES (%s, '', '[]', now()) RETURNING id",
            [coated],
        ).fetchone()
        with leaks.Redis.from_url(acme.stack.env["REDIS_URL"]) as redis:
            redis.rpush("planted", token.encode().hex())
        with open(acme.stack.parts["web0"].log, "ab") as log:
            log.write("".join(f"%{byte:02x}" for byte in token.encode()).encode() + b"\n")
        (Path(acme.stack.env["MAIL_FILE_PATH"]) / "planted.log").write_text(f"Subject: {token[:12]}\n")
        mail(acme, tmp_path, f"Is {token[:20]} yours?")
        sleep = [sys.executable, "-c", "import time; time.sleep(600)", token]
        acme.stack.start("decoy", sleep, env={"PATH": acme.stack.env["PATH"], "DECOY": token})
        with acme.stack.database() as busy:
            busy.execute(f"SELECT 'a decoy, {token}'")
            yield token
        acme.stack.kill("decoy")
        database.execute("DELETE FROM outbox_queuedmail WHERE id = %s", row)
        with leaks.Redis.from_url(acme.stack.env["REDIS_URL"]) as redis:
            redis.delete("planted")


def mail(acme: Acme, place: Path, text: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "someone@example.com", "support@shop.example", "A question"
    message["Message-ID"], message["Date"] = f"<{secrets.token_hex(8)}@example.com>", "Sun, 22 Nov 2026 08:00:00 +0000"
    message.set_content(text)
    (place / "planted.eml").write_bytes(message.as_bytes())
    acme.stack.manage("import_mail", "--workspace", "acme", place / "planted.eml")


def walk(acme: Acme) -> list[str]:
    """All that touches a token: connect anew, look, renew by expiry, fail, deny, and a mail of ours."""
    stack = acme.stack
    stack.passed.clear()
    stack.connect(HARBOR, PINE)
    path = acme.cold(PRIYA)
    acme.look(stack.browser(), path)
    expire_tokens(acme)
    acme.look(stack.browser(), acme.cold(PRIYA))
    stack.decide("north-pier.myshopify.com", "deny")
    failure = stack.ended_at.path
    anybody = stack.browser()
    anybody.open("/account/logout/", form=hidden(anybody.page("/account/logout/").select_one("form[method=post]")))
    form = anybody.page("/account/password/reset/").select_one("form[method=post]")
    anybody.open("/account/password/reset/", form={**hidden(form), "email": prepare.OWNER})
    stack.settle()
    return [failure]


def expire_tokens(acme: Acme) -> None:
    """As if an hour had passed on our side: the next question renews the pair."""
    with acme.stack.database() as database:
        database.execute("UPDATE shopify_store SET access_expires_at = now() - interval '1 minute'")


@contextmanager
def statements_logged(acme: Acme) -> Iterator[None]:
    """PostgreSQL's log holds every statement, with what is bound to it."""
    with acme.stack.database() as database:
        for wanted in ("ALTER SYSTEM SET log_statement = 'all'", "ALTER SYSTEM RESET log_statement"):
            database.execute(wanted)
            database.execute("SELECT pg_reload_conf()")
            if "SET log" in wanted and "RESET" not in wanted:
                yield


def processes(acme: Acme) -> Iterator[tuple[str, bytes]]:
    """The command line of every process of ours, children included: any account of the machine may read them. Then what each
    process was given as its environment, which its own account may read."""
    groups = {str(child.process.pid): name for name, child in acme.stack.parts.items()}
    listed = subprocess.run(["ps", "-eo", "sid,pid,args", "-ww"], capture_output=True, text=True, check=True).stdout
    own = [line.split(maxsplit=2) for line in listed.splitlines() if line.split()[0] in groups]
    yield "process command lines", "\n".join(command for _, _, command in own).encode()
    for group, pid, _ in own:
        with suppress(OSError):  # It has ended meanwhile.
            yield f"environment {groups[group]}", Path(f"/proc/{pid}/environ").read_bytes()


def activity(acme: Acme) -> Iterator[tuple[str, bytes]]:
    with acme.stack.database() as database:
        rows = database.execute("SELECT query FROM pg_stat_activity").fetchall()
    yield "activity of the database", "\n".join(query or "" for (query,) in rows).encode()


def sinks(acme: Acme, starts: list[str], strangers: list[str]) -> Iterator[tuple[str, bytes]]:
    stack = acme.stack
    logs = [stack.postgres_log, *stack.place.glob("*.log")]
    own = [path for path in logs if path.is_file() and not path.name.startswith(OUTSIDE)]
    with stack.database() as database:
        yield from leaks.tables(database)
    yield from backup(stack.env["BACKUP_DATABASE_URL"])
    yield from processes(acme)
    yield from activity(acme)
    yield from leaks.redis_keys(stack.env["REDIS_URL"])
    yield from (("log" + name, data) for name, data in leaks.files(*own))
    yield from (("mail" + name, data) for name, data in leaks.files(*Path(stack.env["MAIL_FILE_PATH"]).iterdir()))
    for email in (prepare.OWNER, prepare.AGENT):
        yield from leaks.pages(stack.browser(email), starts)
    yield from (("anonymous " + name, data) for name, data in leaks.pages(Browser(stack.web[0]), strangers))


def installation_secrets(env: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the processes get by their environment: it may stand in nothing that they write."""
    keys = [("sealing key", part.partition(":")[2]) for part in env["SEALING_KEYS"].split(",")]
    addresses = [name for name in env if name.endswith(("DATABASE_URL", "REDIS_URL"))]
    passwords: dict[str, str] = {}
    for name in sorted(addresses):  # The address past PgBouncer, where there is one, has the password of DATABASE_URL.
        passwords.setdefault(urlsplit(env[name]).password or "", f"password in {name}")
    own = [("client secret", env["SHOPIFY_CLIENT_SECRET"]), ("SECRET_KEY", env["SECRET_KEY"]), *keys]
    return own + [(kind, password) for password, kind in passwords.items() if password]


def place(sink: str) -> str:
    """Where a find is, as ALLOWED_PLACES calls it: a table or a log by its name, anything else by its kind."""
    kind, _, name = sink.partition(" ")
    if kind in ("table", "dump:", "environment", "logfile"):
        return f"{kind} {name.partition('.')[0].rstrip('0123456789')}"
    return "anonymous page" if kind == "anonymous" else kind


@pytest.mark.nightly
def test_no_secret_is_found_anywhere_and_the_planted_one_is_found_everywhere(
    acme: Acme, planted: str, tell: Tell
) -> None:
    begun = time.monotonic()
    with statements_logged(acme):
        starts = ["/acme/inbox/?view=all", "/acme/settings/general/", "/acme/settings/shopify/", *walk(acme)]
        personal = [*people_secrets(acme), *mail_secrets(acme)]
        strangers = ["/nowhere/", "/invitation/forged/", "/welcome/", f"/account/login/?next=/{planted}/"]
        everything = list(sinks(acme, starts, strangers))
    issued = [("token", row["token"]) for row in acme.stack.sandbox("tokens")]
    assert len(issued) >= 12  # Two stores, twice connected and once renewed, two tokens each.
    kinds = {
        "table",
        "redis",
        "logfile",
        "mailfile",
        "page",
        "process",
        "activity",
        "dump:",
        "environment",
        "anonymous",
    }
    assert set(leaks.by_kind(leaks.search(everything, [planted]))) == kinds
    wanted = [*issued, *installation_secrets(acme.stack.env), *redirected(acme), *personal]
    finds = leaks.search(everything, [value for _, value in wanted])
    hits = {(wanted[find.number][0], place(find.sink)) for find in finds}
    assert not hits - ALLOWED_PLACES.keys(), "\n".join(map(str, sorted(hits - ALLOWED_PLACES.keys())))
    looked = {place(sink) for sink, _ in everything}
    # The log of a database server that is not ours (DATABASE_URL) is out of reach; that of our own must be among these.
    assert ("logfile postgres" in looked) is acme.stack.postgres_log.with_name("postgres").is_dir()
    assert sorted((kind, where) for kind, where in ALLOWED_PLACES.keys() - hits if where in looked) == []
    places = [sink for sink, _ in everything if not sink.startswith(("page", "anonymous", "redis"))]
    tell(
        f"canaries in a running installation: {len({kind for kind, _ in wanted})} kinds, {len(wanted)} secrets, {len(kinds)} kinds "
        f"of sinks, decoys found {len(kinds)} of {len(kinds)}, hits 0; {len(places)} tables, logs, mails and the like, "
        f"{len(everything) - len(places)} pages and Redis keys, {len(ALLOWED_PLACES)} places allowed with a reason, "
        f"{sum(len(data) for _, data in everything) / 1e6:.1f} MB in {time.monotonic() - begun:.0f} s"
    )
    assert sum(sink.startswith("page") for sink, _ in everything) > 100
    assert time.monotonic() - begun < 240


@pytest.mark.parametrize("coat", ["base64", "hex", "percent", "json", "tail"])
def test_the_search_sees_through_coats(coat: str) -> None:
    token = decoy()
    shown = {
        "base64": base64.b64encode(b'{"a":"' + token.encode()),
        "hex": (b"prefix" + token.encode()).hex().encode(),
        "percent": "".join(f"%{ord(letter):02X}" for letter in token).encode(),
        "json": f'{{"token": "{token}"}}'.encode(),
        "tail": f"{token[:12]}...".encode(),
    }
    assert leaks.search([("page", shown[coat])], [token])
    assert not leaks.search([("page", shown[coat])], [decoy()])


@given(text(alphabet="abcdef0123456789", max_size=40), text(max_size=40))
def test_the_search_sees_into_sessions_as_they_are_stored(token: str, before: str) -> None:
    """Compressed, in base64 without its end signs, signed, and one after the other."""
    secret = decoy()
    others = [signing.dumps({"next": token * 4, "to": before}, compress=True) for _ in range(2)]
    session = signing.dumps({"before": before, "same": token * 3, "secret": secret}, compress=True)
    shown = "\n".join([others[0], session, others[1]]).encode()
    assert leaks.search([("table", shown)], [secret])
    assert not leaks.search([("table", shown)], [decoy()])


def test_the_search_sees_a_key_in_groups_of_four() -> None:
    assert leaks.search([("page", b"<code>JBSW Y3DP EHPK 3PXP</code>")], ["JBSWY3DPEHPK3PXP"])
