"""How much of this machine may be used."""

import os


def cores() -> int:
    """As many as this process was given; macOS gives all there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
