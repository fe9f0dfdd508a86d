"""What an HTTP status of Shopify means (shopify.dev/docs/api/usage/response-codes, read 2026-11-22)."""

from collections.abc import Mapping
from typing import Final

from integrations import errors
from integrations.http import Answer

_MEANING: Final[Mapping[int, type[errors.IntegrationError]]] = {
    401: errors.TokenRefused,
    402: errors.AccountFrozen,
    403: errors.AccessForbidden,
    404: errors.AccountNotFound,
    423: errors.AccountLocked,
    429: errors.RateLimited,
    430: errors.SecurityRejected,
}


def raise_for_status(answer: Answer) -> None:
    """Nothing for 200; else the error that the status stands for, with the wait that Shopify asked for."""
    if answer.status == 200:
        return
    # 520, 530 and 540 come from Shopify's edge and are faults like any other of the family.
    fallback = errors.VendorFailed if answer.status >= 500 else errors.UnexpectedStatus
    raise _MEANING.get(answer.status, fallback)(retry_after=answer.retry_after, status=answer.status)
