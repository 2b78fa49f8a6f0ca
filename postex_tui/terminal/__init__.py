"""What terminals are like: which letters they draw, when they are gone, what must not reach them."""
