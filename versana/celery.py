"""The Celery application: broker, queues, beat. Tasks live in each package's `tasks.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "versana.settings")

app = Celery("versana")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
