"""What is kept, and how it is locked."""
