"""Servers and processes for the demo and the tests: PostgreSQL and Valkey from wheels, and ./dev's commands.

Standard library only, and imports nothing of the product. Production does not use it.
"""
