"""The one door to the outside: the only module that imports requests, and the only caller of `Secret.reveal`.

Callers name a shop's host and a path, never an address, so nothing they are told can send a token elsewhere. Every request
has a limit for connecting, for each read and for the whole; redirects are refused; answers are JSON of bounded size.
Failures are raised outside of `except` blocks and without the original exception: requests' exceptions carry the request
with its headers, and frames of the transport hold them as local variables.
"""

import json
import logging
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from os import getpid
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.conf import settings

from integrations import errors
from integrations.deadline import EXCHANGE, POOLS, Deadline, left
from tenants.crypto.secret import Secret

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
_MAX_RETRY_AFTER: Final = 3600.0
_SHORTEST: Final = 0.05
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

_ALLOWED_HOST = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_PATH = re.compile(r"/[A-Za-z0-9/_.-]*")
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,80}")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `read` limits each wait for more bytes, `total` the whole, so that a drip of bytes ends too."""

    connect: float = 3.0
    read: float = 8.0
    total: float = EXCHANGE

    def shortened(self, left: float) -> "Timeouts":
        """The same, when only so many seconds are left; never none at all, which a socket would not take."""
        most = max(left, _SHORTEST)
        return Timeouts(min(self.connect, most), min(self.read, most), min(self.total, most))


API: Final = Timeouts()


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and, if the answer was JSON, its value. The body is kept out of repr: it is about people."""

    status: int
    retry_after: float | None
    request_id: str
    body: object = field(repr=False, default=None)
    sent_at: datetime | None = None  # by the other side's clock


def post(
    *, host: str, path: str, headers: Mapping[str, str | Secret], body: Mapping[str, object], timeouts: Timeouts = API
) -> Answer:
    """Send JSON to a shop and read what it answers. Values of headers and of the body's first level may be Secrets.

    Raises an IntegrationError when there is no answer, or a successful one that is not JSON. The status is the caller's to judge.
    """
    if left() < timeouts.total:
        raise errors.OutOfTime
    url, host_header = _address(host=host, path=path)
    started = time.monotonic()
    answer, failure = _exchange(url, {**headers, **host_header}, body, timeouts)
    outcome = failure.code if failure else (answer.status if answer else "")
    logger.info("POST %s%s: %s after %d ms", host, path, outcome, (time.monotonic() - started) * 1000)
    if failure:
        raise failure
    if answer is None:
        raise errors.Unreachable
    return answer


def browser_base(host: str) -> str:
    """Where a person's browser finds this shop: its own address, or a path of the sandbox."""
    _check_host(host)
    sandbox = sandbox_url()
    return f"{sandbox}/{host}" if sandbox else f"https://{host}"


def sandbox_url() -> str | None:
    """The stand-in that plays every shop in the demo and in tests; only ever on this machine."""
    url: str | None = getattr(settings, "SHOPIFY_SANDBOX_URL", None)
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK or parts.path not in ("", "/"):
        raise errors.DestinationRefused
    return url.rstrip("/")


def _address(*, host: str, path: str) -> tuple[str, dict[str, str]]:
    """The one place where a shop becomes an address. In the sandbox the shop is named by the Host header."""
    _check_host(host)
    if not _PATH.fullmatch(path):
        raise errors.DestinationRefused
    sandbox = sandbox_url()
    return (f"{sandbox}{path}", {"Host": host}) if sandbox else (f"https://{host}{path}", {})


def _check_host(host: str) -> None:
    if not _ALLOWED_HOST.fullmatch(host):
        raise errors.DestinationRefused


def _exchange(
    url: str, headers: Mapping[str, str | Secret], body: Mapping[str, object], timeouts: Timeouts
) -> tuple[Answer | None, errors.IntegrationError | None]:
    """The request and its answer, or the failure as a value: see the module's docstring for why it is not raised here."""
    with Deadline(timeouts.total) as deadline:
        try:
            return _send(url, headers, body, timeouts), None
        except errors.IntegrationError as known:
            failure = type(known)(status=known.status)
        except Exception as error:
            failure = _failure(error)
    return None, errors.TimedOut() if deadline.passed else failure


def _send(url: str, headers: Mapping[str, str | Secret], body: Mapping[str, object], timeouts: Timeouts) -> Answer:
    prepared = _prepare(url, headers, body)
    with _session(getpid()).send(
        prepared, stream=True, allow_redirects=False, timeout=(timeouts.connect, timeouts.read), proxies={}
    ) as response:
        return _read(response)


def _prepare(url: str, headers: Mapping[str, str | Secret], body: Mapping[str, object]) -> requests.PreparedRequest:
    try:
        return requests.Request(
            "POST",
            url,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "Content-Type": "application/json",
                "User-Agent": "VersanaCX",
                **{name: str(_open(value)).encode("ascii").decode() for name, value in headers.items()},
            },
            data=json.dumps({name: _open(value) for name, value in body.items()}, allow_nan=False).encode(),
        ).prepare()
    except (requests.RequestException, ValueError, TypeError):
        pass  # The text of these errors repeats the offending header, which may be a token.
    raise errors.RequestRefused


def _open(value: object) -> object:
    return value.reveal() if isinstance(value, Secret) else value


def _read(response: requests.Response) -> Answer:
    if 300 <= response.status_code < 400:
        raise errors.RedirectRefused(status=response.status_code)
    raw = _bytes(response)
    is_json = response.headers.get("Content-Type", "").split(";")[0].strip().lower() == "application/json"
    if not is_json and response.status_code < 300:
        raise errors.UnexpectedContentType(status=response.status_code)
    request_id = response.headers.get("X-Request-Id", "")
    return Answer(
        status=response.status_code,
        retry_after=_retry_after(response.headers.get("Retry-After", "")),
        request_id=request_id if _REQUEST_ID.fullmatch(request_id) else "",
        body=_parse(raw, response.status_code) if is_json else None,
        sent_at=_moment(response.headers.get("Date", "")),
    )


def _bytes(response: requests.Response) -> bytes:
    """The body, decompressed, up to the limit: a small answer can inflate to a large one."""
    chunks = bytearray()
    for chunk in response.iter_content(64 * 1024):
        chunks += chunk
        if len(chunks) > MAX_ANSWER_BYTES:
            raise errors.AnswerTooLarge(status=response.status_code)
    return bytes(chunks)


def _parse(raw: bytes, status: int) -> object:
    """JSON in UTF-8. Of an error whose body cannot be read the status still counts."""
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        pass
    if status >= 300:
        return None
    raise errors.UnreadableAnswer(status=status)


def _refuse_constant(name: str) -> None:
    raise ValueError("NaN and Infinity are not JSON.")


def _retry_after(header: str) -> float | None:
    """Seconds. Shopify sends floats such as "2.0"; a date is not worth parsing."""
    try:
        seconds = float(header)
    except ValueError:
        return None
    return min(seconds, _MAX_RETRY_AFTER) if math.isfinite(seconds) and seconds >= 0 else None


def _moment(header: str) -> datetime | None:
    """A Date header as a moment; None when it is none."""
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _failure(error: Exception) -> errors.IntegrationError:
    if isinstance(error, requests.Timeout):
        return errors.TimedOut()
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return errors.UnreadableAnswer()
    return errors.Unreachable()


class _Adapter(requests.adapters.HTTPAdapter):
    """requests' adapter on connections that a Deadline can cut."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS


@lru_cache(maxsize=1)
def _session(process: int) -> requests.Session:
    """One pool per process (sockets do not survive a fork), shared by its threads: no cookies, no proxies, no netrc."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(pool_connections=64, pool_maxsize=16, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
