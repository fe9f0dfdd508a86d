"""Every answer of every route carries the headers that limit what a browser may do with it, whoever asks; and too much is refused."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import URLResolver, get_resolver

from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:No directory at:UserWarning")]
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


SAMPLE = {"int": "1", "uuid": "00000000-0000-0000-0000-000000000000"}


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Every path of the product with something in each gap; Acme where a workspace belongs."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif not route.startswith("_gallery/") and "logout" not in route:
            route = re.sub(r"\(\?P<\w+>[^)]*\)", "x", route).replace("^", "").replace("$", "")
            route = route.replace("<slug:workspace>", "acme")
            yield "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda gap: SAMPLE.get(gap[1] or "", "x"), route)


ADDRESSES = sorted(set(addresses(get_resolver())))


# A link with a right in its path tells nobody of that path. Not "no-referrer" where a form is: browsers then send it with
# `Origin: null`, which Django refuses.
SILENT = {
    "get /invitation/": "strict-origin",
    "post /invitation/": "strict-origin",
    "get /welcome/x/": "no-referrer",
}


def assert_guarded(response: HttpResponse, where: str) -> None:
    for name, value in EVERYWHERE.items():
        silent = next((policy for path, policy in SILENT.items() if where.startswith(path)), value)
        expected = silent if name == "Referrer-Policy" else value
        assert response.headers.get(name) == expected, (where, name)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy, where
    assert not re.search(r"unsafe-|\*(?!\.myshopify\.com)|https?:(?!//)", policy), (where, policy)
    assert "frame-ancestors" in policy or policy.startswith("sandbox"), where
    assert response.headers["X-Frame-Options"] in ("DENY", "SAMEORIGIN"), where
    assert "camera=()" in response.headers["Permissions-Policy"], where
    assert "Server" not in response.headers
    assert "X-Powered-By" not in response.headers


@pytest.fixture
def cast(db: None) -> Cast:
    cast = factories.team()
    with tenant_context(cast.acme.pk):
        factories.attachment(factories.conversation().messages.get())
    return cast


@pytest.fixture
def people(cast: Cast) -> dict[str, Client]:
    return {"anonymous": Client(), "owner": signed_in(cast.olivia), "agent": signed_in(cast.ava)}


@pytest.mark.parametrize("who", ["anonymous", "owner", "agent"])
@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_every_route_answers_with_the_headers(who: str, method: str, people: dict[str, Client]) -> None:
    statuses = set()
    for path in ADDRESSES:
        response = getattr(people[who], method)(path)
        statuses.add(response.status_code)
        assert_guarded(response, f"{method} {path}")
        assert "no-store" in response.headers["Cache-Control"], path
    assert len(statuses) > 1
    assert 500 not in statuses


@pytest.mark.parametrize(
    ("path", "extra", "status"),
    [
        ("/nowhere/at/all", {}, 404),
        ("/", {"HTTP_HOST": "evil.example"}, 400),
        ("/account/login/", {"CONTENT_LENGTH": "999999999"}, 413),
        ("/account/login/?" + "&".join(f"a{n}=1" for n in range(300)), {}, 400),
    ],
    ids=["nothing there", "a wrong host", "a body too large", "many parameters"],
)
def test_refusals_carry_them_too(path: str, extra: dict[str, str], status: int) -> None:
    response = Client().get(path, **extra)
    assert response.status_code == status
    assert_guarded(response, path)


def test_static_files_carry_them_and_may_be_kept() -> None:
    with override_settings(DEBUG=False):
        response = Client().get("/static/mark.svg")
        b"".join(response.streaming_content)
        response.close()
    assert response.status_code == 200
    assert "Content-Security-Policy" in response.headers
    assert "no-store" not in response.headers["Cache-Control"]


# --- Too much --------------------------------------------------------------------------------------------------------
class Endless:
    """A body of zeros that counts what is read of it."""

    def __init__(self, length: int) -> None:
        self.length, self.read_so_far = length, 0

    def read(self, size: int = -1) -> bytes:
        size = min(size if size >= 0 else self.length, self.length - self.read_so_far)
        self.read_so_far += size
        return bytes(size)

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)


def sent(client: Client, body: Iterator[bytes] | bytes, content_type: str, length: int | str) -> HttpResponse:
    stream = {"wsgi.input": body} if hasattr(body, "read") else {}
    data = b"" if stream else body
    return client.generic("POST", "/account/login/", data, content_type, **stream, CONTENT_LENGTH=str(length))


LIMIT = django_settings.BODY_LIMIT


@pytest.mark.parametrize("length", [LIMIT + 1, 2**31, 2**63, 10**30], ids=["one more", "2 GB", "2^63", "10^30"])
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_a_body_too_large_is_refused_before_it_is_read(length: int, kind: str) -> None:
    body = Endless(length)
    response = sent(Client(), body, kind, length)
    assert (response.status_code, body.read_so_far) == (413, 0)
    assert text_of(response).count("That is too much at once") >= 1
    assert_tells_nothing(response)


@pytest.mark.parametrize("length", ["abc", "-5", "", "0x10", "1e9", " "])
def test_an_announcement_that_is_no_number_is_an_empty_body(length: str) -> None:
    assert sent(Client(), b"", "application/x-www-form-urlencoded", length).status_code in (200, 400)


def test_a_body_at_the_limit_is_read() -> None:
    body = b"login=" + b"a" * (LIMIT - 6)
    assert sent(Client(), body, "application/x-www-form-urlencoded", len(body)).status_code == 200


def multipart(parts: int, *, files: bool) -> bytes:
    name = '; filename="f{0}.bin"' if files else ""
    part = '--x\r\nContent-Disposition: form-data; name="f{0}"' + name + "\r\n\r\nv\r\n"
    return "".join(part.format(n) for n in range(parts)).encode() + b"--x--\r\n"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"&".join(b"a%d=1" % n for n in range(201)), "application/x-www-form-urlencoded"),
        (multipart(201, files=False), "multipart/form-data; boundary=x"),
        (multipart(1, files=True), "multipart/form-data; boundary=x"),
        (multipart(5000, files=True), "multipart/form-data; boundary=x"),
        (b"x" * 100, "multipart/form-data"),
        (b"x" * 100, "multipart/form-data; boundary=" + "x" * 300),
    ],
    ids=["fields", "parts", "a file", "files", "no boundary", "a long boundary"],
)
@pytest.mark.parametrize("checks", [True, False], ids=["csrf checked", "csrf passed"])
def test_more_than_a_form_can_hold_is_a_clear_400(body: bytes, kind: str, checks: bool) -> None:
    client = Client(enforce_csrf_checks=checks)
    client.cookies["csrftoken"] = "a" * 32  # so that the check reads the form
    response = sent(client, body, kind, len(body))
    assert response.status_code == 400
    assert "That request could not be read" in text_of(response)
    assert_tells_nothing(response)


@pytest.mark.parametrize("body", [b"", b"login=%ff%fe&password=%00", b"\xff\xfe\x00", b"=&=&&&;;"])
def test_broken_forms_are_no_errors_of_ours(body: bytes) -> None:
    assert sent(Client(), body, "application/x-www-form-urlencoded; charset=utf-9", len(body)).status_code in (200, 400)


# --- Pages of refusal ------------------------------------------------------------------------------------------------
TELLING = re.compile(
    r"Traceback|Exception|Error at|Django|Python|psycopg|/(?:work|home|usr|tmp)/|\.py\b|\b\d+\.\d+\.\d+\b", re.I
)


def assert_tells_nothing(response: HttpResponse, *echoes: str) -> None:
    page = response.content.decode()
    assert not TELLING.search(re.sub(r'/static/[^"]*|<svg.*?</svg>', "", page, flags=re.DOTALL)), page
    for echo in echoes:
        assert echo not in page


@pytest.mark.parametrize(
    "path", ["/canary-path-7431/", "/acme/canary-path-7431/", "/acme/inbox/7431999/?q=canary-path-7431"]
)
def test_a_page_that_is_not_there_repeats_nothing(path: str, people: dict[str, Client]) -> None:
    for client in people.values():
        response = client.get(path, follow=False)
        if response.status_code != 302:
            assert response.status_code == 404
            assert_tells_nothing(response, "canary-path", "7431")


def test_a_forged_form_is_told_no_more_than_that(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/account/login/", {"login": "canary@example.com", "csrfmiddlewaretoken": "canary-token"})
    assert response.status_code == 403
    assert "The form has expired" in text_of(response)
    assert_tells_nothing(response, "canary", "CSRF token", "Referer")


def test_a_refused_role_is_told_no_more_than_that(cast: Cast) -> None:
    response = signed_in(cast.ava).post("/acme/settings/shopify/connect/", {"shop": "canary.myshopify.com"})
    assert response.status_code == 403
    assert_tells_nothing(response, "canary")


def test_a_broken_view_is_told_no_more_than_that(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("canary-text of an exception")

    monkeypatch.setattr("inbox.pages.inbox_page", broken)
    client = signed_in(cast.ava)
    client.raise_request_exception = False
    response = client.get("/acme/inbox/")
    assert response.status_code == 500
    assert "Something broke on our side" in text_of(response)
    assert_tells_nothing(response, "canary", "RuntimeError", "inbox_page")
    assert_guarded(response, "500")


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b", "\x00", "[::1", "x" * 3000])
def test_a_wrong_host_is_told_nothing(host: str) -> None:
    response = Client().get("/account/login/", HTTP_HOST=host)
    assert response.status_code == 400
    assert_tells_nothing(response, "evil", "ALLOWED_HOSTS")
