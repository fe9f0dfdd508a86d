"""Whose mail is it: the shop's or somebody's, and whom is it with? Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from inbox.email.headers import Address
from inbox.email.parsing import BadMail, InboundMail
from tenants.addresses import AddressError, normalise


@dataclass(frozen=True, slots=True)
class Parties:
    """`with_`: the person on the other side, whose contact a new conversation belongs to; None when nobody is named.
    `outsiders`: everybody on the mail who is not the shop, as normalised addresses."""

    from_shop: bool
    with_: Address | None
    outsiders: frozenset[str]


def parties(mail: InboundMail, *, support_addresses: frozenset[str]) -> Parties:
    """The two sides of `mail`. `support_addresses` are normalised. Raises BadMail when its sender is no address."""
    sender = _normal(mail.from_[1])
    if sender is None:
        raise BadMail("the address it is from is not valid")
    outside = [each for each in (*mail.to, *mail.cc) if _is_outside(each, support_addresses)]
    everybody = normalised([mail.from_[1], *(address for _, address in (*mail.to, *mail.cc))])
    outsiders = everybody - support_addresses
    if sender not in support_addresses:
        return Parties(False, mail.from_, outsiders)
    if not outside and mail.reply_to and _is_outside(mail.reply_to, support_addresses):
        # A contact form: the shop's own address writes to the shop, and answers are for the visitor.
        return Parties(False, mail.reply_to, normalised([mail.reply_to[1]]))
    valid = [each for each in (*outside, *mail.to, *mail.cc) if _normal(each[1])]
    return Parties(True, valid[0] if valid else None, outsiders)


def normalised(addresses: Iterable[str]) -> frozenset[str]:
    """The valid ones among `addresses`, in the form in which addresses are compared."""
    return frozenset(normal for normal in map(_normal, addresses) if normal)


def _is_outside(person: Address, support_addresses: frozenset[str]) -> bool:
    normal = _normal(person[1])
    return normal is not None and normal not in support_addresses


def _normal(address: str) -> str | None:
    try:
        return normalise(address)
    except AddressError:
        return None
