"""The doors of the Shopify integration, by what they are for. Who may enter stands on each."""
