"""Signatures, encryption and keys, on libsodium."""
