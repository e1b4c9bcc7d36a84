"""One node's share of everything: the parts of the core, put together."""
