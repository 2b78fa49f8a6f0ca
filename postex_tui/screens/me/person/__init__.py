"""Who one is, as the bridge knows it."""
