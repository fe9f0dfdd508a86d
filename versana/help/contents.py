"""Which pages there are, in the order in which one reads them. The template of each is named as its address."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Topic:
    slug: str
    title: Promise
    summary: Promise


TOPICS: tuple[Topic, ...] = (
    Topic("shopify-overview", _("Shopify overview"), _("What stands beside a conversation, where it comes from, and who may do what.")),
    Topic("connect-a-store", _("Connect a store"), _("How a store is connected and disconnected, what its states mean, and what to do when it fails.")),
    Topic("sidebar-empty", _("Sidebar empty"), _("Why nothing, or less than expected, stands beside a conversation.")),
    Topic("customer-not-found", _("Customer not found"), _("How a contact is matched with a store’s customer, and what to do when nobody is found.")),
    Topic("stale-data", _("Stale data"), _("How old what you see can be, when it is read again, and what the notices about it mean.")),
    Topic("permissions-and-scopes", _("Permissions and scopes"), _("What is read in Shopify and why, what never is, and how to take it back.")),
    Topic("what-the-ai-can-do", _("What the AI can do with your store data"), _("Which automatic steps there are today, what they see, and what is never sent anywhere.")),
)  # fmt: skip
