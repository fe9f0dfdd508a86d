"""Mail in is set up whole or not at all: a door without its secret does not open, and no process starts with one."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from versana.mail_settings import PROVIDERS, anymail

LONG = "name:a-password-of-many-letters"


def configured(domain: str = "in.example.com", secret: str = "", provider: str = "", **given: str) -> dict[str, str]:
    environment = {f"ANYMAIL_{name}": value for name, value in given.items()} | {"PATH": "/bin"}
    return anymail(environment, domain=domain, secret=secret, provider=provider)


def test_without_anything_there_are_no_doors() -> None:
    assert configured(domain="") == {}


def test_anymail_is_given_what_bears_its_name() -> None:
    assert configured(WEBHOOK_SECRET=LONG, provider="postmark") == {"WEBHOOK_SECRET": LONG}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_provider_is_let_in_without_what_proves_it(provider: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="ANYMAIL_") as refused:
        configured(provider=provider, UNRELATED="x")
    assert "is not set" in str(refused.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"provider": "sendgrid"}, "INBOUND_PROVIDER must be one of"),
        ({"provider": "postmark", "WEBHOOK_SECRET": "short:one"}, "24 characters"),
        ({"provider": "postmark", "WEBHOOK_SECRET": "a-long-password-without-a-name"}, "name:password"),
        ({"provider": "postmark", "domain": "", "WEBHOOK_SECRET": LONG}, "INBOUND_DOMAIN is not set"),
        ({"secret": "short"}, "MAIL_DOOR_SECRET must have"),
        ({"secret": "x" * 30, "domain": ""}, "INBOUND_DOMAIN is not set"),
        ({"domain": "acme@in.example.com"}, "must be a domain"),
        ({"domain": "example"}, "must be a domain"),
    ],
)
def test_what_is_wrong_is_said_by_its_name(given: dict[str, str], words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words) as refused:
        configured(**given)  # type: ignore[arg-type]
    assert "short" not in str(refused.value)
