"""Whose words they are, and who gave them."""

from __future__ import annotations


def attribution(author: str, given_by: str) -> str:
    """Name an author and, where it is somebody else, who gave the words in their name."""
    if not given_by:
        return author
    return f"{author} (given by {given_by})" if author else f"given by {given_by}"
