"""The short plain mails about people and workspaces. Written into the outbox in the transaction of what they tell of."""

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from tenants.models import Tenant
from tenants.rls.context import current_tenant_id


def send(name: str, *, to: Sequence[str], path: str = "", **words: object) -> None:
    """templates/tenants/mail/NAME.txt, whose first line is the subject. `path`: where its link leads, on this installation.

    Another package names its own by a path: "shopify/mail/needs_attention". A word that is a list is one line for each.
    """
    tenant = Tenant.objects.get(pk=current_tenant_id())
    given = {**words, "workspace": tenant.name, "link": f"{settings.PUBLIC_URL}{path}"}
    context = {key: _plain(value) for key, value in given.items()}
    template = f"{name}.txt" if "/" in name else f"tenants/mail/{name}.txt"
    text = render_to_string(template, {"page": context}).strip()
    subject, _, body = text.partition("\n")
    for address in to:
        send_mail(_one_line(subject), body.strip() + "\n", None, [address])


def _plain(value: object) -> str | list[str]:
    """A name with a line break stays a name."""
    return [_one_line(str(each)) for each in value] if isinstance(value, list) else _one_line(str(value))


def _one_line(text: str) -> str:
    return " ".join(text.split())
