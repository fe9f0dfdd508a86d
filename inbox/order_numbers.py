"""The names of orders in a text that somebody wrote: "#1042", "order 1042", "UK-1042", "#UK-1042-B". Pure.

Anybody can write any number, so what is found here proves nothing: a name counts once a store has answered for it. The
rules would rather miss a number that looks like a price, a date or a telephone than have every store asked for it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ORDERS_LIMIT = 10
TEXT_LIMIT = 20_000  # characters of a text that are looked at
DIGITS = 12
VALUE_LIMIT, TYPED_LIMIT = 40, 60


@dataclass(frozen=True, slots=True)
class Named:
    """`value`: without "#", in capitals. `typed`: as it stands in the text."""

    value: str
    typed: str


Affixes = tuple[str, str]
_Span = tuple[int, int]

_END = r"(?![A-Za-z0-9_]|[.,:/][0-9]|[-–][0-9]{5})"
_TAIL = rf"(?:-[A-Za-z0-9]{{1,4}})?{_END}"
_LETTERS = r"(?:[A-Za-z]{1,6}-?)?"
_NAME = rf"{_LETTERS}[0-9]{{3,{DIGITS}}}{_TAIL}"
_ANY = rf"{_LETTERS}[0-9]{{1,{DIGITS}}}{_TAIL}"
_CAPITALS = re.IGNORECASE

# --- What is no order, and is blotted out first ---------------------------------------------------------------------------
_MONEY = r"(?:[$€£¥₹]|\b(?:usd|eur|euros?|gbp|chf|sek|nok|dkk|pln|kr|dollars?|pounds?|cad|aud)\b)"
_OTHER_THING = (
    r"tracking|track|awb|waybill|zip|post(?:al)?[ -]?code|postleitzahl|plz|phone|telephone|telefon|tel|mobile|cell|fax|iban|account|vat"
    r"|item|items|product|article|artikel|sku|model|part|serial|card|visa|mastercard|amex|voucher|coupon|ticket|case|apt|apartment|flat"
    r"|suite|ste|unit|room|floor|size|pin|po box|p\.o\. box"
)
_BETWEEN = r"(?:[\s:.#*'\"()-]|\b(?:number|numbers|no|nr|num|id|ids|code|codes|is|was|are|used to be|should be|ending|ends|in)\b){0,8}"
_NOISE = [
    re.compile(pattern, _CAPITALS)
    for pattern in (
        r"(?:https?://|www\.)\S+",
        r"[^\s@<>]{1,64}@[^\s@<>]{1,255}",
        r"\b[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}\b|\b[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}\b",
        # No amount is longer, and without an end "1.1.1." of a whole mail is gone through anew from each of its digits.
        rf"{_MONEY}\s?[0-9][0-9.,]{{0,20}}|(?<![\w#-])[0-9][0-9.,]{{0,20}}\s?(?:%|{_MONEY})",
        r"\b1Z[0-9A-Z]{16}\b|\b[A-Z]{2}[0-9]{9}[A-Z]{2}\b|\b[A-Z]{0,6}[0-9]{13,}\b",
        r"\+[0-9][0-9 ()./-]{6,24}[0-9]",
        r"(?<![\w#-])\(?[0-9]{2,5}\)?(?:[ ./-]{1,2}\(?[0-9]{2,5}\)?){2,6}(?![0-9A-Za-z])",
        # A list of orders keeps its commas; four times four digits are a card.
        r"\b[0-9]{4}(?:[ -]?[0-9]{4}){3}\b",
        rf"\b(?:{_OTHER_THING})\b{_BETWEEN}{_LETTERS}[0-9][0-9-]*",
        r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s[0-9]{1,2}(?:st|nd|rd|th)?,?\s[0-9]{4}\b",
    )
]

# --- What is one -----------------------------------------------------------------------------------------------------------
_ORDER = (
    r"(?:\b(?:orders?|purchases?|bestellung(?:en)?|bestell-?(?:nummer|nr)|auftrag|auftragsnummer|commandes?|pedidos?|ordine|ordini"
    r"|ordrer?|ordernummer|beställning(?:en|ar)?|bestelling(?:en)?|encomendas?|zamówieni[eua])|طلب|الطلب|注文|订单)"
)
_OF_ORDER = (
    r"(?:[\s:.,*'\"()=°–—-]|\b(?:number|numbers|nummer|numero|número|numéro|no|nr|num|n|id|ids|ref|reference|name|is|was|are|it's|it is"
    r"|the|my|with|called|named|might be|should be|ist|lautet|est|es)\b){0,8}"
)
_COUNTED = (
    r"(?!\s?(?:x\b|×|days?|weeks?|months?|hours?|minutes?|years?|times|items?|pieces?|pcs|units?|pairs?|boxes|more|of|grams?|g|kg|ml|l|cm|mm"
    r"|inch(?:es)?|people|st|nd|rd|th)\b)"
)
_AND = r"\s*(?:,|;|&|\+|/|\band\b|\bor\b|\bund\b|\bet\b|\by\b)+\s*"
_BESIDE = re.compile(
    rf"{_ORDER}{_OF_ORDER}(?P<names>(?:#\s?{_ANY}|{_NAME}){_COUNTED}(?:{_AND}#?\s?{_NAME}){{0,9}})", _CAPITALS
)
_GLUED = re.compile(r"\border(?P<names>#?[0-9]{3,12})(?![0-9A-Za-z])", _CAPITALS)
_BEFORE = re.compile(rf"\b(?:my|the|our)\s(?P<names>#?{_NAME})\sorder\b|(?<![\w#])(?P<those>{_NAME})\s(?:is|was)\s(?:my|the|our)\s(?:\w+\s)?order\b", _CAPITALS)  # fmt: skip
_HASH = re.compile(rf"(?<![\w&#/])(?P<names>#\s?{_NAME})", _CAPITALS)
# Capitals and a hyphen, or one or two capitals and many digits. What else is written so is denied.
_DENIED = {"ISO", "EN", "DIN", "SKU", "COVID", "RMA", "RFC", "USB", "TEL", "FAX", "ZIP", "EAN", "UPC", "ISBN", "VAT", "IEC", "CE", "UN", "US", "IPX"}  # fmt: skip
_SHAPED = re.compile(r"(?<![\w#/.@-])(?P<names>(?P<letters>[A-Z]{1,6})-[0-9]{3,8}(?:-[A-Z0-9]{1,4})?|(?P<few>[A-Z]{1,2})[0-9]{6,9})(?![\w-])")  # fmt: skip
_ALONE = re.compile(rf"^[ \t>*\"'(]*(?P<names>#?{_LETTERS}[0-9]{{3,9}}(?:-[A-Za-z0-9]{{1,4}})?)[ \t.!?*\"')]*$", re.MULTILINE)  # fmt: skip
# The line above a number that is alone says what it is: a street, or something that has another number.
_NOT_BELOW = re.compile(
    rf"\b(?:{_OTHER_THING}|street|st|road|rd|avenue|ave|lane|drive|dr|court|way|straße|strasse|str|weg|platz|rue|calle|via|address)\b[^\n]{{0,60}}$",
    _CAPITALS,
)
_ONE = re.compile(rf"#?\s?(?P<value>{_ANY})", _CAPITALS)


def order_names(text: str, *, affixes: Iterable[Affixes] = ()) -> tuple[Named, ...]:
    """The names in `text`, each once, in its order. `affixes`: what stands before and after the numbers of known stores."""
    clean = _blotted(_plain(text))
    found: dict[int, tuple[int, str]] = {}
    for start, end, value in _found(clean, affixes):
        if start not in found or end > found[start][0]:
            found[start] = (end, value)
    names: dict[str, Named] = {}
    until = 0
    for start, (end, value) in sorted(found.items()):
        if start >= until and len(value) <= VALUE_LIMIT:
            names.setdefault(value, Named(value, clean[start:end].strip()[:TYPED_LIMIT]))
            until = end
    return tuple(names.values())


def newest(texts: Iterable[str], *, affixes: Iterable[Affixes] = ()) -> tuple[Named, ...]:
    """The names in several texts, given the newest first: of those, at most ten, the newest mention first."""
    known, names = tuple(affixes), dict[str, Named]()
    for text in texts:
        for one in order_names(text, affixes=known):
            names.setdefault(one.value, one)
        if len(names) >= ORDERS_LIMIT:
            break
    return tuple(names.values())[:ORDERS_LIMIT]


def _plain(text: str) -> str:
    """Wide digits as digits, "№" as "#", and nothing that cannot be seen."""
    folded = unicodedata.normalize("NFKC", text[:TEXT_LIMIT].replace("№", "#"))
    return "".join(sign for sign in folded if unicodedata.category(sign) != "Cf")[: 2 * TEXT_LIMIT]


def _blotted(text: str) -> str:
    for noise in _NOISE:
        text = noise.sub(lambda found: "¤" * len(found.group()), text)
    return text


def _found(text: str, affixes: Iterable[Affixes]) -> Iterator[tuple[int, int, str]]:
    for found in (*_BESIDE.finditer(text), *_GLUED.finditer(text), *_HASH.finditer(text)):
        yield from _each(text, found.span("names"))
    for found in _BEFORE.finditer(text):
        yield from _each(text, found.span("names" if found["names"] else "those"))
    for found in _SHAPED.finditer(text):
        if (found["letters"] or found["few"]) not in _DENIED:
            yield from _each(text, found.span("names"))
    for found in _ALONE.finditer(text):
        above = text[max(found.start() - 200, 0) : found.start()].removesuffix("\n").rpartition("\n")[2]
        if not _NOT_BELOW.search(above):
            yield from _each(text, found.span("names"))
    for before, after in affixes:
        yield from _of_store(text, before.lstrip("#"), after)


def _of_store(text: str, before: str, after: str) -> Iterator[tuple[int, int, str]]:
    """In the form that a store is known to give its orders, wherever it stands."""
    if not before and not after:
        return
    form = rf"(?<![\w#-])#?{re.escape(before)}[0-9]{{1,{DIGITS}}}{re.escape(after)}(?![\w-])"
    for found in re.finditer(form, text, _CAPITALS):
        yield (*found.span(), found.group().lstrip("#").upper())


def _each(text: str, span: _Span) -> Iterator[tuple[int, int, str]]:
    for one in _ONE.finditer(text, *span):
        yield (*one.span(), one["value"].upper())
