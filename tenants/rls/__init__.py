"""The wall between workspaces: row-level security declared on the models, and the only place that tells Postgres who we are."""
