"""`./dev demo`: the whole product with demo data, watched until Ctrl-C."""

from collections.abc import Mapping, Sequence


def main(arguments: Sequence[str]) -> int:
    raise NotImplementedError


def prepare_for_command(env: Mapping[str, str], arguments: Sequence[str]) -> None:
    return None
