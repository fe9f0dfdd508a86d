"""Log lines: one JSON object each, with the ids of the work in hand, and a second net under secrets.

The first net is that secrets are `Secret` objects, which have no text. This filter is for what a library writes.
"""

import json
import logging
import re
import traceback
from collections.abc import ItemsView
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from versana.observability import context

# Shopify's token prefixes, and the parts of an OAuth callback that must not be kept.
_TOKEN = re.compile(r"shp(?:at|ca|pa|ss|rt|ua)_[A-Za-z0-9_-]+")
_QUERY = re.compile(r"\b(code|hmac|state|key|token|access_token|refresh_token|client_secret)=[^&\s\"']+")
# Django's own line about a refused request or an unknown path names it, and some paths carry a right.
_LINK = re.compile(r"(/(?:invitation|welcome|account/confirm-email|account/password/reset/key)/)[^/\s\"']+")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def redacted(text: str) -> str:
    """`text` without tokens, callback parameters and mail addresses."""
    text = _TOKEN.sub("[token]", text)
    text = _QUERY.sub(r"\1=[removed]", text)
    text = _LINK.sub(r"\1[token]", text)
    return _ADDRESS.sub("[address]", text)


class Redact(logging.Filter):
    """Replaces what a record says by its redacted form. Never drops a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redacted(record.getMessage())
        record.args = None
        return True


class JsonLines(logging.Formatter):
    """One line of JSON a record. A traceback keeps its frames and loses the exception's own words, which may quote data."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **context.current(),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(record.exc_info[2])]
        return json.dumps(line, ensure_ascii=False, default=str)


class SilentExceptionReporterFilter(SafeExceptionReporterFilter):
    """Error reports carry no local variables and no request data, whoever marks what as sensitive."""

    def get_traceback_frame_variables(self, request: object, tb_frame: object) -> ItemsView[str, str]:
        return {}.items()

    def get_post_parameters(self, request: object) -> dict[str, str]:
        return {}

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, str]:
        """Neither cookies nor the query string, which holds a callback's code."""
        return {"REQUEST_METHOD": request.method or ""}

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, str]:
        return {}


class SilentExceptionReporter(ExceptionReporter):
    """Leaves out what Django shows past every filter: the address with its query, and the parameters in it."""

    def get_traceback_data(self) -> dict[str, Any]:
        data = super().get_traceback_data()
        for name in ("request_GET_items", "request_insecure_uri", "request_FILES_items", "user_str"):
            data.pop(name, None)
        # What is left of the request for the template is its path.
        data["request"] = None
        return data
