"""The wall between workspaces, tried on every table of the real schema. Cases are generated from the models."""
