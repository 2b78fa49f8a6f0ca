"""What the command palette finds: one provider per noun."""
