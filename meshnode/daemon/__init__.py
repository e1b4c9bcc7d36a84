"""The process that holds a home and serves it."""
