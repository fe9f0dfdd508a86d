"""What people type about workspaces and their members."""
