"""By which way a letter leaves: SMTP, where we look at each step, or whatever backend the settings name."""

from dataclasses import replace

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend
from django.utils.module_loading import import_string

from inbox.email import outbound, provider, smtp
from inbox.email.answers import HandingOver, NotSent, Refused, Sent
from inbox.email.outbound import Letter
from tenants.addresses import AddressError, normalise


def hand_over(*, letter: Letter, whole: bool, handing_over: HandingOver) -> Sent:
    """Hand the letter over. Raises what `answers` lists. `whole`: rather later than without those who are put off.
    Whose address no mail of ours can name (letters before the @ that are no ASCII) is among the refused; the others get it."""
    letter, left_out = outbound.writable(letter)
    try:
        sent = _handed_over(letter, whole, handing_over)
    except NotSent as failure:
        failure.refused = (*failure.refused, *left_out)
        raise
    return replace(sent, refused=(*sent.refused, *left_out))


def _handed_over(letter: Letter, whole: bool, handing_over: HandingOver) -> Sent:
    try:
        data = outbound.as_bytes(letter) if _by_smtp() else b""
        recipients, sender = letter.recipients, normalise(letter.sender.email)
    except (AddressError, ValueError):
        raise Refused("not_writable") from None
    if not recipients:
        raise Refused("not_writable")
    if not _by_smtp():
        return provider.hand_over(letter=letter, handing_over=handing_over)
    return smtp.hand_over(
        server=smtp.configured(),
        sender=sender,
        recipients=recipients,
        data=data,
        whole=whole,
        handing_over=handing_over,
    )


def _by_smtp() -> bool:
    return issubclass(import_string(settings.MAIL_TRANSPORT), EmailBackend)
