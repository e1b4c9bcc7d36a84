"""Contributions, search, the local model and grounded answers."""
