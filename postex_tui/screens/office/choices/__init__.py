"""What comes by which channel where nobody chose for themselves."""
