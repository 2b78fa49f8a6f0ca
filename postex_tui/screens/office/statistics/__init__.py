"""Counts, drawn on the screen and into files."""
