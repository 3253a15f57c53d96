"""Data in shared memory, of which only the name is pickled, as a person would write it around the called function.

    caller   a segment for the item's data, which is copied into it; closes
    worker   attaches, does its steps on it, puts the result into a segment of its own; closes both
    caller   copies the result out, closes; unlinks both
"""

PAGE = 4096

# The module `multiprocessing.shared_memory`, once it is needed.
shared_memory = None


def load():
    """Imports the module on first use: it takes some ten milliseconds, and some workers never need it."""
    global shared_memory
    from multiprocessing import shared_memory


def put(pieces):
    """Copies these bytes into a new segment, and closes it."""
    segment = shared_memory.SharedMemory(create=True, size=sum(map(len, pieces)))
    at = 0
    for piece in pieces:
        segment.buf[at : at + len(piece)] = piece
        at += len(piece)
    segment.close()
    return segment


def attach(name):
    """Attaches a segment in a worker, whose steps use each page of it."""
    segment = shared_memory.SharedMemory(name)
    bytes(segment.buf[::PAGE])
    return segment


def take_out(name):
    """Copies the data out of a segment, and unlinks it."""
    segment = shared_memory.SharedMemory(name)
    data = bytes(segment.buf)
    segment.close()
    segment.unlink()
    return data
