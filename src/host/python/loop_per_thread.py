"""Event loops in several threads, each with a share of the items, as a person would write it."""

import asyncio
import threading

import event_loop
import program


class LoopPerThread:
    """Deals the items to the loops in turn, and waits for their threads."""

    def __init__(self, plan, items, functions, slack):
        self.items, self.functions = items, functions
        every = [item for group in range(len(items.counts)) for item in items.of(group)]
        threads = plan["run"]["workers"]
        self.loops = [
            Loop(plan, items, functions, slack, every[number::threads]) for number in range(threads)
        ]

    def run(self, clock):
        """Returns all latencies and the time over which they were counted."""
        for loop in self.loops:
            loop.open()
        clock.begin()
        self.functions.set_up()
        threads = []
        for loop in self.loops:
            threads.append(threading.Thread(target=loop.run, args=(loop.arguments(),)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        clock.finish()
        clock.end()
        return self.items.latencies(), clock.finished - clock.began


class Loop(event_loop.Program):
    """An event loop and its share of the items."""

    def __init__(self, plan, items, functions, slack, own):
        super().__init__(plan, items, functions, slack)
        self.own = own
        self.in_flight = None
        self.loop = asyncio.new_event_loop()

    def open(self):
        """Opens the connections to other machines before the clock starts."""
        asks = any(event_loop.asks(steps) for steps_of_each in program.groups for steps in steps_of_each)
        self.loop.run_until_complete(self.open_machines(len(self.own) if asks else 0))

    def arguments(self):
        """Returns the arguments of its items, which are submitted now."""
        return [self.items.argument(*item) for item in self.own]

    def run(self, arguments):
        """Runs the loop in its thread."""
        self.loop.run_until_complete(self.gather_own(arguments))
        self.loop.close()

    async def gather_own(self, arguments):
        items = zip(self.own, arguments)
        await asyncio.gather(*(self.item(group, index, argument, ()) for (group, index), argument in items))
