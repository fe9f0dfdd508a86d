"""The product's own settings, with one page more, the empty one that others are compared with, and statements counted."""

from versana.settings import *  # noqa: F403
from versana.settings import MIDDLEWARE as _MIDDLEWARE

ROOT_URLCONF = "tests.performance.urls"
MIDDLEWARE = ["tests.performance.counting.StatementsMiddleware", *_MIDDLEWARE]
