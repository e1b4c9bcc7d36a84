"""Carriers of bytes between nodes. They know links and frames, never entries."""
