"""Help inside the product: pages that say in plain words what is shown, why it may be missing, and what to do.

What the code has in a table (permissions, states, what each answer of Shopify means, limits) stands in the pages as that
table says it, so that they cannot grow old. It is wiring: it may know every package, and none knows it but by its addresses.
"""
