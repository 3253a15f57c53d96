"""Interpreters beside the main one: `concurrent.interpreters`, from 3.14 on."""

import target
from sampling import once


def probe(samples, _effort):
    """Their beginning, a call, and their end."""
    from concurrent import interpreters

    for _ in range(3):
        before = target.memory("Private_Dirty:")
        took, interpreter = once(interpreters.create)
        samples.add("interpreter create", took)
        # The first call is slower.
        interpreter.exec("pass")
        samples.add("interpreter memory", max(target.memory("Private_Dirty:") - before, 0))
        samples.time("interpreter call", lambda: interpreter.exec("pass"), 20, 3)
        samples.add("interpreter close", once(interpreter.close)[0])
