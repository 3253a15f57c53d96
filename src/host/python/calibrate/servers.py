"""The processes that `multiprocessing` starts for itself: the resource tracker and the fork server."""

import time
from multiprocessing import forkserver, resource_tracker

# A process that has used no CPU for so long waits for its first request: s.
SETTLED = 0.03


def probe(samples, _effort):
    """CPU time of each until it waits. Both are others than those that this process may have already."""
    tracker, server = resource_tracker.ResourceTracker(), forkserver.ForkServer()
    tracker.ensure_running()
    samples.add("tracker boot", settled(tracker._pid))
    tracker._stop()
    server.ensure_running()
    samples.add("fork server boot", settled(server._forkserver_pid))
    server._stop()


def settled(pid):
    """CPU time that a process has had when it has nothing more to do, ns."""
    before, after = None, cpu_time(pid)
    while after != before or not after:
        time.sleep(SETTLED)
        before, after = after, cpu_time(pid)
    return after


def cpu_time(pid):
    """So far, ns: proc(5), /proc/pid/schedstat."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0])
