"""Where random bytes come from. Passed in, so that a test can hold it still; `os.urandom` everywhere else."""

from collections.abc import Callable

Rng = Callable[[int], bytes]
"""Given a count, that many bytes nobody can guess."""
