"""The doors of the inbox, by what they are for. Who may enter stands on each."""
