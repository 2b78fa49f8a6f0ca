"""What one sees and decides of oneself."""
