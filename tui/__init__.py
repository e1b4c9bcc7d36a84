"""The terminal app, a client of the daemon."""
