"""The first day: an empty folder becomes an office, with somebody to write and somebody to receive."""
