"""What can go wrong out there: one class per fact.

The text of an error is written here, whole: it never holds a token, an address or a part of an answer, so it may be
logged, stored and shown. `permanent` means that trying again changes nothing until somebody acts; `retry_after` is how
long to wait, in seconds, where the other side said so or it can be computed.
"""

from typing import ClassVar


class IntegrationError(Exception):
    """Something outside did not work. Catch this to catch them all; `code` is its stable name for rows and logs."""

    code: ClassVar[str] = "integration_error"
    text: ClassVar[str] = "The request failed."
    permanent: ClassVar[bool] = False
    default_retry_after: ClassVar[float | None] = None
    # What the call cost, where the other side said so (for Shopify: integrations.shopify.costs.Cost).
    cost: object = None

    def __init__(self, *, retry_after: float | None = None, status: int | None = None, detail: str = "") -> None:
        """`detail` names a place in our own query or a vendor's error code: identifiers only, nothing of anybody's data."""
        super().__init__(f"{self.text} ({detail})" if detail else self.text)
        self.retry_after = self.default_retry_after if retry_after is None else retry_after
        self.status = status
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.retry_after, self.status, self.detail))


def _rebuild(
    kind: type[IntegrationError], retry_after: float | None, status: int | None, detail: str
) -> IntegrationError:
    """Exceptions with keyword-only arguments cannot be unpickled the ordinary way, and Celery moves them between processes."""
    return kind(retry_after=retry_after, status=status, detail=detail)


# --- The way there ------------------------------------------------------------------------------


class DestinationRefused(IntegrationError):
    code = "destination_refused"
    text = "This host is not one that requests may go to."
    permanent = True


class RequestRefused(IntegrationError):
    code = "request_refused"
    text = "The request could not be built."
    permanent = True


class Unreachable(IntegrationError):
    code = "unreachable"
    text = "There was no answer."


class TimedOut(Unreachable):
    code = "timed_out"
    text = "The answer took too long."


class OutOfTime(IntegrationError):
    """Not sent: whoever asks has spent the time that it had, in waiting for its turn or for earlier answers."""

    code = "out_of_time"
    text = "There was no time left to ask."


class BreakerOpen(IntegrationError):
    """It failed again and again a moment ago: nobody is kept waiting for it until it has had time to recover."""

    code = "breaker_open"
    text = "Not asked, because it has not been answering."
    default_retry_after = 30.0


# --- The shape of the answer --------------------------------------------------------------------


class BadAnswer(IntegrationError):
    code = "bad_answer"
    text = "The answer could not be used."


class AnswerTooLarge(BadAnswer):
    code = "answer_too_large"
    text = "The answer is larger than we accept."


class RedirectRefused(BadAnswer):
    code = "redirect_refused"
    text = "The answer was a redirect, which is not followed."


class UnexpectedContentType(BadAnswer):
    code = "unexpected_content_type"
    text = "The answer is not JSON."


class UnreadableAnswer(BadAnswer):
    code = "unreadable_answer"
    text = "The answer is cut off or is not valid JSON."


class MalformedAnswer(BadAnswer):
    """JSON, but not what the vendor's schema promises; `detail` is the path of the offending field."""

    code = "malformed_answer"
    text = "The answer does not have the promised form."


# --- What the vendor says -----------------------------------------------------------------------


class TokenRefused(IntegrationError):
    """401: expired, revoked or uninstalled. Refresh once; if that is refused too, the store must be connected again."""

    code = "token_refused"
    text = "The access token is not accepted."
    permanent = True


class GrantRefused(IntegrationError):
    """The token endpoint said no: the code was used or is unknown, or the refresh token is dead."""

    code = "grant_refused"
    text = "No token was given."
    permanent = True


class AppRefused(IntegrationError):
    """The token endpoint does not know the app, or its secret is wrong: nothing is wrong with the grant."""

    code = "app_refused"
    text = "The app's id or secret is not accepted."
    permanent = True


class AccountFrozen(IntegrationError):
    code = "account_frozen"
    text = "The store is frozen because a bill is unpaid."
    permanent = True


class AccessForbidden(IntegrationError):
    code = "access_forbidden"
    text = "The store does not allow this access."
    permanent = True


class AccountNotFound(IntegrationError):
    code = "account_not_found"
    text = "There is no such store, or it no longer answers to this version."
    permanent = True


class AccountLocked(IntegrationError):
    code = "account_locked"
    text = "The store is locked by Shopify."
    permanent = True


class RateLimited(IntegrationError):
    code = "rate_limited"
    text = "Too many requests for now."
    default_retry_after = 2.0


class SecurityRejected(IntegrationError):
    """430: taken for an attack. Going on makes it worse, hence the long wait."""

    code = "security_rejected"
    text = "The request was rejected for security reasons."
    default_retry_after = 900.0


class VendorFailed(IntegrationError):
    code = "vendor_failed"
    text = "The other side has a fault."


class UnexpectedStatus(IntegrationError):
    code = "unexpected_status"
    text = "The answer has an unexpected status."
    permanent = True


class QueryRefused(IntegrationError):
    """Our query is wrong or too dear. A fault of ours: it should wake somebody."""

    code = "query_refused"
    text = "The query was refused."
    permanent = True


class CostExceeded(QueryRefused):
    code = "cost_exceeded"
    text = "The query is too large."


class AnswerTruncated(BadAnswer):
    """One forbidden field on many rows: the vendor gave up listing the errors and cut the data off."""

    code = "answer_truncated"
    text = "The answer was cut off because too many fields were forbidden."
