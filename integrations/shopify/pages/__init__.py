"""Page objects of the Shopify settings, and what builds them for the person who looks."""
