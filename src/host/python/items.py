"""The items of a plan in the parent: it sends arguments, and receives results and notes their times."""

from time import perf_counter_ns

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
        # Results are kept only if shared memory is used or other items inherit them.
        self.keeps = program.in_segments or bool(inherited)
        # By group and item, ns. 0 means that it has not happened yet.
        self.submitted_at = [[0] * count for count in self.counts]
        self.done_at = [[0] * count for count in self.counts]
        self.segments = {}
        # By group, the arguments that can be made before the clock starts.
        self.made = [None for _ in groups]

    def make(self):
        """Makes the data before the clock starts, as for a program that receives its data from elsewhere."""
        for payload in self.arguments + program.results:
            if payload.size:
                payload.make()
        for group, count in enumerate(self.counts):
            if not self.inherits[group] and not program.in_segments:
                data = self.arguments[group]
                self.made[group] = [(group, index, data.next()) for index in range(count)]

    def of(self, group):
        """Returns every item of a group, in order."""
        return [(group, index) for index in range(self.counts[group])]

    def number(self):
        """Returns the number of items."""
        return sum(self.counts)

    def argument(self, group, index):
        """Returns the argument for a worker: the item's identity, its data, and the results that it waited for."""
        self.submitted_at[group][index] = perf_counter_ns()
        if self.made[group] is not None:
            return self.made[group][index]
        data = self.arguments[group].next()
        inherited = [self.kept[first][index] for first in self.inherits[group]]
        if program.in_segments:
            return group, index, self.in_segment(group, index, data, inherited)
        return (group, index, data, *inherited)

    def in_segment(self, group, index, data, inherited):
        """Puts the data into a segment and returns its name, or nothing if there is no data."""
        pieces = [piece for piece in (data, *inherited) if piece]
        if not pieces:
            return None
        segment = segments.put(pieces)
        self.segments[group, index] = segment
        return segment.name

    def arguments_of(self, group):
        """Yields the arguments of all items of a group. Each item is submitted when its argument is taken."""
        if self.made[group] is None:
            for index in range(self.counts[group]):
                yield self.argument(group, index)
            return
        submitted_at = self.submitted_at[group]
        for index, argument in enumerate(self.made[group]):
            submitted_at[index] = perf_counter_ns()
            yield argument

    def all_arguments_of(self, group):
        """Returns the arguments of all items of a group, which are submitted together."""
        if self.made[group] is None:
            return list(self.arguments_of(group))
        self.submitted_at[group] = [perf_counter_ns()] * self.counts[group]
        return self.made[group]

    def in_hands(self, group, index, result):
        """Notes that the parent has the result of an item."""
        if self.keeps:
            self.keep(group, index, result)
        self.done_at[group][index] = perf_counter_ns()

    def keep(self, group, index, result):
        """Keeps a result for the items that inherit it. Data in shared memory is copied and released."""
        if program.in_segments:
            if result:
                result = segments.take_out(result)
            segment = self.segments.pop((group, index), None)
            if segment is not None:
                segment.unlink()
        if self.kept[group] is not None:
            self.kept[group][index] = result

    def latencies(self):
        """Returns the latencies of all items that are done, ns."""
        return [
            done - submitted
            for group in zip(self.submitted_at, self.done_at)
            for submitted, done in zip(*group)
            if done
        ]


class Clock:
    """The time from just before the executor is built until the parent has the last result, and the time after that."""

    def begin(self):
        self.began = perf_counter_ns()

    def finish(self):
        self.finished = perf_counter_ns()

    def end(self):
        self.ended = perf_counter_ns()
