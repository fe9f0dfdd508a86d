"""What templates of a person's account say: a browser by its name, a code in groups."""

import re

from django import template
from django.utils.translation import gettext as _

register = template.Library()
# The first that fits: Edge and Opera call themselves Chrome too, and Chrome calls itself Safari.
_BROWSERS = (
    ("Edge", re.compile(r"\bEdgA?/|\bEdgiOS/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Firefox", re.compile(r"\bFirefox/|\bFxiOS/")),
    ("Chrome", re.compile(r"\bChrome/|\bCriOS/|\bHeadlessChrome/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS = (
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("macOS", re.compile(r"\bMac OS X\b|\bMacintosh\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)


@register.filter
def browser(user_agent: str) -> str:
    """`Firefox on Windows`, as far as the browser says."""
    name = next((word for word, pattern in _BROWSERS if pattern.search(user_agent)), "")
    system = next((word for word, pattern in _SYSTEMS if pattern.search(user_agent)), "")
    if name and system:
        return _("%(name)s on %(system)s") % {"name": name, "system": system}
    return name or system or _("Unknown browser")


@register.filter
def spaced(code: str) -> str:
    """`ABCD EFGH`: groups of four, which eyes keep their place in. Every form takes the blanks."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))
