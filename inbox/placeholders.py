"""Places in a text for what differs: `{{ contact.first_name }}`. Plain substitution, nothing is evaluated. Pure.

A place is filled by a value or not at all: where one has none, the text is not to be used, and the reason says why.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

KNOWN = (
    "contact.first_name",
    "contact.name",
    "agent.name",
    "workspace.name",
    "order.name",
    "order.status",
    "order.tracking_link",
)
_PLACE = re.compile(r"\{\{([^{}]{0,100})\}\}")


@dataclass(frozen=True, slots=True)
class Value:
    """What stands for a place; empty where there is nothing, with the reason."""

    text: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """The text with all of its places filled; or none, and the reasons, each once."""

    text: str
    why_not: tuple[str, ...] = ()


def places(text: str) -> tuple[str, ...]:
    """The names that stand in a text, each once, in their order."""
    return tuple(dict.fromkeys(found.strip() for found in _PLACE.findall(text)))


def unknown(text: str) -> tuple[str, ...]:
    """Names that nothing is known for, and braces that are no place, as they were written."""
    strange = [f"{{{{ {name} }}}}" for name in places(text) if name not in KNOWN]
    rest = _PLACE.sub("", text)
    return (*strange, *(brace for brace in ("{{", "}}") if brace in rest))


def fill(text: str, values: Mapping[str, Value]) -> Filled:
    """Each place becomes its value, as it is: what a value says is never taken for a place."""
    wanted = {name: values.get(name, Value()) for name in places(text)}
    missing = dict.fromkeys(value.why_not or f"{{{{ {name} }}}}" for name, value in wanted.items() if not value.text)
    if missing:
        return Filled("", tuple(missing))
    return Filled(_PLACE.sub(lambda place: wanted[place[1].strip()].text, text))
