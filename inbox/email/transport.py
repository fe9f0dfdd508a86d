"""By which way a letter leaves: SMTP, where we look at each step, or whatever backend the settings name."""

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend
from django.utils.module_loading import import_string

from inbox.email import outbound, provider, smtp
from inbox.email.answers import HandingOver, Refused, Sent
from inbox.email.outbound import Letter
from tenants.addresses import AddressError, normalise


def hand_over(*, letter: Letter, whole: bool, handing_over: HandingOver) -> Sent:
    """Hand the letter over. Raises what `answers` lists. `whole`: rather later than without those who are put off."""
    try:
        data = outbound.as_bytes(letter) if _by_smtp() else b""
        recipients = letter.recipients
    except (AddressError, ValueError):
        raise Refused("not_writable") from None
    if not _by_smtp():
        return provider.hand_over(letter=letter, handing_over=handing_over)
    return smtp.hand_over(
        server=smtp.configured(),
        sender=normalise(letter.sender.email),
        recipients=recipients,
        data=data,
        whole=whole,
        handing_over=handing_over,
    )


def _by_smtp() -> bool:
    return issubclass(import_string(settings.MAIL_TRANSPORT), EmailBackend)
