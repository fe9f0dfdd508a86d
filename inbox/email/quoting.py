"""Where a reply ends and the history quoted under it begins. Pure; no text is ever lost, at worst too much is shown.

quotequail knows the introduction lines ("On ... wrote:") of most languages and programs; this module adds what a support
inbox needs besides: Outlook's header blocks, quotes without an introduction, answers written between quoted lines (which
stay in sight), and an answer below the quote.
"""

import re
from dataclasses import dataclass

import quotequail

LINES_LIMIT = 2_000  # Lines that are searched. A reply longer than that is shown as it is.
LINE_LIMIT = 400  # Longer lines introduce no quote; the patterns' time grows with the square of a line's length.
FEWEST_WORDS = 3
TRIES_LIMIT = 10

_MORE_INTRODUCTIONS = re.compile(
    r"^(?:Il giorno .* ha scritto:|Il .* ha scritto:|W dniu .* napisał\(?a?\)?:|Den .* skrev .*:|.* kirjoitti .*:|.* wrote:|.* schrieb:"
    r"|.* написал(?:\(а\)|а)?:|.* 写道：|.*さんは書きました.*|.* <[^<>\s]+@[^<>\s]+>(?: 于| a écrit| escribió)?.*[:：])$"
)
_OUTLOOK_FIRST = re.compile(r"^\s*\*?(?:From|Von|De|Da|Van|Från|Fra|Od|От|差出人|发件人)\*?\s?[:：]\*?\s*\S")
_OUTLOOK_NEXT = re.compile(
    r"^\s*\*?(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado(?: el)?|Enviada em|Inviato|Data|Verzonden|Skickat|Sendt|Wysłano|Отправлено|"
    r"To|An|À|Para|A|Aan|Till|Til|Do|Кому|Subject|Betreff|Objet|Asunto|Assunto|Oggetto|Onderwerp|Ämne|Emne|Temat|Тема)\*?\s?[:：]"
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text in two: `visible + quoted` is exactly the whole."""

    visible: str
    quoted: str


def split(text: str) -> Quoted:
    """`text` divided before its quoted history; undivided when hardly a word would remain in sight."""
    lines = text.split("\n")
    start = _start_of_history(lines[:LINES_LIMIT])
    if start is None:
        return Quoted(text, "")
    if start < len(lines) <= LINES_LIMIT and _has_answers_inside(lines[start:]):
        start = _start_of_last_quote(lines)
    visible = "".join(f"{line}\n" for line in lines[:start])
    if start >= len(lines) or len(_WORD.findall(visible)) < FEWEST_WORDS:
        return Quoted(text, "")
    return Quoted(visible, "\n".join(lines[start:]))


def _start_of_history(lines: list[str]) -> int | None:
    """The first line that introduces, heads or begins a quote which the rest of the mail belongs to."""
    found = (_by_introduction(lines), _by_header_block(lines), _by_marks(lines))
    return min((start for start in found if start is not None), default=None)


def _by_introduction(lines: list[str]) -> int | None:
    probe = [line.strip() if len(line) <= LINE_LIMIT else "-" for line in lines]
    begin = 0
    for _ in range(TRIES_LIMIT):
        found = _next_introduction(probe[begin:])
        if found is None:
            return None
        if _introduces(probe, begin + found):
            return begin + found
        begin += found + 1
    return None  # A text of nothing but lines that look like introductions is no mail of a person.


def _next_introduction(lines: list[str]) -> int | None:
    candidates = [number for number, line in enumerate(lines) if _MORE_INTRODUCTIONS.match(line)]
    parts = quotequail.quote("\n".join(lines), limit=len(lines) + 1, quote_intro_line=True)
    if len(parts) == 2:
        candidates.append(len(lines) - parts[1][1].count("\n") - 1)
    return min(candidates, default=None)


def _introduces(lines: list[str], start: int) -> bool:
    """Is it more than a sentence that looks like an introduction ("On arrival your courier wrote:")? It has a date, or a quote."""
    introduction = " ".join(lines[start : start + 2])
    following = [line for line in lines[start + 1 : start + 5] if line]
    looks_like_forward = lines[start].lstrip("> ").startswith(("---", "___"))
    return (
        looks_like_forward
        or bool(re.search(r"\d", introduction))
        or any(line.startswith(">") for line in following[:2])
    )


def _by_header_block(lines: list[str]) -> int | None:
    for number, line in enumerate(lines):
        if _OUTLOOK_FIRST.match(line[:LINE_LIMIT]):
            block = [following[:LINE_LIMIT] for following in lines[number + 1 : number + 6]]
            if sum(bool(_OUTLOOK_NEXT.match(following)) for following in block) >= 2:
                return number
    return None


def _by_marks(lines: list[str]) -> int | None:
    """Two or more lines in a row that begin with ">"."""
    for number in range(len(lines) - 1):
        if lines[number].startswith(">") and lines[number + 1].startswith(">"):
            return number
    return None


def _has_answers_inside(history: list[str]) -> bool:
    """Does the sender go on writing after the first quoted line? Judged only where the history is marked with ">"."""
    first = next((number for number, line in enumerate(history[:5]) if line.startswith(">")), None)
    if first is None:
        return False
    return any(line.strip() and not line.startswith(">") for line in history[first:])


def _start_of_last_quote(lines: list[str]) -> int:
    """Where the marked lines begin that end the mail; after its end when it ends in words of the sender."""
    start = len(lines)
    while start and (not lines[start - 1].strip() or lines[start - 1].startswith(">")):
        start -= 1
    return start
