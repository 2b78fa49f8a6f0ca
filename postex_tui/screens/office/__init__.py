"""Looking after others and the bridge."""
