"""A model field whose value is sealed in the database and a `Secret` in Python."""

from typing import Any

from django.db import models

from tenants.crypto import keyring
from tenants.crypto.secret import Secret


class SealedTextField(models.BinaryField):
    """Text, sealed with AES-256-GCM and bound to its table, its column and the row's `bind_to` columns.

    `bind_to` names immutable columns that are known before the row has an id, so that the place can be told when it is
    written and when it is read. Reading the attribute opens the envelope (SealError when it does not open); assigning takes
    a Secret or None. It cannot be filtered by, and `update()` refuses it: a bare value does not know its row.
    """

    def __init__(self, *args: Any, bind_to: tuple[str, ...], **kwargs: Any) -> None:
        self.bind_to = bind_to
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, {**kwargs, "bind_to": self.bind_to}

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _SealedAttribute(self))

    def place(self, instance: models.Model) -> tuple[str, ...]:
        """Where this value of this row belongs."""
        bound = (str(getattr(instance, column)) for column in self.bind_to)
        return (self.model._meta.db_table, str(self.column), *bound)

    def pre_save(self, instance: models.Model, add: bool) -> "Envelope | None":
        value = instance.__dict__.get(self.attname)
        if isinstance(value, Secret):
            return Envelope(keyring.seal(value, place=self.place(instance)))
        return None if value is None else Envelope(bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not isinstance(value, Envelope):
            raise TypeError("a sealed field takes its value through the row, not through a query")
        return super().get_db_prep_value(value, connection, prepared)

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


class Envelope(bytes):
    """Bytes that `pre_save` made: the only thing that reaches the database."""


class _SealedAttribute:
    """Holds the envelope until somebody asks, then the Secret."""

    def __init__(self, field: SealedTextField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if value is None or isinstance(value, Secret):
            return value
        return keyring.unseal(bytes(value), place=self.field.place(instance))

    def __set__(self, instance: models.Model, value: object) -> None:
        if value is not None and not isinstance(value, Secret | bytes | memoryview):
            raise TypeError("a sealed field takes a Secret")
        instance.__dict__[self.field.attname] = value
