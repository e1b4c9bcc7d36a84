"""Meetings with peers, and what is remembered of them."""
