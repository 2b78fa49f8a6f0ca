"""What a sender handed in, and what became of it."""
