"""All that may be done to an object that holds a secret, by somebody who does not know what it holds."""

import copy
import dataclasses
import json
import pickle
import traceback
from collections.abc import Callable
from typing import Any

from django.core import serializers
from django.forms import modelform_factory
from kombu.serialization import dumps as kombu_dumps

from integrations.shopify import client
from integrations.shopify.models import Farewell, Store
from tenants.rls.context import tenant_context
from tests.acceptance.walk import Walk
from tests.factories import SHOP


def carry(walk: Walk, grant: Any) -> None:
    """All that may be done to an object, by somebody who does not know what it holds."""
    with tenant_context(walk.cast.acme.pk):
        store, farewell = Store.objects.get(), Farewell.objects.first()
        opened = Store.objects.get()
        opened.access_token = opened.access_token
        for thing in (
            walk.secret("access token"),
            grant,
            store,
            opened,
            farewell,
            client.Connection(SHOP, grant.access_token),
        ):
            for name, way in WAYS.items():
                try:
                    walk.sinks.put(name, way(thing))
                except Exception as error:
                    walk.sinks.put(f"{name}, refused", "".join(traceback.format_exception(error)))


WAYS: dict[str, Callable[[Any], object]] = {
    "object: repr": repr,
    "object: str": str,
    "object: format": "{0} {0!r:>80}".format,
    "object: percent": lambda thing: "%s %r".__mod__((thing, thing)),
    "object: JSON": lambda thing: json.dumps(thing, default=lambda each: getattr(each, "__dict__", None) or repr(each)),
    "object: pickle": pickle.dumps,
    "object: copies": lambda thing: repr((copy.copy(thing), copy.deepcopy(thing))),
    "object: its fields": lambda thing: repr(vars(thing)) if hasattr(thing, "__dict__") else repr([getattr(thing, s) for s in thing.__slots__]),
    "object: as a dict": lambda thing: repr(dataclasses.asdict(thing)),
    "object: task message": lambda thing: repr(kombu_dumps({"args": [thing]}, serializer="json")),
    "object: fixture": lambda thing: serializers.serialize("json", [thing]),
    "object: form": lambda thing: modelform_factory(type(thing), exclude=[])(instance=thing).as_p(),
}  # fmt: skip
