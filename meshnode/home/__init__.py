"""A node's home: its files, keys and settings."""
