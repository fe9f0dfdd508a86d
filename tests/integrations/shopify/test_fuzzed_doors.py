"""Thousands of broken requests at the two doors that the internet may knock at: no 5xx, and nothing changed without a signature.

The requests are genuine ones, damaged by chance: in headers, body, method, length, parameters. Whether the signature is
right after all is decided here, without the code under test.
"""

import base64
import hashlib
import hmac
import io
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from django.utils import timezone

from integrations.shopify import attempts, stores, topics
from integrations.shopify.models import ConnectionAttempt, OrderContext, Store
from integrations.shopify.types import TokenGrant
from tenants.crypto.secret import Secret
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.factories import MAYA, SHOP
from tests.integrations.shopify.posting import DOOR, headers, order
from tests.telling import Tell
from tests.walking import CLIENT_ID, CLIENT_SECRET, everything_stored, signed_in

pytestmark = pytest.mark.django_db

# So many requests between two looks at what is stored: without a signature a request asks the database nothing, and a
# transaction that is silent for a minute is ended.
A_LOOK = 2_000
HOW_MANY = [pytest.param(2_500, marks=pytest.mark.nightly), pytest.param(50_000, marks=pytest.mark.nightly)]
JUNK = [
    "", "\x00", "a\x00b", "ä", "\u212a", "'", '"', "\\", "%00", "%ff", "../../etc/passwd", "x" * 300, "x" * 5_000, "-1", "0", "9" * 30, "NaN",
    "null", "[]", "{}", "\r\nX-Evil: 1", "\t", " ", "\ufeff", "\u202e", "; DROP TABLE", "${jndi:x}", "=?utf-8?q?x?=", "a,b", "\x7f", "😀",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 10**25, "", "\x00", "\ud800", "ä@ü.example", [], [1], [[]], {}, {"id": None}, {"id": {}}, "x" * 3_000, MAYA, 7,
]  # fmt: skip


@pytest.fixture(autouse=True)
def installation(settings: object) -> None:
    settings.SHOPIFY_CLIENT_ID, settings.SHOPIFY_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET  # type: ignore[attr-defined]
    # Nobody listens there: an exchange of a code ends at once.
    settings.SHOPIFY_SANDBOX_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]


@pytest.fixture
def store(cast: Cast) -> Store:
    grant = TokenGrant(access_token=Secret("shpat_x"), scopes=frozenset({"read_orders", "read_customers"}))
    with tenant_context(cast.acme.pk):
        store = stores.connect(shop_domain=SHOP, grant=grant, by=cast.olivia)
        OrderContext.objects.create(store=store, key=MAYA, customer_id="7", fetched_at=timezone.now())
    return store


# --- Webhooks ---------------------------------------------------------------------------------------------------------
@dataclass
class Knock:
    """A request at the webhooks' door."""

    headers: dict[str, str]
    body: bytes
    method: str = "POST"
    content_type: str = "application/json"
    environ: dict[str, Any] = field(default_factory=dict)

    @property
    def signed(self) -> bool:
        wanted = base64.b64encode(hmac.new(CLIENT_SECRET.encode(), self.body, hashlib.sha256).digest()).decode()
        return self.headers.get("X-Shopify-Hmac-Sha256", "") == wanted

    def send(self, client: Client) -> int:
        given: dict[str, Any] = {
            f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()
        }
        given["wsgi.input"] = io.BytesIO(self.body)  # a stream that ends, as a server's: the client's own fails instead
        response = client.generic(
            self.method, DOOR, self.body, content_type=self.content_type, **{**given, **self.environ}
        )
        return response.status_code


def bodies(chance: random.Random) -> tuple[str, bytes]:
    topic = chance.choice([*topics.SUBSCRIBED, *topics.COMPLIANCE]).name
    content: dict[str, Any] = {**order(email=MAYA, customer=7), "shop_domain": SHOP, "data_request": {"id": 1}}
    for name in list(content):
        if chance.random() < 0.3:
            content[name] = chance.choice(VALUES)
        elif chance.random() < 0.2:
            del content[name]
    return topic, json.dumps(content).encode()


def knock(chance: random.Random) -> Knock:
    topic, body = bodies(chance)
    if chance.random() < 0.3:
        body = _damaged(body, chance)
    made = Knock(headers(topic, body), body)
    for damage in chance.choices(DAMAGES, k=chance.randint(0, 3)):
        damage(made, chance)
    return made


def _damaged(body: bytes, chance: random.Random) -> bytes:
    cut = chance.randrange(len(body))
    return chance.choice(
        [body[:cut], body[cut:], body + body, b"", b"[" * 50_000, b"\xff" + body, body.replace(b":", b"=", 1), body[:cut] + chance.randbytes(8) + body[cut:],
         b'{"id": ' + b"9" * 6_000 + b"}", b'{"a":' * 3_000, b"NaN", b'{"id": Infinity}', b"\x00" * 100]
    )  # fmt: skip


def _header(made: Knock, chance: random.Random) -> None:
    made.headers[chance.choice(list(made.headers))] = chance.choice(JUNK)


def _no_header(made: Knock, chance: random.Random) -> None:
    if made.headers:
        del made.headers[chance.choice(list(made.headers))]


def _signature(made: Knock, chance: random.Random) -> None:
    made.headers["X-Shopify-Hmac-Sha256"] = base64.b64encode(chance.randbytes(chance.choice([0, 31, 32, 33]))).decode()


def _body(made: Knock, chance: random.Random) -> None:
    made.body += chance.choice([b" ", b"}", b"\x00", chance.randbytes(3)])


def _method(made: Knock, chance: random.Random) -> None:
    made.method = chance.choice(["GET", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "TRACE", "BREW"])


def _type(made: Knock, chance: random.Random) -> None:
    made.content_type = chance.choice(
        [*JUNK, "text/plain", "multipart/form-data; boundary=x", "application/json; charset=x"]
    )


def _length(made: Knock, chance: random.Random) -> None:
    made.environ["CONTENT_LENGTH"] = chance.choice(["", "-1", "1e9", "0", "7", "9" * 25, "abc", "\u0663"])


def _query(made: Knock, chance: random.Random) -> None:
    made.environ["QUERY_STRING"] = urlencode({chance.choice(JUNK): chance.choice(JUNK)})


DAMAGES: list[Callable[[Knock, random.Random], None]] = [
    _header, _header, _no_header, _signature, _signature, _signature, _body, _body, _body, _method, _type, _length, _query,
]  # fmt: skip


@pytest.mark.parametrize("requests", HOW_MANY)
def test_broken_webhooks(cast: Cast, store: Store, requests: int, tell: Tell) -> None:
    chance, client = random.Random(requests), Client(raise_request_exception=False)
    made = [knock(chance) for _ in range(requests)]
    unsigned = [one for one in made if not one.signed]
    before = everything_stored(cast.acme, cast.next_door)
    answers: Counter[int] = Counter()
    changed = False
    for begun in range(0, len(unsigned), A_LOOK):
        answers.update(one.send(client) for one in unsigned[begun : begun + A_LOOK])
        changed |= everything_stored(cast.acme, cast.next_door) != before
    let_in = answers[200]
    answers.update(one.send(client) for one in made if one.signed)
    failed = sum(count for status, count in answers.items() if status >= 500)
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(answers.items()))
    tell(
        f"fuzzed webhooks: {requests:,} requests ({len(unsigned):,} without a valid signature): {failed} answers of 5xx, "
        f"{let_in} let in and {int(changed)} state changes without one ({told})"
    )
    assert (failed, let_in, changed) == (0, 0, False)
    assert answers[200] > requests / 20, "the damage must leave some whole, or it shows nothing"
    with tenant_context(cast.acme.pk):
        after = Store.objects.get()
    assert (after.state, after.generation) == (store.state, store.generation)


# --- The way back from the consent screen -----------------------------------------------------------------------------
def signature_of(values: dict[str, str]) -> str:
    message = "&".join(f"{name}={quote(values[name], safe='*').replace('~', '%7E')}" for name in sorted(values))
    return hmac.new(CLIENT_SECRET.encode(), message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def callback(chance: random.Random, state: str) -> tuple[str, bool]:
    """A query string, and whether it is one that Shopify could have signed for this state."""
    values = {
        "code": "abc123", "host": "YWRtaW4", "shop": SHOP, "state": chance.choice([state, "0" * 64]), "timestamp": str(int(timezone.now().timestamp())),
    }  # fmt: skip
    genuine = chance.random() < 0.3
    for _ in range(chance.randint(0 if genuine else 1, 3)):
        name = chance.choice([*values, "error", "extra"])
        if chance.random() < 0.3:
            values.pop(name, None)
        else:
            values[name] = chance.choice([*JUNK, values.get(name, "x") + "0"])
    if genuine:
        values.pop("state", None)
        values["state"] = chance.choice(
            ["0" * 64, *JUNK]
        )  # signed, but of no attempt: the pending one must stay pending
        return urlencode({**values, "hmac": signature_of(values)}, errors="replace"), True
    query = urlencode({**values, "hmac": chance.choice(["0" * 64, signature_of({"a": "b"}), *JUNK])}, errors="replace")
    if chance.random() < 0.3:
        cut = chance.randrange(len(query))
        query = chance.choice(
            [query[:cut], query[cut:], f"{query}&{query}", query + "&%ff=%fe", "&" * 3_000, query + "\x00ä"]
        )
    return query, False


def _state_of_things(cast: Cast) -> list[str]:
    """All rows but the record of failed attempts, which a person who is signed in leaves, and sessions."""
    apart = ("shopify_connectionattempt", "django_session", "usersessions_usersession")
    rows = everything_stored(cast.acme, cast.next_door).splitlines()
    return [row for row in rows if not row.startswith(apart)]


@pytest.mark.parametrize("requests", HOW_MANY)
def test_broken_callbacks(cast: Cast, store: Store, requests: int, tell: Tell) -> None:
    chance, client, stranger = random.Random(requests), signed_in(cast.olivia), Client(raise_request_exception=False)
    client.raise_request_exception = False
    with tenant_context(cast.acme.pk):
        session = client.session.session_key or ""
        pending = attempts.begin(shop_domain=SHOP, session_key=session, by=cast.olivia)
    before = _state_of_things(cast)
    answers: Counter[int] = Counter()
    unsigned = 0
    for _ in range(requests):
        query, genuine = callback(chance, pending.state)
        unsigned += not genuine
        who = client if chance.random() < 0.5 else stranger
        answers[who.get("/shopify/callback/", QUERY_STRING=query).status_code] += 1
    failed = sum(count for status, count in answers.items() if status >= 500)
    changed = _state_of_things(cast) != before
    used = ConnectionAttempt.objects.get(pk=pending.attempt.pk).used_at is not None
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(answers.items()))
    tell(
        f"fuzzed callbacks: {requests:,} requests ({unsigned:,} without a valid signature): {failed} answers of 5xx, "
        f"{int(changed) + int(used)} state changes without one ({told})"
    )
    assert (failed, changed, used) == (0, False, False)
