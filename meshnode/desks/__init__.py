"""What the API asks of an open node, each matter at a desk of its own."""
