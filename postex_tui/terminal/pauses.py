"""Python's collector of reference cycles stops everything while it looks: 0.1–0.5 s for all objects of the app.

What is there when the app begins stays to its end and is never looked at again; what is young is looked at often,
which takes a millisecond, and all that grew old only after some hundred screens.
"""

import gc

THRESHOLDS = (2_000, 10, 500)
"""Net allocations before the youngest are looked at; how often that before the next older are; then for the old."""


def few() -> None:
    """For a program that draws: called once, when its modules are loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
