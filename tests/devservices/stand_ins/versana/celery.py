"""A Celery application without tasks."""

import os

from celery import Celery

app = Celery("stand-in", broker=os.environ["REDIS_URL"])
