"""Times commands alternately, round after round, and prints a comparison.

    side_by_side.py [--rounds N] [--inside] NAME=COMMAND [NAME=COMMAND ...]

The first command is the one that the others are compared with; ratios are taken pair by pair within a
round, so that a machine whose speed drifts does not decide. Without --inside the whole process is timed
from outside. With it commands stay alive and time themselves: each prints "ready", perhaps with the GFLOP
of its work, then, for each line that it gets, its seconds. A command named peak is what the speed of
the others is compared with.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import time


class WholeProcess:
    gigaflop = None

    def __init__(self, command):
        self.command = command
        self.measure()  # warm-up, not counted

    def measure(self):
        start = time.perf_counter()
        process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if process.returncode:
            sys.exit(f"exit status {process.returncode}: {shlex.join(self.command)}")
        return seconds, usage.ru_maxrss / 1024


class Inside:
    def __init__(self, command):
        self.command = command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready, *gigaflop = self.read().split()
        if ready != "ready":
            sys.exit(f"printed {ready} instead of ready: {shlex.join(command)}")
        self.gigaflop = float(gigaflop[0]) if gigaflop else None

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"ended early: {shlex.join(self.command)}")
        return line

    def measure(self):
        print(file=self.process.stdin, flush=True)
        return float(self.read()), self.peak()

    def peak(self):
        """Peak memory since it started, in MiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def row(name, values, unit="", scale=1.0):
    low, middle, high = (scale * f(values) for f in (min, statistics.median, max))
    print(f"  {name:<44} {low:>9.4g} {middle:>9.4g} {high:>9.4g} {unit}", flush=True)


def print_peak(commands, seconds):
    """The speed of the others as a share of the peak, if all did the operations that the reference counts.

    One that needs fewer, as by Winograd's method, can be above 100 %.
    """
    peak = commands["peak"].gigaflop / statistics.median(seconds["peak"])
    work = max((c.gigaflop or 0 for name, c in commands.items() if name != "peak"), default=0)
    print(f"  matrix products reach {peak:.0f} GFLOP/s; the reference needs {work:.1f} GFLOP", flush=True)
    for name in commands:
        if name != "peak" and work > 0:
            print(f"  {name:<44} {100 * work / statistics.median(seconds[name]) / peak:>19.0f} % of that")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--inside", action="store_true")
    parser.add_argument("commands", nargs="+", metavar="NAME=COMMAND")
    arguments = parser.parse_args()
    kind = Inside if arguments.inside else WholeProcess
    texts = (command.split("=", 1) for command in arguments.commands)
    commands = {name: kind(shlex.split(text)) for name, text in texts}

    seconds = {name: [] for name in commands}
    memory = {name: [] for name in commands}
    for _ in range(arguments.rounds):
        for name, command in commands.items():
            took, peak = command.measure()
            seconds[name].append(took)
            memory[name].append(peak)

    print(f"  {'':<44} {'min':>9} {'median':>9} {'max':>9}   ({arguments.rounds} rounds)")
    for name in commands:
        row(name, seconds[name], "ms", 1000)
        row("  peak memory", memory[name], "MiB")
    first, *others = commands
    for name in others:
        if name != "peak":
            row(f"{name} / {first}", [b / a for a, b in zip(seconds[first], seconds[name])], "x")
    if "peak" in commands:
        print_peak(commands, seconds)


main()
