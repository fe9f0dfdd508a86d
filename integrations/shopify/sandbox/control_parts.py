"""The pieces of the control page: forms, fields, badges, tables. Every value is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

FORM_PATH = "/_sandbox/do"


def form(token: str, action: str, fields: str) -> str:
    """A form for one action; an empty action leaves it to the buttons."""
    named = hidden("action", action) if action else ""
    return f'<form method="post" action="{FORM_PATH}">{hidden("token", token)}{named}{fields}</form>'


def hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def button(label: str, *, value: str = "", main: bool = False, danger: bool = False) -> str:
    kind = "yes" if main else "no danger" if danger else "no"
    named = f' name="action" value="{escape(value)}"' if value else ""
    return f'<button class="{kind}"{named}>{escape(label)}</button>'


def text(name: str, label: str, value: str, *, wide: bool = False) -> str:
    return (
        f'<label class="field{" grow" if wide else ""}"><span>{escape(label)}</span>'
        f'<input name="{escape(name)}" value="{escape(value)}" autocomplete="off"></label>'
    )


def select(name: str, label: str, choices: str, *, wide: bool = False) -> str:
    return (
        f'<label class="field{" grow" if wide else ""}"><span>{escape(label)}</span>'
        f'<select name="{escape(name)}">{choices}</select></label>'
    )


def options(values: Iterable[str], chosen: str = "") -> str:
    return "".join(option(value, value, chosen=value == chosen) for value in values)


def option(value: str, label: str, *, chosen: bool = False) -> str:
    return f'<option value="{escape(value)}"{" selected" if chosen else ""}>{escape(label)}</option>'


def badge(words: str, kind: str = "") -> str:
    return f'<span class="badge {kind}">{escape(words)}</span>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> str:
    if not rows:
        return f"<p>{escape(empty)}</p>"
    titles = "".join(f"<th scope=col>{escape(word)}</th>" for word in head)
    body = "".join(
        "<tr>"
        + "".join(f'<td data-label="{escape(head[i])}">{escape(cell)}</td>' for i, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'
    )
