"""The inventory of what is kept about people: complete, true to the models, and in words; and how a person is recognised."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.test import override_settings

from tenants import personal
from tenants.personal import Kept, Plain, Subject, Who
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.walking import cast

__all__ = ["cast"]  # a fixture
# Whatever can hold words, bytes or an address.
SPEAKING = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.BinaryField,
    models.GenericIPAddressField,
    models.UUIDField,
    models.FileField,
    SearchVectorField,
)


def speaking_fields() -> set[tuple[str, str]]:
    return {
        (model._meta.label, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if isinstance(field, SPEAKING)
    }


def declared() -> list[tuple[str, str]]:
    entries: list[Kept | Plain] = [
        entry for package in personal.packages() for entry in (*package.kept, *package.plain)
    ]
    return [(entry.model, field) for entry in entries for field in entry.fields]


def test_every_field_that_can_hold_something_about_a_person_is_declared() -> None:
    missing = speaking_fields() - set(declared())
    assert missing == set(), "say in the package's personal.py what these fields hold, or why nothing about a person"


def test_no_declaration_is_stale_or_made_twice() -> None:
    assert set(declared()) - speaking_fields() == set()
    assert len(declared()) == len(set(declared()))


def test_every_package_of_ours_declares_its_own_models() -> None:
    of_package = {"tenants": "tenants.", "integrations.shopify": "shopify.", "inbox": "inbox."}
    for path, package in zip(settings.PERSONAL_DATA, personal.packages(), strict=True):
        prefix = next(label for name, label in of_package.items() if path.startswith(name + "."))
        models_named = {entry.model for entry in (*package.kept, *package.plain)}
        assert any(name.startswith(prefix) for name in models_named)
        others = {label for label in of_package.values() if label != prefix}
        assert not [name for name in models_named if name.startswith(tuple(others))]


def test_every_entry_says_what_why_and_how_it_is_forgotten() -> None:
    for entry in personal.inventory():
        assert min(len(entry.what), len(entry.why), len(entry.forgotten)) >= 10, entry
        assert entry.forgotten.endswith("."), entry
    plain = [entry for package in personal.packages() for entry in package.plain]
    assert all(len(entry.reason) > 10 for entry in plain)
    assert {entry.who for entry in personal.inventory()} == set(Who)


# --- Who it is ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to ann@shop.example.", True),
        ("<ANN@Shop.Example>", True),
        ("https://x.example/unsubscribe?m=ann%40shop.example&x=1", True),
        ("+43 660 1234567 is her number", True),
        ("joann@shop.example", False),
        ("j.ann@shop.example", False),
        ("ann@shop.example.org", False),
        ("ann@shop-example", False),
        ("+43 660 12345678", False),
        ("", False),
    ],
)
def test_a_person_is_found_in_a_text_and_nobody_else(text: str, found: bool) -> None:
    subject = Subject(emails=frozenset({"ann@shop.example"}), phones=frozenset({"+43 660 1234567", "12"}))
    assert bool(re.search(subject.mention(), text, re.IGNORECASE)) is found


def test_nobody_in_particular_is_looked_for_nowhere() -> None:
    assert Subject(phones=frozenset({"110"}), names=frozenset({"Ann"})).mention() == ""


@pytest.mark.django_db
def test_what_was_erased_is_known_by_the_address_and_by_no_other_workspace(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        personal.forget(Subject(emails=frozenset({"ann@shop.example"})), touched=False)
        assert personal.erased_at("ann@shop.example") is not None
        assert personal.erased_at("bob@shop.example") is None
        with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
            assert personal.erased_at("ann@shop.example") is not None
    with tenant_context(cast.next_door.pk):
        assert personal.erased_at("ann@shop.example") is None
