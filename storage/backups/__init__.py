"""Backups made, verified and restored; the canary in them, and the kit that opens them."""
