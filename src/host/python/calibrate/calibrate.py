"""Measures the costs of this host and this interpreter, as raw samples by name in lines of JSON.

The input is a line of JSON with the effort. The output lines hold the work to do, then each finished probe's
samples and the CPUs' speeds around it, and at the end the facts of the kernel. They become costs elsewhere.
"""

import gc
import json
import sys
import time
import traceback

import affinity
import orphan
import quiet

# Each probe is a module with a function `probe(samples, effort)`. Probes by the CPU clock alternate with those that
# need a quiet host, so that a disturbance does not affect one kind alone.
PROBES = [
    "piping",
    "waking",
    "placing",
    "pickling",
    "locking",
    "threads",
    "caches",
    "processes",
    "servers",
    "threadpool",
    "processpool",
    "pools",
    "speed",
]
NEWER = [("subinterpreters", (3, 14))]


def main():
    """Runs all probes repeatedly, so that samples of one kind are spread over the whole time."""
    plan = json.loads(sys.stdin.buffer.readline())
    orphan.die_with_parent()
    import host

    skipped = {}
    probes = PROBES + [name for name, version in NEWER if sys.version_info >= version]
    say(probes=len(probes) * plan["most_rounds"])
    began, taken = time.monotonic(), host.cpu_time()
    own = own_time()
    moments = Moments(plan["usual"])
    for number in range(plan["most_rounds"]):
        elapsed = time.monotonic() - began
        if number >= plan["least_rounds"] and elapsed * (number + 1) / number > plan["seconds"]:
            break
        moments.patience = plan["patience_s"]
        for name in probes:
            say(takes=[] if name in skipped else [take(name, plan["effort"], skipped, moments)])
    say(host=host.facts(), skipped=skipped, elsewhere=elsewhere(host, began, taken, own))


class Moments:
    """The speeds of the CPUs so far, and how much longer to wait until every CPU runs at its usual speed."""

    def __init__(self, usual):
        self.usual = usual
        self.seen = []
        self.patience = 0

    def wait(self):
        """Waits until every CPU runs at its usual speed, within the remaining time."""
        usual = self.usual or (quiet.usual(self.seen) if self.seen else None)
        moment, waited = quiet.wait(usual, affinity.own_cpus(), self.patience)
        self.patience -= waited
        self.seen += moment
        return moment


def take(name, effort, skipped, moments):
    """Runs one probe in a quiet moment. A probe that is unsupported here is reported as skipped."""
    from sampling import Samples

    samples, before = Samples(), moments.wait()
    try:
        __import__(name).probe(samples, effort)
    except Exception as error:
        traceback.print_exc()
        skipped[name] = f"{type(error).__name__}: {error}"
    gc.collect()
    after = quiet.moment(affinity.own_cpus())
    return {"probe": name, "looks": before + after, "samples": samples.by_name}


def elsewhere(host, began, taken, own):
    """Returns the shares of all CPUs that other processes used meanwhile, and that this machine's own host stole."""
    import os

    elapsed = (time.monotonic() - began) * os.cpu_count()
    busy, stolen = (now - before for now, before in zip(host.cpu_time(), taken))
    return {"busy": max(busy - (own_time() - own), 0) / elapsed, "stolen": max(stolen, 0) / elapsed}


def own_time():
    """Returns the CPU time of this process and its children, s."""
    import os

    return sum(os.times()[:4])


def say(**line):
    """Prints a line of JSON."""
    print(json.dumps(line), flush=True)
