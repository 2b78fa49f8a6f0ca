"""What stands behind an account, a kind of thing each."""
