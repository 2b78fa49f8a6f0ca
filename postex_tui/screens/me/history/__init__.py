"""What one chose, agreed to, and was done for one."""
