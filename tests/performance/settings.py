"""The product's own settings, with one page more: the empty one that others are compared with."""

from versana.settings import *  # noqa: F403

ROOT_URLCONF = "tests.performance.urls"
