"""The address at which a workspace takes mail in: its own name at the installation's domain. Pure.

Only the envelope's recipient says whose a mail is: that is what a server was asked to deliver to. What stands in the mail's
own To, its sender wrote.
"""

import re

_RECIPIENT = re.compile(r"<?\s*([^\s<>@\"]{1,64})@([^\s<>@]{1,253}?)\.?\s*>?")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def address_of(slug: str, *, domain: str) -> str:
    """Where a workspace's mail is to be forwarded to; empty where the installation takes none in."""
    return f"{slug}@{domain}" if domain else ""


def slug_of(recipient: str, *, domain: str) -> str | None:
    """The workspace that `recipient` names, as `acme@domain` or `acme+anything@domain`; None for any other address."""
    found = _RECIPIENT.fullmatch(recipient.strip()[:400])
    if not domain or found is None or found[2].lower() != domain.lower():
        return None
    slug = found[1].partition("+")[0].lower()
    return slug if _SLUG.fullmatch(slug) else None
