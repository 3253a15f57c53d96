"""Where the kernel puts a thread that is woken: a CPU that idles, or the one that the thread ran on last."""

import os
import threading
import time

TIMES = 6
# Until the other CPUs have been idle for long, as they are beside one that is busy: s.
LONG = 0.02


def probe(samples, _effort):
    """On two CPUs, one of which is busy with whoever wakes."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) > 1:
        try:
            for _ in range(TIMES):
                samples.add("stays on a busy CPU", wake_up(cpus))
        finally:
            os.sched_setaffinity(0, cpus)


def wake_up(cpus):
    """1 if a thread that last ran on the CPU of its waker is run there again, while another one idles."""
    os.sched_setaffinity(0, cpus[:1])
    gate, there, ran_on = threading.Lock(), threading.Lock(), []
    gate.acquire()
    there.acquire()

    def sleep():
        there.release()
        with gate:
            ran_on.append(cpu())

    # It inherits the one CPU, and may leave it once it sleeps there.
    thread = threading.Thread(target=sleep)
    thread.start()
    there.acquire()
    time.sleep(LONG)
    os.sched_setaffinity(thread.native_id, cpus)
    gate.release()
    thread.join()
    return int(ran_on[0] == cpus[0])


def cpu():
    """The CPU that the calling thread runs on: proc(5), /proc/pid/stat, field 39."""
    with open("/proc/thread-self/stat") as file:
        return int(file.read().rpartition(")")[2].split()[36])
