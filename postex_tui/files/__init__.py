"""Files that people give to the app or get from it."""
