"""Why an authorisation failed, in plain words. Codes come from oauth, attempts and connecting; Shopify's answers have their words in `answers`."""

from dataclasses import dataclass

from integrations.shopify import answers


@dataclass(frozen=True, slots=True)
class Explanation:
    title: str
    text: str


# The seed's three pieces of advice, on every failure page.
ADVICE = (
    "Confirm you are logged into the correct Shopify account.",
    "Confirm you have permission to install apps on the store.",
    "Retry the connection process.",
)
_STATE = "The answer does not belong to a connection that was started in this browser session"
_BROKEN = Explanation(
    "Shopify’s answer was incomplete",
    "The address that Shopify sent you back with was incomplete or changed on the way. Nothing was stored.",
)

EXPLANATIONS: dict[str, Explanation] = {
    "denied": Explanation("The connection was not approved", "On Shopify’s screen the request was cancelled. Nothing was connected and nothing was stored."),
    "missing_parameter": _BROKEN,
    "duplicate_parameter": _BROKEN,
    "oversized": _BROKEN,
    "malformed": _BROKEN,
    "bad_shop": Explanation("This is not a Shopify store", "The answer named a shop whose address is not that of a Shopify store."),
    "bad_hmac": Explanation("The answer was not signed by Shopify", "The signature on the answer does not match. Nothing was stored. If it happens again, an administrator should check the app’s client secret."),
    "stale_timestamp": Explanation("The answer is too old", "Shopify’s answer was signed more than 90 seconds ago, or this server’s clock is wrong. Nothing was stored."),
    "state_unknown": Explanation("We did not start this connection", f"{_STATE}. Start again from Settings → General."),
    "state_of_another_session": Explanation("We did not start this connection here", f"{_STATE}. Start again from Settings → General."),
    "state_used": Explanation("This approval was already used", "The page was opened a second time. If the store shows as connected, there is nothing to do."),
    "state_expired": Explanation("It took too long", "More than ten minutes passed between starting and approving. Start again."),
    "state_of_another_shop": Explanation("Another store answered", "The approval came from a different store than the one you started with. Start again with that store’s address."),
    "signed_out": Explanation("You were signed out on the way", "The approval arrived after your session here had ended. Nothing was stored. You are signed in again now: start once more."),
    "not_the_owner": Explanation("Only the owner can connect a store", "You are no longer an owner of the workspace that this connection was started for."),
    "workspace_closed": Explanation("The workspace is closed", "It was closed while the connection was being approved. Nothing was stored. An owner can open the workspace again."),
    "second_factor_missing": Explanation("A second factor is required", "The workspace that this connection was started for requires a second factor, and your account has none. Nothing was stored. Set one up, then start again."),
    "scopes_missing": Explanation("Permissions are missing", "The store did not grant both permissions, read_customers and read_orders. Nothing was stored. Approve both when you try again."),
    "store_taken": Explanation("This store is already connected", "It is already connected to another workspace of this installation. Disconnect it there first."),
    "paused": Explanation("Connecting is paused", "Whoever runs this installation has paused connecting stores. Nothing was stored. Try again later."),
    "installation_gone": Explanation("Nothing is waiting here", "An installation from Shopify’s side waits for a quarter of an hour, once, in the browser that it was begun in. Open the app in Shopify again."),
    "installation_unreadable": Explanation("The approval cannot be read", "The key that sealed it is missing or wrong. Nothing was stored. Open the app in Shopify again."),
    "store_of_others": Explanation("You do not belong to this store’s workspace", "The store is connected here, to a workspace that your account does not belong to. Sign in with another account, or ask whoever connected it for an invitation."),
    **{code: Explanation(*meaning.connecting) for code, meaning in answers.ANSWERS.items() if meaning.connecting},
}  # fmt: skip
OTHER = Explanation(
    "The connection did not work",
    "Shopify’s answer could not be used. Nothing was stored. Try again; if it persists, contact support with the reference.",
)


def explain(code: str) -> Explanation:
    """The explanation of a code; a general one for a code without."""
    return EXPLANATIONS.get(code, OTHER)
