"""The people's way: passwords, and the pages as they then are."""

from contextlib import suppress

from django.test import Client

from tests.acceptance.walk import Walk
from tests.walking import signed_in, work


def people(walk: Walk) -> None:
    """A password set, typed rightly and wrongly, and every page as it then is; what the forms say to a token typed into them."""
    ava = walk.cast.ava.user
    ava.set_password(walk.known["password"])
    ava.save()
    browser = Client()
    for password in (walk.known["mistyped password"], walk.known["password"]):
        walk.sinks.response(browser.post("/account/login/", {"login": ava.email, "password": password}))
    walk.known["session key"] = browser.session.session_key
    with suppress(Exception):
        work()
    for client_ in (browser, signed_in(walk.cast.olivia), Client()):
        for path in ("/", "/acme/inbox/", "/acme/settings/general/", "/acme/settings/shopify/", "/acme/settings/shopify/permissions/",
                     "/acme/settings/shopify/1/disconnect/", "/account/login/", "/account/password/reset/", "/nowhere/"):  # fmt: skip
            walk.sinks.response(client_.get(path))
