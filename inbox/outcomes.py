"""What a section says of what a member has just done there."""

from django.utils.translation import gettext as _

from inbox.confirmations import NotConfirmed
from inbox.links import LinkedMeanwhile
from inbox.ruling_out import ConfirmedMeanwhile
from integrations.shopify.sections import Banner


def linked() -> Banner:
    return _done(_("Linked."), _("This contact is shown as the customer whom you chose."))


def unlinked() -> Banner:
    return _done(_("The link is gone."), _("The customer is found by the contact’s addresses again."))


def confirmed() -> Banner:
    return _done(_("Confirmed."), _("The order is shown with your name and your reason."))


def withdrawn() -> Banner:
    return _done(_("Withdrawn."), _("The order’s details are covered again."))


def ruled_out() -> Banner:
    return _done(_("Noted."), _("None of these customers is offered for this contact any more."))


def reconsidered() -> Banner:
    return _done(_("Taken back."), _("The customers who were found are offered again."))


def order_ruled_out() -> Banner:
    return _done(_("Noted."), _("This order is not shown as this contact’s."))


def order_reconsidered() -> Banner:
    return _done(_("Taken back."), _("You can confirm the order again."))


def meanwhile(other: LinkedMeanwhile) -> Banner:
    if other.unlinked:
        text = _("Somebody took the link away meanwhile. Nothing was changed: choose again if you are sure.")
    else:
        text = _(
            "%(name)s linked this contact with another customer meanwhile. That link stands: look at it, and choose again if you know better."
        ) % {"name": other.by}
    return _refused(_("Not linked."), text)


def confirmed_meanwhile(other: ConfirmedMeanwhile) -> Banner:
    text = _("%(name)s confirmed this order meanwhile. It stays shown: withdraw the confirmation if you know better.")
    return _refused(_("Not noted."), text % {"name": other.by})


def theirs() -> Banner:
    return _refused(
        _("Not noted."), _("This order is this contact’s by its address, or by the customer who was linked.")
    )


def nobody_named() -> Banner:
    return _refused(_("Not noted."), _("These customers are no longer found here. Look at the section as it is now."))


def no_customer() -> Banner:
    return _refused(_("Not linked."), _("Choose one of the customers first."))


def not_confirmed(why: NotConfirmed) -> Banner:
    return _refused(_("Not confirmed."), str(why.sentence))


def not_named() -> Banner:
    return _refused(
        _("Nothing was kept."), _("The messages no longer name this order, or the store no longer shows it.")
    )


def erased() -> Banner:
    return _refused(_("Nothing was kept."), _("This contact was erased."))


def _done(title: str, text: str) -> Banner:
    return Banner("done", "check", title, text)


def _refused(title: str, text: str) -> Banner:
    return Banner("stop", "circle-alert", title, text)
