"""`./dev test`, `./dev lint` and `./dev lock`."""

import sys
from collections.abc import Sequence

from versana.devservices import throwaway
from versana.devservices.environment import caller_environment
from versana.devservices.places import ROOT
from versana.devservices.processes import foreground


def test(arguments: Sequence[str]) -> int:
    with throwaway.servers(caller_environment()) as env:
        return foreground([sys.executable, "-m", "pytest", *arguments], env=env, cwd=ROOT)


def lint(arguments: Sequence[str]) -> int:
    raise NotImplementedError


def lock(arguments: Sequence[str]) -> int:
    raise NotImplementedError
