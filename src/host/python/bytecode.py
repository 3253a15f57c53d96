"""How long a round of the `python` step takes in this interpreter, ns of CPU time: one line, and nothing else."""

import json
import sys

import calibration
import orphan
import program


def main():
    """Reading the standard input to its end lets the other side end first."""
    sys.stdin.readline()
    orphan.die_with_parent()
    _, each = calibration.line(program.PYTHON)
    print(json.dumps(each), flush=True)


main()
