"""The Celery application: broker, queues, beat. Tasks live in each package's `tasks.py`."""

import os
from importlib import import_module
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "versana.settings")

app = Celery("versana")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def check_role(**kwargs: Any) -> None:
    """A worker on the wrong role does not take a single task."""
    checks = import_module("tenants.rls.checks")  # models exist only once Celery has set Django up
    checks.refuse_wrong_role_at_start()
