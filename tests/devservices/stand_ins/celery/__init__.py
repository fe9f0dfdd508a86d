"""Stands in for the package: Celery itself takes seconds to start and to stop."""
