"""The items of a plan as the caller has them: arguments on the way out, results and times on the way back."""

import time

import program
import segments
from graph import EACH, Graph
from payloads import Payloads


class Items:
    """All items of a repetition, each as `(group, index)`."""

    def __init__(self, groups, order):
        self.order = order
        self.graph = Graph(groups)
        self.counts = self.graph.counts
        self.arguments = [Payloads(*group["argument"]) for group in groups]
        self.inherits = [
            [first for first, kind in group["after"] if kind == EACH] for group in groups
        ]
        inherited = {first for firsts in self.inherits for first in firsts}
        self.kept = [{} if group in inherited else None for group in range(len(groups))]
        self.submitted_at = [[0] * count for count in self.counts]
        self.latencies = []
        self.segments = {}

    def make_payloads(self):
        """Before the clock starts."""
        for payload in self.arguments + program.results:
            if payload.size:
                payload.make()

    def of(self, group):
        """Every item of a group, in order."""
        return [(group, index) for index in range(self.counts[group])]

    def number(self):
        """How many there are."""
        return sum(self.counts)

    def argument(self, group, index):
        """What goes to a worker: which item it is, its data, and the results that it waited for one by one."""
        self.submitted_at[group][index] = time.perf_counter_ns()
        data = self.arguments[group].next()
        inherited = [self.kept[first][index] for first in self.inherits[group]]
        if program.in_segments:
            return group, index, self.in_segment(group, index, data, inherited)
        return (group, index, data, *inherited)

    def in_segment(self, group, index, data, inherited):
        """The name of a segment with all of it; nothing where that is nothing."""
        pieces = [piece for piece in (data, *inherited) if piece]
        if not pieces:
            return None
        segment = segments.put(pieces)
        self.segments[group, index] = segment
        return segment.name

    def arguments_of(self, group):
        """Of all items of a group, made as they are asked for."""
        return (self.argument(group, index) for index in range(self.counts[group]))

    def in_hands(self, group, index, result):
        """The result of an item is in the caller's hands."""
        if program.in_segments:
            if result:
                result = segments.take_out(result)
            segment = self.segments.pop((group, index), None)
            if segment is not None:
                segment.unlink()
        self.latencies.append(time.perf_counter_ns() - self.submitted_at[group][index])
        if self.kept[group] is not None:
            self.kept[group][index] = result


class Clock:
    """From just before the executor is built until the last result is in the caller's hands, and what comes after."""

    def begin(self):
        self.began = time.perf_counter_ns()

    def finish(self):
        self.finished = time.perf_counter_ns()

    def end(self):
        self.ended = time.perf_counter_ns()
