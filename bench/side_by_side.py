"""Times commands in turn, round after round, and prints how they compare.

    side_by_side.py [--rounds N] [--inside] NAME=COMMAND [NAME=COMMAND ...]

The first command is the one that the others are compared with; ratios are taken pair by pair within a
round, so that a machine whose speed drifts does not decide. Without --inside the whole process is timed
from outside; with it each command prints its own seconds on its last line.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import time


def whole_process(command):
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"exit status {process.returncode}: {shlex.join(command)}")
    return seconds, usage.ru_maxrss / 1024


def inside(command):
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.split()[-1]), float("nan")


def row(name, values, unit="", scale=1.0):
    low, middle, high = (scale * f(values) for f in (min, statistics.median, max))
    print(f"  {name:<44} {low:>9.4g} {middle:>9.4g} {high:>9.4g} {unit}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--inside", action="store_true")
    parser.add_argument("--unit", default="ms", help="of what --inside commands print, after x 1000")
    parser.add_argument("commands", nargs="+", metavar="NAME=COMMAND")
    arguments = parser.parse_args()
    commands = {name: shlex.split(text) for name, text in (c.split("=", 1) for c in arguments.commands)}
    measure = inside if arguments.inside else whole_process

    for command in commands.values():
        measure(command)  # warm-up, not counted
    seconds = {name: [] for name in commands}
    memory = {name: [] for name in commands}
    for _ in range(arguments.rounds):
        for name, command in commands.items():
            took, peak = measure(command)
            seconds[name].append(took)
            memory[name].append(peak)

    print(f"  {'':<44} {'min':>9} {'median':>9} {'max':>9}   ({arguments.rounds} rounds)")
    for name in commands:
        row(name, seconds[name], arguments.unit, 1000)
        if not arguments.inside:
            row("  peak memory", memory[name], "MiB")
    first, *others = commands
    for name in others:
        row(f"{name} / {first}", [b / a for a, b in zip(seconds[first], seconds[name])], "x")


main()
