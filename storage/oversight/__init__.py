"""What was done and who looked: the audit log, its views and heads, counts."""
