"""The node: config, keys, daemon, exchange, API, client and command line."""
