"""Whoever writes what search finds things by tells search of it."""

import re

from tests.architecture.source import modules

WRITING = re.compile(r"\b(?:Message|Note|ContactAddress)\.objects\.(?:create|bulk_create)\(")


def test_every_module_that_writes_messages_notes_or_addresses_tells_search() -> None:
    writers = {m.path: m.text for m in modules() if m.path.startswith("inbox/") and WRITING.search(m.text)}
    assert writers.keys() >= {"inbox/email/inbound.py", "inbox/contacts.py"}
    silent = {path for path, text in writers.items() if "indexing." not in text}
    assert silent == set(), "call inbox.indexing in the same transaction"
