"""Plays Shopify on loopback: consent screen, tokens and Admin GraphQL for any number of made-up stores.

A development tool. It imports nothing of the product, so that a misunderstanding of Shopify cannot hide on both sides.

On its own: `python -m integrations.shopify.sandbox --port 8099 --stores FILE`; docs/sandbox.md has the whole.

In a test, in this process, on a port of the system's choice::

    from integrations.shopify.sandbox import DEMO_STORES, serve

    with serve(DEMO_STORES, client_id="id", client_secret="secret", webhook_uri=url, topics=[...]) as running:
        running.url                     # http://127.0.0.1:PORT; the API wants the shop's domain in the Host header
        running.grant("harbor-goods.myshopify.com")   # tokens without the consent screen
        running.calls                   # the log of API calls; clear_calls() empties it
        running.set_latency(30_000)     # milliseconds per API call
        running.set_clock(moment)       # orders age and tokens expire by the sandbox's clock; advance(hours=4)
        running.fault("429", shop=SHOP, kind="graphql", times=3)  # FAULTS has all names; clear_faults()
        running.merchant.fulfil(SHOP, "#1042", tracking={"company": "UPS", "number": "1Z"})
        running.merchant.uninstall(SHOP)   # freeze, set_scopes, approve, request_data, redact_customer ...
        running.deliveries              # the log of webhooks; drain() waits until all that are due are out
        running.webhooks.disorder(duplicate=0.3, lose=0.1, shuffle=True)   # hold() and release() too
        running.webhook("orders/updated", SHOP, {...})   # body and signed headers, for a test that posts itself
        running.register("own-app", "secret"); running.rotate_secret("next"); running.revoke_old_secret()

`serve` takes a path or the same content as a dict; `POST /_sandbox/reload` reads it again.
"""

from pathlib import Path

from integrations.shopify.sandbox.faults import FAULTS, FaultError
from integrations.shopify.sandbox.row_checks import StoreFileError
from integrations.shopify.sandbox.running import RunningSandbox, serve

DEMO_STORES = Path(__file__).with_name("demo_stores.json")

__all__ = ["DEMO_STORES", "FAULTS", "FaultError", "RunningSandbox", "StoreFileError", "serve"]
