"""Conversations: mail that came in, who wrote it, and what stands beside it.

Public interface: `conversations` and `contacts` (domain), `pages` (what is painted). Knows Shopify only through
`integrations.shopify.interface` and its types.
"""
