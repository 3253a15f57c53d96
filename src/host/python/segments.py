"""Data in shared memory, where only its name is pickled: what a person writes around the function that is called.

    caller   a segment for the item's data, which is copied into it; closes
    worker   attaches, does its steps on it, puts the result into a segment of its own; closes both
    caller   copies the result out, closes; unlinks both
"""

PAGE = 4096

# The module of multiprocessing, once it is needed.
shared_memory = None


def load():
    """Before the first of them: it takes some ten milliseconds, which no worker shall pay that has no use for it."""
    global shared_memory
    from multiprocessing import shared_memory


def put(pieces):
    """A new segment with these bytes in it, which is closed already."""
    segment = shared_memory.SharedMemory(create=True, size=sum(map(len, pieces)))
    at = 0
    for piece in pieces:
        segment.buf[at : at + len(piece)] = piece
        at += len(piece)
    segment.close()
    return segment


def attach(name):
    """For a worker, whose steps use each page of it."""
    segment = shared_memory.SharedMemory(name)
    bytes(segment.buf[::PAGE])
    return segment


def take_out(name):
    """What is in it. Nobody else will want it."""
    segment = shared_memory.SharedMemory(name)
    data = bytes(segment.buf)
    segment.close()
    segment.unlink()
    return data
