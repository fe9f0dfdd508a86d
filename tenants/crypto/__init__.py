"""Sealed values: AES-256-GCM envelopes in the database, `Secret` objects in memory, nothing in between."""
