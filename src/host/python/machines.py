"""Other machines that answer after a given time, as an event loop sees them: connections that are already open.

Each is a socket whose descriptor is that of a timer. The kernel makes it readable to the microsecond, and no process of
ours uses CPU time for it. The answer is received by a system call on a real connection, where all answers wait from the
start.
"""

import asyncio
import ctypes
import os
import resource
import socket

MONOTONIC = 1
# TFD_NONBLOCK, TFD_CLOEXEC
FLAGS = os.O_NONBLOCK | os.O_CLOEXEC

# Number of answers that wait in a socket's buffer.
ANSWERS = 60_000


class Spec(ctypes.Structure):
    """struct itimerspec"""

    _fields_ = [(name, ctypes.c_long) for name in ("interval_s", "interval_ns", "value_s", "value_ns")]


# PyDLL keeps the interpreter lock during a call, so that a question costs nothing and no other thread takes the lock.
LIBRARY = ctypes.PyDLL(None, use_errno=True)
NEVER = ctypes.byref(Spec())


class Answers:
    """A connection over the loopback that always has something to receive."""

    def __init__(self):
        listening = socket.create_server(("127.0.0.1", 0))
        self.ours = socket.create_connection(listening.getsockname())
        self.theirs, _ = listening.accept()
        listening.close()
        self.left = 0

    def receive(self):
        if not self.left:
            self.theirs.sendall(b"a" * ANSWERS)
            self.left = ANSWERS
        self.left -= 1
        return self.ours.recv(1)


class Connection(socket.socket):
    """A connection to another machine, for one question at a time."""

    def __init__(self, answers):
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        timer = LIBRARY.timerfd_create(MONOTONIC, FLAGS)
        if timer < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        os.dup2(timer, self.fileno(), inheritable=False)
        os.close(timer)
        self.timer, self.answers = self.fileno(), answers

    def recv(self, size):
        """Receives the answer; a transport calls this once the connection is readable."""
        LIBRARY.timerfd_settime(self.timer, 0, NEVER, None)
        return self.answers.receive()

    def ask(self, spec):
        """Sets the timer, so that the answer arrives after this time."""
        LIBRARY.timerfd_settime(self.timer, 0, spec, None)


class Machines:
    """The open connections to other machines."""

    def __init__(self):
        self.answers = Answers()
        self.idle = []
        self.specs = {}
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    async def connect(self):
        connection = Connection(self.answers)
        reader, writer = await asyncio.open_connection(sock=connection)
        # The writer keeps the transport alive.
        return connection, reader, writer

    async def open(self, number):
        """Opens that number of connections, before the clock starts."""
        self.idle += [await self.connect() for _ in range(number)]

    async def ask(self, time):
        """Asks one question that takes `time` ns, and reads the answer."""
        spec = self.specs.get(time)
        if spec is None:
            # A time of 0 would stop the timer.
            spec = ctypes.byref(Spec(0, 0, *divmod(max(time, 1), 1_000_000_000)))
            self.specs[time] = spec
        connected = self.idle.pop() if self.idle else await self.connect()
        connection, reader, _ = connected
        connection.ask(spec)
        await reader.read(100)
        self.idle.append(connected)
