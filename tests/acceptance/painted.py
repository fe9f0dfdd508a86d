"""What the product paints beside each conversation, read out of its HTML over HTTP. Knows none of the product's code."""

import http.client
import http.cookiejar
import re
import socket
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from bs4 import BeautifulSoup, Tag

Json = dict[str, Any]
PATIENCE_SECONDS = 25.0


class _Connection(http.client.HTTPConnection):
    """Browsers know what localhost is without asking anybody (RFC 6761, 6.3), also where a bare machine has no /etc/hosts."""

    def connect(self) -> None:
        host = "127.0.0.1" if self.host == "localhost" else self.host
        self.sock = socket.create_connection((host, self.port), self.timeout)


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, request)


class _Noting(urllib.request.HTTPRedirectHandler):
    """Follows redirects and keeps their addresses, as the history of a browser does."""

    def __init__(self) -> None:
        self.passed: list[str] = []

    def redirect_request(self, req: urllib.request.Request, *arguments: Any) -> urllib.request.Request | None:
        self.passed.append(str(arguments[-1]))
        return super().redirect_request(req, *arguments)


class Browser:
    """Cookies, forms and redirects: as much of a browser as this needs."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.cookies = http.cookiejar.CookieJar()
        noting = _Noting()
        self.passed = noting.passed
        self.opener = urllib.request.build_opener(_Plain, noting, urllib.request.HTTPCookieProcessor(self.cookies))

    def open(self, path: str, *, form: dict[str, str] | None = None, htmx: bool = False, timeout: float = 30) -> str:
        """The text at an address. Raises urllib.error.HTTPError for 4xx and 5xx. `url` is then where it ended."""
        address = urllib.parse.urljoin(self.base + "/", path)
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(address, data=data, headers={"HX-Request": "true"} if htmx else {})
        with self.opener.open(request, timeout=timeout) as response:
            self.url = response.url
            return str(response.read().decode())

    def page(self, path: str, **options: Any) -> BeautifulSoup:
        return BeautifulSoup(self.open(path, **options), "html.parser")

    def sign_in(self, email: str, password: str) -> None:
        form = self.page("/account/login/").select_one("form[method=post]")
        answer = self.page("/account/login/", form={**hidden(form), "login": email, "password": password})
        if answer.select_one("input[name=password]"):
            raise SystemExit(f"{email} cannot sign in")


def hidden(form: Tag | None) -> dict[str, str]:
    return {str(f["name"]): str(f.get("value", "")) for f in form.select("input[type=hidden][name]")} if form else {}


def conversations(browser: Browser, workspace: str) -> list[str]:
    """The address of every conversation, over all pages of the list."""
    found: list[str] = []
    following = f"/{workspace}/inbox/?view=all"
    while following:
        page = browser.page(following)
        found += [str(row["href"]) for row in page.select("a.row")]
        more = page.select_one("a.more-rows")
        following = str(more["href"]) if more else ""
    return found


def settled(browser: Browser, section: Tag) -> Tag:
    """The section once it stops polling."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while section.get("hx-get") and time.monotonic() < deadline:
        delay = re.search(r"delay:(\d+)ms", str(section["hx-trigger"]))
        time.sleep(int(delay[1]) / 1000 if delay else 1)
        found = browser.page(str(section["hx-get"]), htmx=True).select_one("section")
        if found is None:
            raise SystemExit("a poll was answered with something that is not a section")
        section = found
    return section


def observe(browser: Browser, paths: list[str]) -> list[Json]:
    """What is painted: one entry per conversation, with the address beside it, its messages, and a section per store."""
    out = []
    for path in paths:
        page = browser.page(path)
        address = page.select_one(".side-pane .address .clip")
        sections = [read_section(browser, settled(browser, section)) for section in page.select("section.section")]
        stores = {section.pop("domain"): section for section in sections}
        words = text(page.select_one("#messages-scroll"))
        out.append({"path": path, "address": text(address), "messages": words, "stores": stores})
    return out


def observe_all(browsers: list[Browser], workspace: str) -> list[Json]:
    """Every conversation, by several people at once."""
    paths = conversations(browsers[0], workspace)
    shares = [paths[n :: len(browsers)] for n in range(len(browsers))]
    with ThreadPoolExecutor(len(browsers)) as pool:
        return [seen for share in pool.map(observe, browsers, shares) for seen in share]


# --- What the HTML says ---------------------------------------------------------------------------------------------
def text(node: Tag | None) -> str:
    return " ".join(node.get_text().split()) if node else ""


def instant(node: Tag | None) -> str:
    """The exact moment of a <time>."""
    found = node if node is None or node.name == "time" else node.select_one("time")
    return str(found["datetime"]) if found else ""


def read_section(browser: Browser, section: Tag) -> Json:
    profile = section.select_one(".profile")
    return {
        "domain": text(section.select_one("h3, .domain")),
        "kind": str(section["data-kind"]),
        "banners": [text(banner) for banner in section.select(".banner") if not banner.find_parent(class_="named")],
        "remark": text(section.select_one(".remark span")).removesuffix(" Why"),
        "customer": read_profile(profile) if profile else None,
        "orders": [read_order(browser, order) for order in section.select(".orders article.order")],
        # Orders that the messages name stand before the others: in full, or covered when they may be somebody else's.
        "named": [read_order(browser, order) for order in section.select(".named article.order")],
        "covered": [{"name": text(c.select_one("b")), "html": str(c)} for c in section.select(".named .masked")],
    }


def read_profile(profile: Tag) -> Json:
    facts = profile.select_one(".wide.num:has(b)")
    bold = [text(b) for b in facts.select("b")] if facts else []
    contact, note, link = (profile.select_one(each) for each in (".wide.clip", ".note", "a.out"))
    return {
        "name": text(profile.select_one(".name > span")),
        "email, phone": text(contact),
        "orders": bold[0] if bold else "",
        "spent": bold[1] if len(bold) > 1 else "",
        "since": instant(facts),
        "tags": [text(chip) for chip in profile.select(".chip")],
        "note": text(note),
        "link": str(link["href"]) if link else "",
    }


def read_order(browser: Browser, article: Tag) -> Json:
    head, body, folded = article.select_one("summary"), article.select_one(".order-body"), article.select_one("details")
    if head is None or body is None or folded is None:
        raise SystemExit("an order without summary or body")
    if fetch := body.select_one("a.fetch"):
        body = browser.page(str(fetch["href"]), htmx=True)
    day, link = head.select_one("time"), article.select_one("a.ext") or body.select_one("a.ext")
    return {
        "name": text(head.select_one("b")),
        "layout": next(each for each in ("full", "brief", "line") if each in (article.get("class") or [])),
        "created": instant(day),
        "day": text(day) if "," in text(day) else f"{text(day)}, {datetime.now(UTC).year}",
        "total": text(head.select_one(".total")),
        "badges": [text(badge) for badge in head.select(".badge")],
        "marks": [text(badge) for badge in body.select(".marks .badge")],
        "sentence": text(head.select_one(".sentence")),
        "link": str(link["href"]) if link else "",
        **read_detail(body),
    }


def read_detail(body: Tag) -> Json:
    out: Json = {
        "parcels": [],
        "not shipped": [],
        "taken off": [],
        "foot": [text(s) for s in body.select(".order-foot span")],
    }
    for block in body.select(".parcel"):
        group = {"Not shipped yet": "not shipped", "Taken off or refunded": "taken off"}.get(
            text(block.select_one("b.loud"))
        )
        items = [text(item) for item in block.select("ul.items li")]
        if group:
            out[group] += items
        else:
            out["parcels"].append(read_parcel(block, items))
    return out


def read_parcel(block: Tag, items: list[str]) -> Json:
    when = block.select_one(".when")
    moment = when.select_one("time") if when else None
    position = when.find_previous_sibling("span") if when else None
    return {
        "position": text(position) if isinstance(position, Tag) else "",
        "badge": text(block.select_one(".badge")),
        "tracking": read_tracking(block.select_one(".carrier")),
        "word": text(when).removesuffix(text(moment)).strip(),
        "when": instant(when),
        "on": (re.findall(r"[A-Z][a-z]{2} \d{1,2}", text(moment)) or [""])[0],
        "items": items,
    }


def read_tracking(carrier: Tag | None) -> list[list[str]]:
    found: list[list[str]] = []
    for node in carrier.select("b, .track") if carrier else []:
        if node.name == "b":
            found.append([text(node), "", ""])
            continue
        if not found or found[-1][1] or found[-1][2]:
            found.append(["", "", ""])
        found[-1][1:] = [text(node), str(node.get("href", ""))]
    return found
