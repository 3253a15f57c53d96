"""Real objects of a stated kind and pickled size."""

class Payloads:
    """As many different objects as may occur in one pickle, because a pickler writes the same object only once."""

    def __init__(self, kind, size, different):
        self.kind, self.size, self.different = kind, size, max(different, 1)
        self.made = None
        self.at = 0

    def described(self):
        """Returns what another process needs to make the same objects."""
        return self.kind, self.size, self.different

    def make(self):
        """Makes the objects before the clock starts."""
        if self.made is None:
            self.made = [of(self.kind, self.size) for _ in range(self.different)]

    def next(self):
        """Returns the next object, which is made now if it could not be made earlier."""
        if not self.size:
            return None
        if self.made is None:
            self.make()
        self.at = (self.at + 1) % self.different
        return self.made[self.at]


def of(kind, size):
    """Returns an object whose pickle is about `size` bytes long, or nothing for 0 bytes."""
    if not size:
        return None
    if kind == "bytes":
        return bytes(max(size - OVERHEAD, 2))
    one, make = KINDS[kind]
    return make(max((size - OVERHEAD) // one, 1))


# The head and end of a pickle, with the frame around it.
OVERHEAD = 17


def list_of_floats(count):
    return [index + 0.5 for index in range(count)]


def list_of_ints(count):
    # From 2**16 to 2**31 - 1 an int takes 5 bytes.
    return list(range(100_000, 100_000 + count))


def dict_of_floats(count):
    # Keys of 8 letters take 11 bytes, floats 9.
    return {f"{index:08}": index + 0.5 for index in range(count)}


def list_of_tuples(count):
    return [(100_000 + index, index + 0.5) for index in range(count)]


# Bytes that one element takes in a pickle, and a function that makes a list of that number of elements.
KINDS = {
    "list[float]": (9, list_of_floats),
    "list[int]": (5, list_of_ints),
    "dict": (20, dict_of_floats),
    "list[tuple]": (16, list_of_tuples),
}
