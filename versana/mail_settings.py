"""Which settings mail needs, said at the start: a door that anybody could use does not open. Part of the settings."""

from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET = 24
# Provider by django-anymail's name -> the settings that prove who calls; one of them is enough. What is not here either
# has no support in anymail any more (SendGrid), or has it fetch the mail from within the request (Brevo, Mailtrap, Resend,
# Amazon SES), which no request of ours does. anymail 15.2, read 2026-11-27.
PROVIDERS: dict[str, tuple[str, ...]] = {
    "mailersend": ("MAILERSEND_INBOUND_SECRET",),
    "mailgun": ("MAILGUN_WEBHOOK_SIGNING_KEY",),
    "mailjet": ("WEBHOOK_SECRET",),
    "mandrill": ("MANDRILL_WEBHOOK_KEY",),
    "postal": ("POSTAL_WEBHOOK_KEY",),
    "postmark": ("WEBHOOK_SECRET",),
    "sparkpost": ("WEBHOOK_SECRET",),
}


LONGEST_ANSWER = 40  # seconds; with the steps before it, less than a task may take (CELERY_TASK_SOFT_TIME_LIMIT)


def answer_timeout(seconds: float) -> float:
    """How long a server may think about a mail that it has. Raises ImproperlyConfigured."""
    if not 0 < seconds <= LONGEST_ANSWER:
        raise ImproperlyConfigured(f"MAIL_ANSWER_TIMEOUT must be more than 0 and at most {LONGEST_ANSWER} seconds.")
    return seconds


def anymail(environment: Mapping[str, str], *, domain: str, secret: str, provider: str) -> dict[str, str]:
    """What django-anymail reads: each of its settings, with ANYMAIL_ before its name.

    Raises ImproperlyConfigured where something is missing, which names the setting and never its value.
    """
    found = {name.removeprefix("ANYMAIL_"): value for name, value in environment.items() if name.startswith("ANYMAIL_")}
    _check(domain=domain, secret=secret, provider=provider)
    if provider:
        _check_secret_of(provider, found)
    return found


def _check(*, domain: str, secret: str, provider: str) -> None:
    if (secret or provider) and not domain:
        raise ImproperlyConfigured(
            "INBOUND_DOMAIN is not set. Mail that is handed in says by it which workspace it is for, for instance in.example.com."
        )
    if domain and ("@" in domain or ("." not in domain and domain != "localhost")):
        raise ImproperlyConfigured("INBOUND_DOMAIN must be a domain, for instance in.example.com.")
    if secret and len(secret) < SHORTEST_SECRET:
        raise ImproperlyConfigured(f"MAIL_DOOR_SECRET must have at least {SHORTEST_SECRET} characters.")
    if provider and provider not in PROVIDERS:
        raise ImproperlyConfigured(f"INBOUND_PROVIDER must be one of {', '.join(PROVIDERS)}.")


def _check_secret_of(provider: str, anymail: Mapping[str, str]) -> None:
    names = PROVIDERS[provider]
    if not any(anymail.get(name) for name in names):
        needed = " or ".join(f"ANYMAIL_{name}" for name in names)
        raise ImproperlyConfigured(f"{needed} is not set: without it anybody could hand mail in as {provider}.")
    basic = anymail.get("WEBHOOK_SECRET", "")
    if basic and (":" not in basic or len(basic) < SHORTEST_SECRET):
        raise ImproperlyConfigured(
            f"ANYMAIL_WEBHOOK_SECRET must look like name:password and have at least {SHORTEST_SECRET} characters."
        )
