"""The costs of the processes that `multiprocessing` starts itself: the resource tracker and the fork server."""

import time
from multiprocessing import forkserver, resource_tracker

# A process that has used no CPU for this long, s, waits for its first request.
SETTLED = 0.03


def probe(samples, _effort):
    """Measures the CPU time of each until it waits. Both are separate from those that this process may already have."""
    tracker, server = resource_tracker.ResourceTracker(), forkserver.ForkServer()
    tracker.ensure_running()
    samples.add("tracker boot", settled(tracker._pid))
    tracker._stop()
    server.ensure_running()
    samples.add("fork server boot", settled(server._forkserver_pid))
    server._stop()


def settled(pid):
    """Returns the CPU time that a process has used when it has no more work, ns."""
    before, after = None, cpu_time(pid)
    while after != before or not after:
        time.sleep(SETTLED)
        before, after = after, cpu_time(pid)
    return after


def cpu_time(pid):
    """Returns the CPU time so far, ns: proc(5), /proc/pid/schedstat."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0])
