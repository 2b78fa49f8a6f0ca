"""One's own data as one file: an archive that is written while it is sent (S44)."""
