"""The sync protocol: frames in, events out; no clock, no sockets, no chance."""
