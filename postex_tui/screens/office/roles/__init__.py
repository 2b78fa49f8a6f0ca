"""Who may do what beyond their own account."""
