"""What waits for people, a kind of it a room."""
