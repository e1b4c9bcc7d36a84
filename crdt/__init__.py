"""Signed entries, documents, spaces, the store and the sync protocol: no threads, no clock."""
