"""A sealed column: a Secret in Python, an envelope bound to its row in the database, and no third form."""

import json
import os
import pickle
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import connection, models, transaction
from django.forms import modelform_factory
from pytest_django import Settings

from integrations.shopify.models import Farewell, Store
from tenants.crypto.fields import SealedTextField
from tenants.crypto.sealing import SealError
from tenants.crypto.secret import Secret
from tenants.models import Tenant
from tenants.rls.context import tenant_context
from tests.isolation.rows import populate, workspace

TOKEN = Secret("shpat_0123456789abcdef")


@pytest.fixture
def tenant(db: None) -> Tenant:
    return workspace("acme")


@pytest.fixture
def store(tenant: Tenant) -> Any:
    row = populate(tenant)[Store]
    with tenant_context(tenant.pk):
        row.access_token = TOKEN  # type: ignore[attr-defined]
        row.save()
        yield row


def stored(table: str = "shopify_store", column: str = "access_token") -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")
        return bytes(cursor.fetchone()[0])


def test_the_database_holds_an_envelope(store: Store) -> None:
    assert stored()[:5] == b"\x01\x00\x00\x00\x01"
    assert b"shpat_" not in stored()


def test_it_is_read_back_as_a_secret(store: Store) -> None:
    again = Store.objects.get()
    assert isinstance(again.access_token, Secret)
    assert again.access_token == TOKEN


def test_a_row_refreshed_from_the_database_shows_what_is_there(store: Store) -> None:
    again = Store.objects.get()
    again.access_token = Secret("another")
    again.save(update_fields=["access_token"])
    assert store.access_token == TOKEN
    store.refresh_from_db()
    assert store.access_token == Secret("another")


def test_a_deferred_column_is_fetched_when_it_is_asked_for(store: Store, django_assert_num_queries: Any) -> None:
    for query in (Store.objects.defer("access_token"), Store.objects.only("number")):
        row = query.get()
        assert "access_token" in row.get_deferred_fields()
        assert row.access_token == TOKEN
        with django_assert_num_queries(0):
            assert row.access_token == TOKEN


def test_saving_a_row_that_was_only_read_keeps_the_envelope(store: Store) -> None:
    before = stored()
    row = Store.objects.get()
    row.shop_name = "New name"
    row.save()
    assert stored() == before
    assert Store.objects.get().access_token == TOKEN


def test_a_column_may_be_empty_and_emptied(store: Store) -> None:
    store.access_token = None
    store.save()
    assert Store.objects.get().access_token is None
    assert Store.objects.filter(access_token__isnull=True).count() == 1


@pytest.mark.parametrize(
    "value", ["shpat_x", "", 7, ["x"], {"a": 1}, object()], ids=["text", "empty", "number", "list", "dict", "object"]
)
def test_only_a_secret_is_taken(value: object, store: Store) -> None:
    with pytest.raises(TypeError, match="takes a Secret"):
        store.access_token = value  # type: ignore[assignment]
    with pytest.raises(TypeError):
        Store(access_token=value)


@pytest.mark.parametrize("value", [TOKEN, "shpat_x", b"shpat_x"], ids=["secret", "text", "bytes"])
def test_update_refuses_a_value(value: object, store: Store) -> None:
    """A value on its own does not know its row; plain text would go into the column as it is."""
    with pytest.raises(TypeError), transaction.atomic():
        Store.objects.update(access_token=value)
    assert Store.objects.get().access_token == TOKEN


def test_update_may_empty_the_column(store: Store) -> None:
    assert Store.objects.update(access_token=None) == 1
    assert Store.objects.get().access_token is None


@pytest.mark.parametrize("lookup", ["", "__exact", "__in", "__contains", "__startswith", "__gt", "__regex", "__iexact"])
def test_it_cannot_be_searched(lookup: str, store: Store) -> None:
    value = [b"x"] if lookup == "__in" else b"x"
    with pytest.raises((FieldError, TypeError)):
        list(Store.objects.filter(**{f"access_token{lookup}": value}))


@pytest.mark.parametrize("bulk", [True, False], ids=["bulk_create", "create"])
def test_both_ways_of_creating_seal(bulk: bool, tenant: Tenant) -> None:
    with tenant_context(tenant.pk):
        if bulk:
            Farewell.objects.bulk_create([Farewell(shop_domain="a.myshopify.com", access_token=TOKEN)])
        else:
            Farewell.objects.create(shop_domain="a.myshopify.com", access_token=TOKEN)
        assert b"shpat_" not in stored("shopify_farewell")
        assert Farewell.objects.get().access_token == TOKEN


def test_bulk_update_refuses_a_sealed_column(store: Store) -> None:
    store.access_token = Secret("shpat_changed")
    with pytest.raises(TypeError), transaction.atomic():
        Store.objects.bulk_update([store], ["access_token"])
    assert b"shpat_" not in stored()


# --- Moved envelopes -------------------------------------------------------------------------------------------------
def test_an_envelope_copied_to_another_column_does_not_open(store: Store) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shopify_store SET refresh_token = access_token")
    row = Store.objects.get()
    assert row.access_token == TOKEN
    with pytest.raises(SealError):
        _ = row.refresh_token


def test_an_envelope_copied_to_another_row_does_not_open(store: Store) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shopify_store SET shop_domain = 'other.myshopify.com'")
    with pytest.raises(SealError):
        _ = Store.objects.get().access_token


def test_an_envelope_copied_to_another_table_does_not_open(store: Store) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shopify_farewell f SET access_token = s.access_token, shop_domain = s.shop_domain FROM shopify_store s"
        )
    with pytest.raises(SealError):
        _ = Farewell.objects.get().access_token


def test_an_envelope_copied_to_another_workspace_does_not_open(
    store: Store, tenant: Tenant, superuser_url: str
) -> None:
    envelope, domain = stored(), store.shop_domain
    place = {"tenant_id": tenant.pk, "shop_domain": domain, "access_token": envelope}
    assert Farewell.from_db("default", list(place), list(place.values())).shop_domain == domain
    theirs = Store.from_db("default", ["tenant_id", "shop_domain", "access_token"], [tenant.pk + 1, domain, envelope])
    ours = Store.from_db("default", ["tenant_id", "shop_domain", "access_token"], [tenant.pk, domain, envelope])
    assert ours.access_token == TOKEN
    with pytest.raises(SealError):
        _ = theirs.access_token


def test_a_lost_key_is_an_error_of_one_kind_and_the_row_is_still_readable(store: Store, settings: Settings) -> None:
    settings.SEALING_KEYS = {1: os.urandom(32)}
    row = Store.objects.get()
    assert row.shop_domain == store.shop_domain
    with pytest.raises(SealError):
        _ = row.access_token


# --- Ways out --------------------------------------------------------------------------------------------------------
def test_no_form_no_fixture_no_pickle_and_no_repr_shows_it(store: Store) -> None:
    assert "shpat" not in repr(store) + str(store) + repr(vars(store))
    assert "access_token" not in modelform_factory(Store, fields=["shop_name"]).base_fields
    with pytest.raises((FieldError, FieldDoesNotExist)):
        modelform_factory(Store, fields=["access_token"])
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(store)
    fresh = Store.objects.get()
    assert b"shpat" not in pickle.dumps(fresh)
    with pytest.raises(TypeError):
        json.dumps({"token": fresh.access_token})


def test_a_dump_of_the_row_is_refused(store: Store) -> None:
    with pytest.raises(TypeError):
        serializers.serialize("json", Store.objects.all())


def test_values_of_a_query_are_envelopes(store: Store) -> None:
    (value,) = Store.objects.values_list("access_token", flat=True)
    assert b"shpat" not in bytes(value)


def test_the_declaration_survives_a_migration_file() -> None:
    field = Store._meta.get_field("access_token")
    assert isinstance(field, SealedTextField)
    _, path, args, kwargs = field.deconstruct()
    assert path == "tenants.crypto.fields.SealedTextField"
    assert kwargs == {"null": True, "bind_to": ("tenant_id", "shop_domain")}
    assert SealedTextField(*args, **kwargs).bind_to == field.bind_to
    assert not field.editable


@pytest.mark.parametrize("model", [Store, Farewell])
def test_every_sealed_column_is_bound_to_the_workspace_first(model: type[models.Model]) -> None:
    sealed = [f for f in model._meta.concrete_fields if isinstance(f, SealedTextField)]
    assert sealed
    assert all(field.bind_to[0] == "tenant_id" and len(field.bind_to) > 1 for field in sealed)
