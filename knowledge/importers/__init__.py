"""One reader for each kind of file that can become contributions."""
