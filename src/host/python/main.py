"""The program that is measured, as a person would write it: functions of a main module, and executors that call them.

Every process and every interpreter that is started anew imports this file again, as it would a user's.
"""

import program

if __name__ != "__main__":
    program.import_main()


def call(argument):
    """One item."""
    return program.run_item(argument)


def call_with(*argument):
    """The same, of an item that is a tuple of arguments."""
    return program.run_item(argument)


def call_and_name(argument):
    """One item whose result says which it is of."""
    return argument[1], program.run_item(argument)


def call_several(arguments):
    """Several items in one call."""
    return [program.run_item(argument) for argument in arguments]


def set_up(shared=None):
    """The initializer of a worker."""
    program.set_up(shared)


def call_alone(argument, shared, results):
    """One item in a process of its own."""
    program.set_up(shared)
    results.put((argument[0], argument[1], program.run_item(argument)))


def call_offloaded(argument, steps):
    """Some steps of an item, for an event loop that must not wait for them."""
    return program.run_steps(argument, steps)


def consume(arguments, results, shared, joinable):
    """All items that come through a channel, in a process of its own."""
    import consumers

    program.set_up(shared)
    consumers.consume(arguments, results, joinable)


if __name__ == "__main__":
    import session

    session.main(
        session.Functions(
            call, call_with, call_and_name, call_several, set_up, call_alone, consume, call_offloaded
        )
    )
