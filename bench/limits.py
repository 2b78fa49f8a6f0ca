"""What limits each row, written by hand after profiling; stands beside the figures in docs/performance.md."""

LIMITS: dict[str, str] = {}
