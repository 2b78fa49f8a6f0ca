"""Mail as values: pure functions from the bytes of a message to its structure, header fields, addresses and text."""
