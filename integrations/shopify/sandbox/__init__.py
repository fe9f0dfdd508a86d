"""Plays Shopify on loopback: consent screen, tokens and Admin GraphQL for any number of made-up stores.

A development tool. It imports nothing of the product, so that a misunderstanding of Shopify cannot hide on both sides.

On its own: `python -m integrations.shopify.sandbox --port 8099 --stores FILE`.

In a test, in this process, on a port of the system's choice::

    from integrations.shopify.sandbox import DEMO_STORES, serve

    with serve(DEMO_STORES, client_id="id", client_secret="secret") as running:
        running.url                     # http://127.0.0.1:PORT; the API wants the shop's domain in the Host header
        running.grant("harbor-goods.myshopify.com")   # tokens without the consent screen
        running.calls                   # the log of API calls; clear_calls() empties it
        running.set_latency(30_000)     # milliseconds per API call
        running.set_clock(moment)       # orders age and tokens expire by the sandbox's clock
        running.revoke("harbor-goods.myshopify.com")  # as if the owner uninstalled the app

`serve` takes a path or the same content as a dict; `POST /_sandbox/reload` reads it again.
"""

from pathlib import Path

from integrations.shopify.sandbox.row_checks import StoreFileError
from integrations.shopify.sandbox.running import RunningSandbox, serve

DEMO_STORES = Path(__file__).with_name("demo_stores.json")

__all__ = ["DEMO_STORES", "RunningSandbox", "StoreFileError", "serve"]
