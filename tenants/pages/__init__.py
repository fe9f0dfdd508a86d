"""Page objects of the workspace's own pages: frozen, and only what this viewer may see."""
