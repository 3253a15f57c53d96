"""Tracks which items may start, by counting down as others are done."""

EACH, ALL = "each", "all"


class Graph:
    """The items of all groups, each as `(group, index)`."""

    def __init__(self, groups):
        self.counts = [group["count"] for group in groups]
        self.waits_for = [group["after"] for group in groups]
        self.waited_for_by = [[] for _ in groups]
        for group, edges in enumerate(self.waits_for):
            for first, kind in edges:
                self.waited_for_by[first].append((group, kind))
        self.undone = list(self.counts)
        self.waiting = [[len(edges)] * count for edges, count in zip(self.waits_for, self.counts)]

    def has_dependencies(self):
        """Returns whether any group waits for another."""
        return any(self.waits_for)

    def ready_from_the_start(self):
        """Returns the items that wait for nothing, in order."""
        free = (group for group, edges in enumerate(self.waits_for) if not edges)
        return [(group, index) for group in free for index in range(self.counts[group])]

    def released_by(self, group, index):
        """Returns the items that may start because this one is done, in order."""
        self.undone[group] -= 1
        released = []
        for later, kind in self.waited_for_by[group]:
            if kind == EACH:
                indices = (index,)
            elif self.undone[group] == 0:
                indices = range(self.counts[later])
            else:
                continue
            for candidate in indices:
                self.waiting[later][candidate] -= 1
                if self.waiting[later][candidate] == 0:
                    released.append((later, candidate))
        return released
