"""Measures what this host and this interpreter cost: raw samples by name, as lines of JSON.

A line of JSON in: how much to do. Lines out: what there is to do, then one for each probe that is through, and at the end
all samples. They are turned into costs elsewhere.
"""

import gc
import json
import sys
import time
import traceback

import orphan

# Each probe is a module with a function `probe(samples, effort)`. What is measured by the CPU clock comes in between what
# needs a quiet host, so that a disturbance does not hit one kind alone.
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
    """All of it, over and over: samples of one thing are spread over the whole time."""
    plan = json.loads(sys.stdin.buffer.readline())
    orphan.die_with_parent()
    import host
    from sampling import Samples

    samples, skipped = Samples(), {}
    probes = PROBES + [name for name, version in NEWER if sys.version_info >= version]
    say(probes=len(probes) * plan["most_rounds"])
    began, taken = time.monotonic(), host.cpu_time()
    own = own_time()
    for number in range(plan["most_rounds"]):
        elapsed = time.monotonic() - began
        if number >= plan["least_rounds"] and elapsed * (number + 1) / number > plan["seconds"]:
            break
        for name in probes:
            if name not in skipped:
                disturbed(samples)
                run(name, samples, plan["effort"], skipped)
            say(probe=name, round=number)
    disturbed(samples)
    say(
        samples=samples.by_name,
        host=host.facts(),
        skipped=skipped,
        elsewhere=elsewhere(host, began, taken, own),
    )


def run(name, samples, effort, skipped):
    """One probe. What this interpreter or host has no place for is left out, and said so."""
    try:
        __import__(name).probe(samples, effort)
    except Exception as error:
        traceback.print_exc()
        skipped[name] = f"{type(error).__name__}: {error}"
    gc.collect()


def disturbed(samples):
    """How long the same loop takes now."""
    from sampling import fixed_loop

    for _ in range(5):
        taken, elapsed = fixed_loop()
        samples.add("fixed loop", taken)
        samples.add("fixed loop elapsed", elapsed)


def elsewhere(host, began, taken, own):
    """Shares of all CPUs that others had meanwhile, and that this machine's own host took away."""
    import os

    elapsed = (time.monotonic() - began) * os.cpu_count()
    busy, stolen = (now - before for now, before in zip(host.cpu_time(), taken))
    return {"busy": max(busy - (own_time() - own), 0) / elapsed, "stolen": max(stolen, 0) / elapsed}


def own_time():
    """CPU time of this process and its children, s."""
    import os

    return sum(os.times()[:4])


def say(**line):
    """A line of JSON."""
    print(json.dumps(line), flush=True)
