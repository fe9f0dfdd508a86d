"""Shows that the sinks are searched: one value is written on purpose through each reporter, log and store."""

import json
import logging
import warnings

from django.db import connection
from django.test import RequestFactory

from tests.acceptance.sinks import Sinks


def plant(sinks: Sinks, token: str) -> None:
    """The same value written on purpose through each reporter, log and store, and added to the other places."""

    try:
        try:
            json.loads(f'{{"{token}')  # Its frames hold the text as a local variable.
        except ValueError:
            raise ValueError(token)  # noqa: B904 - with the first as its context
    except ValueError as error:
        request = RequestFactory().get(f"/callback/?code={token}")
        sinks.error(error, request)
    with sinks.watching():
        logging.getLogger("anything").debug("token %s", token, extra={"given": token})
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [token])
        warnings.warn(token, UserWarning, stacklevel=1)
    for name in [name for name in sinks.contents if name not in PLANTED_BY_THEMSELVES]:
        sinks.put(name, f'{{"x": "{token}"}}')


PLANTED_BY_THEMSELVES = frozenset(
    name for name in (
        "error: text", "error: text with local variables", "error: chain of causes", "error: tracker that packs local variables",
        "error: Celery's copy", "error: log, Python's format", "log at DEBUG", "log at DEBUG, fields", "log of statements",
        "log of statements, fields", "statements (connection.queries)",
    )
)  # fmt: skip
