"""What recipients decide, and its history."""
