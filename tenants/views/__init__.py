"""The doors of a workspace's own pages."""
