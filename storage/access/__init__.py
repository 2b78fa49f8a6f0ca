"""What opens an account, and for whom: key slots, secrets, sessions, devices, escrow, break-glass, new keys."""
