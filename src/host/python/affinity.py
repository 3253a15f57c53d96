"""The CPUs that this process may use."""

import os
from contextlib import contextmanager


def own_cpus():
    """Ascending; none where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextmanager
def bound():
    """Inside, this thread binds itself to whichever of these CPUs it likes; afterwards it may use all of them again."""
    cpus = sorted(os.sched_getaffinity(0))
    try:
        yield cpus
    finally:
        os.sched_setaffinity(0, cpus)
