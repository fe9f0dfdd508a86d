"""The database server around the wall: PgBouncer before it, backups of it, migrations on it, clocks beside it."""
