"""Platform administration: Django admin as a process of its own, on the platform's database role.

That role sees across workspaces and is granted columns one by one: Postgres refuses it a token, a message, an address of a
contact. Start it with DJANGO_SETTINGS_MODULE=versana.platform.settings.
"""
