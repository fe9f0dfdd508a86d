"""Shopify: connect a store, read a contact's orders from it, disconnect it.

Public interface: `interface` (what the inbox may ask), `types` and `sections` (what it gets), `events`. Everything else is
private to this package.
"""
