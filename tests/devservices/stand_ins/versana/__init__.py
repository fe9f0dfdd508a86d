"""A product of three files."""
