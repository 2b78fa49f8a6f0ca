"""Documents on their way, and the hand-offs that wait, failed or are uncertain."""
