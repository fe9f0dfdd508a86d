"""What an operator sees of a running installation: log lines, ids that tie them together, health."""
