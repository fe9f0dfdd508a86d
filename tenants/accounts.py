"""Our rules for allauth: nobody signs up by themselves, and what a second factor rests on is sealed."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from tenants.crypto import keyring
from tenants.models import User

# Where allauth keeps the seeds of one-time and recovery codes. Its adapter is not told whose they are.
FACTORS = ("mfa_authenticator", "data")


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come by invitation (tenants/invitations.py)."""
        return False


class FactorAdapter(DefaultMFAAdapter):
    """allauth's, with secrets sealed by the installation's keys instead of stored as they are."""

    def encrypt(self, text: str) -> str:
        return keyring.seal_text(text, place=FACTORS)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises SealError when no key opens it."""
        return keyring.unseal_text(encrypted_text, place=FACTORS)


def create(*, email: str, name: str = "", password: str | None = None) -> User:
    """A person whose address is taken as proven: by the link of an invitation, or by whoever runs the installation.

    Raises AddressError; the caller has validated the password and seen that nobody has the address.
    """
    user = User.objects.create_user(email=email, password=password, name=name)
    # In lower case, as allauth writes addresses and looks for them.
    EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)
    return user
