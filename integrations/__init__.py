"""The outside world: Shopify, and the one door through which requests leave.

Public: `integrations.errors` (what can go wrong out there), `integrations.http` (the door), and per vendor the modules
that its own package names.
"""
