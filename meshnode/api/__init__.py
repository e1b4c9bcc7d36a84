"""The daemon's HTTP API over its unix socket."""
