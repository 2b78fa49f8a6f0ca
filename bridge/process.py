"""What a process of ours asks of the system before it works: no core dumps, descriptors, memory kept for reuse."""

import ctypes
import resource

LOG = "bridge.log"
"""In the data folder: what a bridge says that the app's first run started."""
DESCRIPTORS = 65_536
"""Connections, files and databases of one process, if the system lets us."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""mallopt(3)."""
_KEPT_BYTES, _MAPPED_FROM = 128 << 20, 32 << 20


def prepare() -> None:
    """Call once, before connections or threads."""
    forbid_core_dumps()
    allow_descriptors()
    keep_memory()


def forbid_core_dumps() -> None:
    """They would hold keys (security.md, Keys)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_descriptors() -> None:
    """As many as we may have, up to `DESCRIPTORS`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def keep_memory() -> None:
    """Let glibc reuse the memory of one message for the next: mapped and returned each time, it costs a page fault
    per 4 KiB, which was a third of the work on 1 MB messages. Other C libraries go without.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
