"""The audit log: read, narrowed, checked, saved, and who looked at whom."""
