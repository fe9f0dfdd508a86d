"""Places inside one process in which a secret could end up: error reports of every make, logs, records, copies.

`Sinks` collects what each was given. An error goes into all that report errors, one of them a tracker that packs local
variables of every frame, as commercial ones do.
"""

import copy
import json
import logging
import pickle
import traceback
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from celery.utils.serialization import get_pickleable_exception
from django.core import mail
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.utils.log import AdminEmailHandler
from django.views.debug import get_exception_reporter_class

from versana.observability.logging import JsonLines, Redact

DEPTH = 5
MAILED = {"ADMINS": [("Staff", "staff@example.com")], "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend"}


class Sinks:
    """Name -> everything that was written there."""

    def __init__(self) -> None:
        self.contents: dict[str, list[bytes]] = defaultdict(list)
        self.errors: set[tuple[object, ...]] = set()

    def put(self, name: str, data: object) -> None:
        self.contents[name].append(data if isinstance(data, bytes) else str(data).encode("utf-8", "surrogatepass"))

    def items(self) -> list[tuple[str, bytes]]:
        """Each sink, its lines once: reports and pages repeat themselves, and no secret that is looked for spans lines."""
        return [
            (name, b"\n".join(dict.fromkeys(line for part in parts for line in part.split(b"\n"))))
            for name, parts in sorted(self.contents.items())
        ]

    def response(self, response: HttpResponse, who: str) -> None:
        """`who` asked: "signed in" or "anonymous"."""
        self.put("error pages" if response.status_code >= 400 else f"pages, {who}", response.content)
        self.put("page headers", "\n".join(f"{k}: {v}" for k, v in response.headers.items() if k != "Location"))
        self.put("cookies set", "\n".join(str(cookie) for cookie in response.cookies.values()))

    # --- Errors ---
    def error(self, error: BaseException, request: HttpRequest | None = None) -> None:
        places = tuple((frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__))
        if (type(error), *places) in self.errors:
            return  # The same error by the same way: reports take long.
        self.errors.add((type(error), *places))
        request = request or RequestFactory().get("/somewhere/")
        for report in (self._texts, self._logs, self._page, self._mailed):
            with suppress(Exception), transaction.atomic():  # What a repr asks the database may fail here.
                report(request, error)

    def _texts(self, request: HttpRequest, error: BaseException) -> None:
        self.put("error: text", "".join(traceback.format_exception(error)))
        self.put("error: chain of causes", "\n".join(_chain(error)))
        self.put("error: Celery's copy", _pickled(error))
        frames = [_frame(frame) for frame in _frames(error)]
        self.put(
            "error: text with local variables", "\n".join(f"{k} {v}" for frame in frames for k, v in frame.items())
        )
        self.put("error: tracker that packs local variables", json.dumps(frames, default=repr))

    def _logs(self, request: HttpRequest, error: BaseException) -> None:
        caught = (type(error), error, error.__traceback__)
        record = logging.LogRecord("app", logging.ERROR, "x.py", 1, "failed: %s", (error,), caught)
        self.put("error: log, Python's format", logging.Formatter().format(record))
        Redact().filter(record)
        self.put("error: log, our format", JsonLines().format(record))

    def _page(self, request: HttpRequest, error: BaseException) -> None:
        with override_settings(DEBUG=True):
            reporter = get_exception_reporter_class(request)(request, type(error), error, error.__traceback__)
            self.put("error: debug page", reporter.get_traceback_html())
            self.put("error: debug page as text", reporter.get_traceback_text())

    def _mailed(self, request: HttpRequest, error: BaseException) -> None:
        with override_settings(**MAILED):
            mail.outbox = []
            caught = (type(error), error, error.__traceback__)
            record = logging.LogRecord("django.request", logging.ERROR, "x.py", 1, "Failed", (), caught)
            record.request = request
            AdminEmailHandler(include_html=True).emit(record)
            for message in mail.outbox:
                self.put("error: mail, text", f"{message.subject}\n{message.body}")
                self.put("error: mail, HTML", message.alternatives[0][0])

    # --- What is said meanwhile ---
    @contextmanager
    def watching(self) -> Iterator[None]:
        """Everything that any logger says at DEBUG, and every SQL statement with its parameters."""
        handler = _Collector(self)
        root, level = logging.getLogger(), logging.getLogger().level
        # Django's templates tell at DEBUG of every variable that is not there, with all others in the traceback's frames.
        quiet = {
            n: logging.getLogger(n).level
            for n in ("django.db.backends", "urllib3", "celery", "kombu", "django", "django.template")
        }
        root.handlers.insert(0, handler)  # before ours, whose filter redacts the record itself
        root.setLevel(logging.DEBUG)
        for name in quiet:
            logging.getLogger(name).setLevel(logging.INFO if name == "django.template" else logging.DEBUG)
        forced, connection.force_debug_cursor = connection.force_debug_cursor, True
        try:
            yield
        finally:
            self.put("statements (connection.queries)", "\n".join(q["sql"] or "" for q in connection.queries_log))
            connection.force_debug_cursor = forced
            connection.queries_log.clear()
            root.removeHandler(handler)
            root.setLevel(level)
            for name, before in quiet.items():
                logging.getLogger(name).setLevel(before)


_SAID = ("msg", "exc_info", "args")  # These are in the record's words; times would make every record another one.


class _Collector(logging.Handler):
    """Each record as a careless handler would write it: its words, its fields, its error."""

    def __init__(self, sinks: Sinks) -> None:
        super().__init__(logging.DEBUG)
        self.sinks = sinks

    def emit(self, record: logging.LogRecord) -> None:
        name = "log of statements" if record.name == "django.db.backends" else "log at DEBUG"
        self.sinks.put(name, logging.Formatter().format(record))
        fields = {
            k: _packed(v, DEPTH) for k, v in vars(record).items() if k not in _SAID and not isinstance(v, int | float)
        }
        self.sinks.put(f"{name}, fields", json.dumps(fields, default=repr))
        if record.levelno >= logging.INFO:
            written = copy.copy(record)
            Redact().filter(written)
            self.sinks.put("log as an installation writes it", JsonLines().format(written))


def _chain(error: BaseException | None, seen: frozenset[int] = frozenset()) -> Iterator[str]:
    if error is None or id(error) in seen:
        return
    yield f"{error!r} {error.args!r} {vars(error)!r} {getattr(error, '__notes__', '')!r}"
    with suppress(Exception):
        yield str(error)
    seen |= {id(error)}
    yield from _chain(error.__cause__, seen)
    yield from _chain(error.__context__, seen)


def _frames(error: BaseException | None, seen: frozenset[int] = frozenset()) -> Iterator[Any]:
    if error is None or id(error) in seen:
        return
    yield from (
        frame for frame, _ in traceback.walk_tb(error.__traceback__) if "/tests/" not in frame.f_code.co_filename
    )
    seen |= {id(error)}
    yield from _frames(error.__cause__, seen)
    yield from _frames(error.__context__, seen)


def _frame(frame: Any) -> dict[str, Any]:
    return {f"{frame.f_code.co_filename}:{frame.f_code.co_name}": _packed(dict(frame.f_locals), DEPTH)}


def _packed(value: Any, depth: int) -> Any:
    """As trackers do: containers are walked, everything else is its repr."""
    if depth and isinstance(value, dict):
        return {repr(k): _packed(v, depth - 1) for k, v in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_packed(each, depth - 1) for each in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("latin-1")
    try:
        return "<query>" if isinstance(value, QuerySet) else repr(value)
    except Exception as failed:
        return f"<{type(failed).__name__}>"


def _pickled(error: BaseException) -> bytes:
    try:
        return pickle.dumps(get_pickleable_exception(error))
    except Exception as failed:
        return repr(failed).encode()
