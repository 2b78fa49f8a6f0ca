"""How one's documents come."""
