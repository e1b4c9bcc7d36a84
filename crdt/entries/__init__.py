"""The entry: header, skeleton and content, written, sealed and opened."""
