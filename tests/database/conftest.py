"""A second PostgreSQL, empty, for tests that restore or migrate on a server of their own; and documents that can be run."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tenants.rls.database import with_database
from versana.devservices import binaries, credentials, environment
from versana.devservices.places import ROOT


@dataclass(frozen=True)
class Server:
    """An empty server, and the environment of an installation on it: the run's own keys, other passwords."""

    place: Path
    env: Mapping[str, str]

    def superuser(self) -> psycopg.Connection:
        return psycopg.connect(with_database(self.env["SUPERUSER_DATABASE_URL"], environment.DATABASE), autocommit=True)


@pytest.fixture(scope="module")
def empty_server() -> Iterator[Server]:
    place = Path(tempfile.mkdtemp(prefix="versana-database-"))
    place.chmod(0o711)  # PostgreSQL under root runs as nobody and must get through.
    names = ("SECRET_KEY", "SEALING_KEYS", "SEALING_PRIMARY_KEY", "SHOPIFY_CLIENT_ID", "SHOPIFY_CLIENT_SECRET")
    keys = credentials.fresh() | {name: os.environ[name] for name in names}
    caller = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
    with environment.servers(data=place / "postgres", logs=place, keys=keys, durable=False, caller=caller) as found:
        yield Server(place, environment.for_product(servers=found, keys=keys, kind="test", caller=caller))
    shutil.rmtree(place)


def documented(heading: str, *, before: str) -> list[str]:
    """The blocks of commands in docs/operations.md under a heading, up to the words `before`."""
    text = (ROOT / "docs" / "operations.md").read_text()
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0].partition(before)[0]
    blocks = re.findall(r"(?:^ {4}.*\n?)+", section, re.MULTILINE)
    return ["\n".join(line.removeprefix("    ") for line in block.splitlines()) for block in blocks]


def run_documented(commands: str, env: Mapping[str, str], *, place: Path) -> str:
    """Runs commands as they stand in a document: in a shell that stops at the first error, `manage.py` being ours."""
    programs = place / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "manage.py").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT}/manage.py" "$@"\n')
    (programs / "manage.py").chmod(0o755)
    path = f"{programs}:{binaries.postgres_bin()}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-euc", commands], env={**env, "PATH": path}, cwd=place, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{done.stdout}\n{done.stderr}")
    return done.stdout


def drop(superuser_url: str, name: str) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
