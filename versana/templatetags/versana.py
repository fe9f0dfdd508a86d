"""What templates may say beyond Django's own: icons, badges, moments, ages, orders, and a mail's text as paragraphs."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from html import escape  # Django's own is the same behind a lazy wrapper that costs five times as much

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide

from integrations.shopify.sections import ItemRow, OrderCard, Section
from integrations.shopify.vocabulary import Badge
from versana.moments import age, age_words, ago, moment, moments

register = template.Library()
register.simple_tag(moment)
register.simple_tag(age_words)
register.filter(age)
register.filter(ago)


# --- Icons and badges -----------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, size: int = 16) -> str:
    """An outline icon. Decoration only: the control around it carries the name."""
    return _icon(str(name), size)


@lru_cache(maxsize=256)
def _icon(name: str, size: int) -> str:
    stroke = 2 if size > 16 else 2.2  # a hairline at the small sizes otherwise
    return mark_safe(lucide(name, size=size, stroke_width=stroke, aria_hidden="true", focusable="false"))  # noqa: S308 - from the icon package


@register.simple_tag
def badge(state: Badge | None, bare: bool = False) -> str:
    """A state as word, shape and colour; `bare` leaves the ground out, for folded rows."""
    return "" if not state else _badge(state.tone, state.shape, state.word, bare)


@lru_cache(maxsize=1024)
def _badge(tone: str, shape: str, word: str, bare: bool) -> SafeString:
    html = '<span class="badge {}{}"><svg class="shape" aria-hidden="true"><use href="#s-{}"/></svg>{}</span>'
    return format_html(html, tone, " bare" if bare else "", shape, word)


# --- Orders: in Python where a section holds dozens of them -----------------------------------------------------------
@register.filter
def items(rows: Iterable[ItemRow]) -> SafeString:
    """`2 × Wool throw, Moss` as list items. An order has up to 25 of them, a section up to 75 at once."""
    return mark_safe("".join(_item(row.quantity, row.title, row.variant) for row in rows))  # noqa: S308 - escaped in _item


def _item(quantity: int, title: str, variant: str) -> str:
    what = f"{title}, {variant}" if variant else title
    return f"<li>{quantity} × <bdi>{escape(what)}</bdi></li>"


@register.simple_tag
def order_lines(section: Section) -> str:
    """The folded orders: a line each; its parts, and the way out to Shopify, are fetched when it is opened (versana.js).

    Fifty of them are most of a section's weight. As a template, 47 took three times as long.
    """
    parts, day = _parts(get_language() or ""), moments(section.time_zone, "short")
    folded = (order for order in section.orders if order.layout == "line" and not order.detail)
    return mark_safe("".join(_order_line(order, section, parts, day) for order in folded))  # noqa: S308 - escaped there


def _order_line(order: OrderCard, section: Section, parts: str, day: Callable[[datetime], str]) -> str:
    name, url = escape(order.name), escape(order.detail_url)
    state = badge(order.badges[0], bare=True) if order.badges else ""
    fold = f'<details id="order-{section.store_number}-{escape(order.legacy_id)}">'
    return (
        f'<article class="order line">{fold}<summary><b>{name}</b>{day(order.created_at)}{state}'
        f'<span class="total">{escape(order.total)}</span></summary>'
        f'<div class="order-body"><a class="fetch" href="{url}">{parts}</a></div></details></article>'
    )


@lru_cache(maxsize=32)
def _parts(language: str) -> str:
    return escape(_("Items and parcels"))


# --- The text of a mail ---------------------------------------------------------------------------------------------
# Works on escaped text, so an address ends where an escaped bracket or quote begins.
_ADDRESS = re.compile(r"https?://(?:(?!&(?:lt|gt|quot|#x27);)[^\s<]){1,2000}", re.IGNORECASE)
_AFTER_ADDRESS = re.compile(r"[.,;:!?)\]]+$")
_ORDER_NUMBER = re.compile(r"(?<![\w&#/])#(?:[A-Z]{1,4}-?)?\d{3,9}\b")


@register.filter
def prose(text: str) -> SafeString:
    """Plain text as paragraphs, with its web addresses as links and its order numbers marked. Everything is escaped."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return mark_safe("".join(f'<p dir="auto">{_line_breaks(one)}</p>' for one in paragraphs if one.strip()))  # noqa: S308 - escaped in _line_breaks


def _line_breaks(paragraph: str) -> str:
    escaped = escape(paragraph.strip("\n"))
    out, end = [], 0
    for found in _ADDRESS.finditer(escaped):
        address = _AFTER_ADDRESS.sub("", found.group())
        out += [_mark_orders(escaped[end : found.start()]), _link(address)]
        end = found.start() + len(address)
    out.append(_mark_orders(escaped[end:]))
    return "".join(out).replace("\n", "<br>")


def _link(address: str) -> str:
    """`address` is escaped. The page behind it learns nothing of us, and a search engine nothing of it."""
    return f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>'


def _mark_orders(escaped: str) -> str:
    return _ORDER_NUMBER.sub(r'<span class="ref">\g<0></span>', escaped)
