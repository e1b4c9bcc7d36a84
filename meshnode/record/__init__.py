"""The shared record on its thread, and what is derived from it."""
