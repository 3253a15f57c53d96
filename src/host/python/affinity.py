"""The CPUs that this process may use."""

import os
from contextlib import contextmanager


def own_cpus():
    """Returns these CPUs in ascending order, or an empty list where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextmanager
def bound():
    """A context in which this thread may bind itself to some of these CPUs; on exit it may use all of them again."""
    cpus = sorted(os.sched_getaffinity(0))
    try:
        yield cpus
    finally:
        os.sched_setaffinity(0, cpus)
