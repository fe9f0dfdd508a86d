"""Django app of the inbox. It hears of mail that a provider's webhook brings by anymail's own signal."""

from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "inbox"
    label = "inbox"

    def ready(self) -> None:
        from anymail.signals import inbound  # noqa: PLC0415 - only processes that have apps hear of mail

        from inbox import providers  # noqa: PLC0415 - models exist only now

        inbound.connect(providers.take_in, dispatch_uid="take_in")
