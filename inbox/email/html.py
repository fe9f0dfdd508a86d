"""HTML of mails made fit to be shown, and to be read as text. Pure; time and memory are bounded for any input.

`sanitise` gives what is kept of a mail: an allow list of tags, no styles, no scripts, no forms, nothing that is fetched. Where
a picture stood, its source is kept beside it as words (`data-cid`, `data-src`); `framed` makes pictures of those that may be
seen, for the sandboxed frame. `html_to_text` is made from the same sanitised HTML, so that what a program reads is what an agent sees: text
hidden by a style sheet is hidden from neither.

The allow list is nh3's (a browser-grade parser). Before it, libxml2 reads the input once, because the rules of HTML let a
browser-grade parser be driven to quadratic time and to a thousandfold output (measured: 100,000 open <div> take nh3 20
seconds; 240 KB of unclosed <b> make 34 MB): libxml2 stops at 256 levels, and its tree can be measured cheaply.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import unquote

import nh3
from inscriptis import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml import etree

HTML_LIMIT = 2 * 1024 * 1024  # Characters. The longest histories that Outlook drags along are about half of it.
TEXT_LIMIT = 1024 * 1024
CLEAN_LIMIT = 3 * HTML_LIMIT  # Sanitised HTML grows: every link gets its rel, every "<" becomes four characters.
LAYOUT_LIMIT = 20_000_000  # Cells times characters: every row of a table is padded to its widest cell.
REOPENED_LIMIT = 200_000  # Elements that a browser would open again because they were left open; see _may_explode.

_TAGS = {
    *("a", "abbr", "address", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col"),
    *(
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
    ),
    *(
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
    ),
    *("summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr"),
}
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"alt", "width", "height", "data-cid", "data-src"},  # No src: what is kept shows no picture by itself.
    "ol": {"start", "type"},
    "td": {"align", "valign", "colspan", "rowspan"},
    "th": {"align", "valign", "colspan", "rowspan"},
    "font": {"color"},
}
_SHOWING = {**_ATTRIBUTES, "img": {"alt", "width", "height", "src"}}
_GONE_WITH_CONTENT = {
    "script",
    "style",
    "title",
    "template",
    "noscript",
    "iframe",
    "object",
    "svg",
    "math",
    "textarea",
    "select",
}
_LINKS = {"http", "https", "mailto"}
_FORMATTING = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
_FULL_LINK = re.compile(r"\s*(?:https?|mailto):", re.IGNORECASE)
_FROM_ELSEWHERE = re.compile(r"\s*(?:https?:|//)", re.IGNORECASE)
_REMOTE = re.compile(r"https?://[^\s\"'<>\\]{1,2000}", re.IGNORECASE)
# Pictures that a mail carries in its own HTML. No SVG: that is a document.
_CARRIED = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]{1,1500000}", re.IGNORECASE)
PICTURES_LIMIT = 500  # in one mail; what is beyond that is no letter
_SPAN = re.compile(r"\s*\d{1,3}\s*")
_MARKUP = re.compile(r"<[^<>]{0,10000}>")
_LINE_ENDS = re.compile(
    r"<(?:br|hr|/p|/div|/tr|/li|/h[1-6]|/table|/blockquote|/pre|/dd|/dt|/center|/caption)\b[^<>]{0,1000}>"
)
_BLANK_LINES = re.compile(r"\n[ \t\r\n]*\n[ \t\r\n]*\n")


@dataclass(frozen=True, slots=True)
class CleanHtml:
    """HTML for the sandboxed frame, and how many pictures from elsewhere were left out of it."""

    html: str
    remote_images: int


def sanitise(html: str) -> CleanHtml:
    """`html` by the allow list. What is too large or too tangled to be laid out is shown as the text in it."""
    tree = _tree(html)
    if tree is None or _may_explode(tree):
        return CleanHtml(_as_text(html), 0)
    remote = sum(_is_remote_picture(element) for element in tree.iter(etree.Element))
    _keep_full_links(tree)
    _limit_spans(tree)
    _put_pictures_aside(tree)
    clean = _clean(etree.tostring(tree, method="html", encoding="unicode"))
    return CleanHtml(clean, remote) if len(clean) <= CLEAN_LIMIT else CleanHtml(_as_text(html), 0)


def framed(html: str, *, own: Mapping[str, str], remote: bool) -> str:
    """What `sanitise` gave, with its pictures: those that came with the mail, by Content-ID from `own` to an address of ours,
    and those from elsewhere when `remote`."""
    if "data-cid" not in html and "data-src" not in html:
        return html
    tree = _tree(html)
    if tree is None:
        return html
    for place, picture in enumerate(tree.iter("img")):
        cid, source = picture.attrib.pop("data-cid", ""), picture.attrib.pop("data-src", "")
        wanted = own.get(cid, "") if cid else source if _CARRIED.fullmatch(source) else source if remote else ""
        if wanted and place < PICTURES_LIMIT:
            picture.set("src", wanted)
    allowed = frozenset(own.values())

    def keep(tag: str, name: str, value: str) -> str | None:
        if (tag, name) != ("img", "src"):
            return value if name != "href" or _FULL_LINK.match(value) else None
        known = value in allowed or _CARRIED.fullmatch(value) or (remote and _REMOTE.fullmatch(value))
        return value if known else None

    return _clean(etree.tostring(tree, method="html", encoding="unicode"), keep=keep)


def fetches_pictures(html: str) -> bool:
    """Whether what `sanitise` gave names pictures from elsewhere."""
    return 'data-src="http' in html


def html_to_text(html: str) -> str:
    """The text of `html` as a person reads it, tables side by side, at most TEXT_LIMIT characters."""
    clean = sanitise(html).html
    tree = _tree(clean)
    simple = tree is None or _is_costly_table(tree)
    text = _bare_text(_LINE_ENDS.sub("\n", clean)) if simple else _laid_out(tree, clean)
    return _BLANK_LINES.sub("\n\n", text.strip())[:TEXT_LIMIT]


def _laid_out(tree: etree._Element, html: str) -> str:
    try:
        return Inscriptis(tree, ParserConfig()).get_text()
    except Exception:  # A layout that the library cannot paint is no reason to lose the words.
        return _bare_text(_LINE_ENDS.sub("\n", html))


def _is_costly_table(tree: etree._Element) -> bool:
    cells = sum(1 for _ in tree.iter("td", "th"))
    return cells * sum(len(text) for text in tree.itertext()) > LAYOUT_LIMIT


def _clean(html: str, *, keep: Callable[[str, str, str], str | None] | None = None) -> str:
    """By the allow list. With `keep`, which is asked about every value, pictures have a source."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_SHOWING if keep else _ATTRIBUTES,
        attribute_filter=keep,
        clean_content_tags=_GONE_WITH_CONTENT,
        url_schemes=_LINKS | {"data"} if keep else _LINKS,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},  # The frame itself must never navigate.
        strip_comments=True,
    )


def _tree(html: str) -> etree._Element | None:
    """The tree that libxml2 sees; None when there is none, or when the input is beyond what it reads."""
    if len(html) > HTML_LIMIT:
        return None
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        tree = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except etree.LxmlError:
        return None
    was_cut = any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log)
    return None if was_cut else tree


def _may_explode(tree: etree._Element) -> bool:
    """Would browsers' rule of reopening unclosed formatting in every following block multiply the elements?"""
    open_now, total = 0, 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "start":
            total += open_now
        if element.tag in _FORMATTING:
            open_now += 1 if event == "start" else -1
        if total > REOPENED_LIMIT:
            return True
    return False


def _is_remote_picture(element: etree._Element) -> bool:
    sources = [element.get("background", "")]
    if element.tag in ("img", "image", "input", "source", "video"):
        sources += [element.get(name, "") for name in ("src", "srcset", "poster")]
    return any(_FROM_ELSEWHERE.match(source) for source in sources)


def _keep_full_links(tree: etree._Element) -> None:
    """A mail has no address that a relative link could be relative to; in the frame it would point at us."""
    for link in tree.iter("a"):
        if not _FULL_LINK.match(link.get("href", "https:")):
            del link.attrib["href"]


def _put_pictures_aside(tree: etree._Element) -> None:
    """Where a picture would come from, as words: the mail's own part, or an address elsewhere."""
    for picture in tree.iter("img"):
        source = picture.get("src", "").strip()
        for name in ("data-cid", "data-src", "src"):
            picture.attrib.pop(name, None)
        if source[:4].lower() == "cid:":
            picture.set("data-cid", unquote(source[4:])[:250])
            continue
        whole = f"https:{source}" if source.startswith("//") else source
        if _REMOTE.fullmatch(whole) or _CARRIED.fullmatch(whole):
            picture.set("data-src", whole)


def _limit_spans(tree: etree._Element) -> None:
    """A cell over a million columns is drawn by nobody, but costs the browser and the text layout dearly."""
    for cell in tree.iter("td", "th"):
        for name in ("colspan", "rowspan"):
            if not _SPAN.fullmatch(cell.get(name, "1")):
                del cell.attrib[name]


def _as_text(html: str) -> str:
    text = _bare_text(html)
    return f"<pre>{escape(text)}</pre>" if text else ""


def _bare_text(html: str) -> str:
    """Everything between tags, without layout: for what cannot be laid out."""
    return unescape(_MARKUP.sub(" ", html[:TEXT_LIMIT])).strip()
