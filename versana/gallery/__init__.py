"""The component gallery at /_gallery/: every page in every state, from example objects. Wired in development and tests only.

The browser tests photograph it in both themes; a designer reads it. Nothing here reads or writes anything.
"""

from versana.gallery.urls import urlpatterns

__all__ = ["urlpatterns"]
