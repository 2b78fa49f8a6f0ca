"""What goes for good, what must stay for now, and what is said about it."""
