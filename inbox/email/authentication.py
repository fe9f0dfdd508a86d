"""Whether the sender's domain vouches for a mail, as the server that took it in found (RFC 8601). Pure, never raises.

Anybody can write an Authentication-Results field into a mail. Only one with the name of a server that we trust counts, and of
several the first: the server that took the mail in last put its own on top, and removes what pretends to be its own.
"""

import re
from collections.abc import Collection, Iterable
from email.errors import MessageError
from email.parser import BytesHeaderParser

from inbox.email import headers
from inbox.email.headers import LenientHeaders

PASS, FAIL, NONE, UNKNOWN = "pass", "fail", "none", ""
HEADER_LIMIT = 256 * 1024  # bytes of a mail that are looked at

_COMMENT = re.compile(r"\([^()]*\)")
_METHOD = re.compile(r"^(?P<method>[a-z0-9-]+)\s*=\s*(?P<result>[a-z]+)(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"(?:header\.[di]|smtp\.mailfrom)\s*=\s*([^\s;]+)", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')


def of(raw: bytes, *, trusted: Collection[str]) -> str:
    """PASS, FAIL (the domain disowns it), NONE (it does not say), or UNKNOWN: no server that we trust looked."""
    if not trusted:
        return UNKNOWN
    try:
        mail = BytesHeaderParser(policy=LenientHeaders()).parsebytes(_header(raw))
        sender = next(iter(headers.addresses(mail, "From")), ("", ""))[1]
        fields = [str(value) for value in mail.get_all("Authentication-Results", [])[:50]]
    except (MessageError, ValueError, LookupError, RecursionError):
        return UNKNOWN
    return verdict(fields, trusted=trusted, domain=sender.rpartition("@")[2])


def is_marked_spam(raw: bytes) -> bool:
    """Did a filter on the way call it spam? Whoever forges that, files their own mail there."""
    try:
        mail = BytesHeaderParser(policy=LenientHeaders()).parsebytes(_header(raw))
        marks = (str(mail.get("X-Spam-Flag", "")), str(mail.get("X-Spam-Status", "")), str(mail.get("X-Spam", "")))
    except (MessageError, ValueError, LookupError, RecursionError):
        return False
    return any(mark.strip().lower().startswith("yes") for mark in marks)


def verdict(fields: Iterable[str], *, trusted: Collection[str], domain: str) -> str:
    """What the first field of a trusted server says about a sender of `domain`."""
    names = {name.lower() for name in trusted}
    for field in fields:
        parts = [part.strip() for part in _bare(field[:20_000]).split(";")]
        server = parts[0].split()[0].lower() if parts[0].split() else ""
        if server in names:
            return _judge(parts[1:], domain.lower())
    return UNKNOWN


def _bare(field: str) -> str:
    """Without what a sender may have had a hand in: comments and quoted words. What is left open ends the field."""
    field = _QUOTED.sub(" ", field)
    for _ in range(5):
        field = _COMMENT.sub(" ", field)
    return re.split(r'["()]', field, maxsplit=1)[0]


def _judge(parts: list[str], domain: str) -> str:
    """DMARC's word where there is one. Else only what vouches for the sender's own domain counts, and nothing is disowned:
    forwarding breaks SPF, and a signature that was damaged on the way is none."""
    found = [match for match in map(_METHOD.match, parts) if match]
    for match in found:
        if match["method"].lower() == "dmarc" and match["result"].lower() in ("pass", "fail"):
            return match["result"].lower()
    for match in found:
        if match["method"].lower() in ("dkim", "spf") and match["result"].lower() == "pass":
            names = (each.rpartition("@")[2].lower().strip(".") for each in _PROPERTY.findall(match["rest"]))
            if any(_aligned(name, domain) for name in names):
                return PASS
    return NONE


def _aligned(name: str, domain: str) -> bool:
    """The same domain, or the one above it that signs for it. Never the other way round: a part vouches for no whole."""
    return bool(domain) and "." in name and (name == domain or domain.endswith(f".{name}"))


def _header(raw: bytes) -> bytes:
    head = raw[:HEADER_LIMIT]
    for end in (b"\r\n\r\n", b"\n\n"):
        head = head.split(end, 1)[0]
    return head + b"\n\n"
