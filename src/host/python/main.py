"""The measured program, as a person would write it: functions of a main module, and executors that call them.

Every process and every interpreter that starts anew imports this file again, as it would import a user's file.
"""

import program

if __name__ != "__main__":
    program.import_main()


def call(argument):
    """Runs one item."""
    return program.run_item(argument)


def call_with(*argument):
    """Runs one item that is a tuple of arguments."""
    return program.run_item(argument)


def call_and_name(argument):
    """Runs one item, and returns its identity with its result."""
    return argument[1], program.run_item(argument)


def call_several(arguments):
    """Runs several items in one call."""
    return [program.run_item(argument) for argument in arguments]


def set_up(shared=None):
    """Runs the initializer of a worker."""
    program.set_up(shared)


def call_alone(argument, shared, results):
    """Runs one item in a process of its own."""
    program.set_up(shared)
    results.put((argument[0], argument[1], program.run_item(argument)))


def call_offloaded(argument, steps):
    """Runs some steps of an item, for an event loop that must not wait for them."""
    return program.run_steps(argument, steps)


def consume(arguments, results, shared, joinable):
    """Runs all items that arrive through a channel, in a process of its own."""
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
