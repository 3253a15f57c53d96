"""Items and requests as coroutines of one event loop, as a person would write it.

A `lock` is an asyncio.Lock, an `io` step is a question to another machine, and the run states where offloaded steps
are awaited.
"""

import asyncio
import collections
import multiprocessing
import socket
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import program
from clients import REQUEST, Clients
from graph import EACH
from machines import Machines


class Program:
    """The state that all coroutines share."""

    def __init__(self, plan, items, functions, slack):
        self.run_by, self.items, self.functions = plan["run"], items, functions
        self.clients = None
        if any(group["clients"] for group in plan["groups"]):
            self.listening = socket.socket(socket.AF_UNIX)
            # Linux picks a name in the abstract namespace, outside the file system.
            self.listening.bind("")
            self.listening.listen(1024)
            self.clients = Clients(plan, slack, lambda group, client: Way(self.listening.getsockname()))
            self.clients.start(plan["other_cpus"])

    def run(self, clock):
        """Returns all latencies and the time over which they were counted."""
        self.executor = None
        asyncio.run(self.main(clock))
        if self.executor is not None:
            self.executor.shutdown()
        clock.end()
        if self.clients:
            return self.clients.end()
        return self.items.latencies(), clock.finished - clock.began

    async def main(self, clock):
        """Starts the clock with the program's initializer. The connections are already open by then."""
        in_flight = self.run_by["workers"]
        most = len(self.clients.clients) if self.clients else self.items.number()
        any_asks = any(asks(steps) for steps_of_each in program.groups for steps in steps_of_each)
        await self.open_machines(min(most, in_flight or most) if any_asks else 0)
        clock.begin()
        self.functions.set_up()
        self.set_executor()
        self.locks = collections.defaultdict(asyncio.Lock)
        self.in_flight = asyncio.Semaphore(in_flight) if in_flight else None
        if self.clients:
            await self.serve()
        else:
            await self.gather()
        clock.finish()

    async def open_machines(self, number):
        """Opens connections to other machines, each for one question at a time."""
        self.machines = Machines()
        await self.machines.open(number)

    def set_executor(self):
        """Where offloaded steps run."""
        workers = self.run_by["offload_workers"]
        if self.run_by["offload"] == "thread":
            # The number that Python has by default on the simulated machine.
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(workers))
        elif self.run_by["offload"] == "process":
            from executors import initializer

            context = multiprocessing.get_context(self.run_by["start_method"])
            self.executor = ProcessPoolExecutor(workers, mp_context=context, **initializer(self.functions))

    async def gather(self):
        """Runs all items. An item that depends on others awaits their tasks first."""
        items, tasks, groups = self.items, {}, {}
        for group in items.order:
            tasks[group] = []
            for index in range(items.counts[group]):
                after = [
                    tasks[first][index] if kind == EACH else groups[first]
                    for first, kind in items.graph.waits_for[group]
                ]
                argument = None if after else items.argument(group, index)
                tasks[group].append(asyncio.create_task(self.item(group, index, argument, after)))
            groups[group] = asyncio.gather(*tasks[group])
        for done in groups.values():
            await done

    async def item(self, group, index, argument, after):
        """Runs one item as soon as the items that it waits for are done."""
        for first in after:
            await first
        if after:
            argument = self.items.argument(group, index)
        steps = program.groups[group]
        await self.work(steps[index if len(steps) > 1 else 0], argument)
        self.items.in_hands(group, index, program.results[group].next())

    async def work(self, steps, argument):
        """Runs the steps of an item or a request, within the semaphore if there is one."""
        if self.in_flight is None:
            await self.play(steps, argument)
        else:
            async with self.in_flight:
                await self.play(steps, argument)

    async def play(self, steps, argument):
        """Runs the steps in order."""
        for verb, amount in steps:
            if verb == program.ASK:
                await self.machines.ask(amount)
            elif verb == program.LOCK:
                name, inner = amount
                async with self.locks[name]:
                    await self.play(inner, argument)
            elif verb == program.REPEAT:
                times, inner = amount
                for _ in range(times):
                    await self.play(inner, argument)
            elif verb == program.OFFLOADED:
                await self.offload(amount, argument)
            elif verb == program.UPDATE and isinstance(amount[2], str):
                name, window, lock = amount
                async with self.locks[lock]:
                    program.update((name, window, None))
            else:
                program.VERBS[verb](amount)

    async def offload(self, steps, argument):
        """Offloads a call with the item's argument and result."""
        call = self.functions.call_offloaded
        if self.run_by["offload"] == "thread":
            await asyncio.to_thread(call, argument, steps)
        else:
            await asyncio.get_running_loop().run_in_executor(self.executor, call, argument, steps)

    async def serve(self):
        """Serves until the time of all clients is up."""
        server = await asyncio.start_unix_server(self.serve_connection, sock=self.listening)
        await asyncio.sleep(self.clients.begin())
        server.close()

    async def serve_connection(self, reader, writer):
        """Serves one connection; the server calls this for each."""
        while request := await reader.read(REQUEST.size):
            group, client, number, _ = REQUEST.unpack(request)
            steps = self.clients.steps_of(program.groups[group], group, client, number)
            await self.work(steps, (group, number, self.items.arguments[group].next()))
            writer.write(b"r")


class Way:
    """A connection that belongs to one client."""

    def __init__(self, address):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(address)

    def send(self, request):
        """Sends a request without waiting for the reply."""
        self.connection.send(request)

    def replied(self, timeout):
        """Returns whether a reply arrives within `timeout` s."""
        self.connection.settimeout(max(timeout, 0))
        try:
            return self.connection.recv(1) == b"r"
        except (socket.timeout, BlockingIOError, ConnectionError):
            # The server has already ended if its time was up first.
            return False


def asks(steps):
    """Returns whether the steps send any question to another machine."""
    return any(
        verb == program.ASK or (verb in (program.LOCK, program.REPEAT) and asks(amount[1])) for verb, amount in steps
    )
