"""The costs of pipes, of `multiprocessing.connection.Connection`, and of waiting on several of them."""

import itertools
import multiprocessing
import os
import select
from multiprocessing import connection

from sampling import clock

# Fewer bytes than a pipe holds.
MANY = 200
DESCRIPTORS = (1, 33)
# It fits into a pipe with its header, so that the writer never blocks.
LARGE = 61_440
SOURCE = 128 * LARGE


def probe(samples, _effort):
    """Measures system calls first, then the code around them."""
    samples.time("c call", [].__len__, 5_000, 5)
    system_calls(samples)
    connections(samples)
    for count in DESCRIPTORS:
        waits(samples, count)


def system_calls(samples):
    """Measures `write(2)` and `read(2)` of one byte."""
    reader, writer = os.pipe()
    write, read, byte = os.write, os.read, b"x"
    for _ in range(5):
        samples.time("write", lambda: write(writer, byte), MANY, 1)
        # `time` calls once before it counts.
        samples.time("read", lambda: read(reader, 1), MANY, 1)
    os.close(reader)
    os.close(writer)
    for _ in range(5):
        opening(samples)


def opening(samples):
    """Measures `pipe(2)`, and `close(2)` of one end."""
    count = 50
    began = clock()
    ends = [os.pipe() for _ in range(count)]
    opened = clock()
    for reader, writer in ends:
        os.close(reader)
        os.close(writer)
    samples.add("open pipe", (opened - began) / count)
    samples.add("close", (clock() - opened) / (2 * count))


def connections(samples):
    """Measures `send_bytes`, `recv_bytes`, and a queue of two locks around them."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    message = bytes(60)
    for _ in range(5):
        samples.time("send_bytes", lambda: writer.send_bytes(message), MANY, 1)
        samples.time("recv_bytes", reader.recv_bytes, MANY, 1)
    # Different messages take turns, so that each is outside the nearest cache, as after pickling.
    memory = memoryview(bytearray(SOURCE))
    large = itertools.cycle([memory[at : at + LARGE] for at in range(0, SOURCE, LARGE)])

    def there_and_back():
        writer.send_bytes(next(large))
        reader.recv_bytes()

    samples.time("large message", there_and_back, 8, 8)
    reader.close()
    writer.close()
    lock = multiprocessing.get_context("fork").Lock()

    def locked():
        with lock:
            pass

    samples.time("locked", locked, 500, 5)
    samples.time("python call", lambda: None, 2_000, 5)


def waits(samples, count):
    """A wait on that number of descriptors, by itself and as `multiprocessing` does it."""
    pipes = [os.pipe() for _ in range(count)]
    readers = [reader for reader, _ in pipes]
    samples.time(f"wait {count}", lambda: connection.wait(readers, 0), 20, 5)
    poller = select.poll()
    for reader in readers:
        poller.register(reader, select.POLLIN)
    samples.time(f"poll again {count}", lambda: poller.poll(0), 100, 5)
    # Only the last descriptor is ready, so that the wait queues on all others first.
    os.write(pipes[-1][1], b"x")
    samples.time(f"poll {count}", lambda: poller.poll(), 100, 5)
    for pipe in pipes:
        for end in pipe:
            os.close(end)
