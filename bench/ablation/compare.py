"""Times a whole small ablation and its parts on both sides: compare.py RUNNER PYTHON DATA WORK

DATA is the folder written by prepare.py, WORK an empty folder for results and features. Earshot runs before
and after the Python scripts, each time from scratch, so that a machine whose speed drifts does not affect
the comparison. Scores are printed next to each other to show that both sides did the same work; with
untrained encoders, few are above chance.
"""

import collections
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent
runner, python, data, work = sys.argv[1:]
processors = os.cpu_count()
environment = dict(os.environ, ABLATION=str(pathlib.Path(data).resolve()), OMP_NUM_THREADS=str(processors))


def wall_time(command):
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"exit status {done.returncode}: {command}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def earshot(name, cache):
    files = ["--results", f"{work}/{name}.db", "--cache", f"{work}/{cache}"]
    took = wall_time([runner, "run", str(here / "experiment.toml"), *files, "--progress", "none"])
    return took, sqlite3.connect(f"{work}/{name}.db")


def scripts(name, *options):
    results = f"{work}/{name}.json"
    took = wall_time([python, str(here.parent / "reference/ablation.py"), data, results, *options])
    return took, json.loads(pathlib.Path(results).read_text())


def row(name, seconds, note=""):
    print(f"  {name:<52} {seconds:>8.1f} s  {note}".rstrip(), flush=True)


def print_earshot_parts(results):
    seconds, cells = collections.Counter(), collections.Counter()
    for kind, task, took in results.execute("SELECT kind, task, seconds FROM cost"):
        part = kind if kind == "features" else "mappers" if task == "questions" else "probes"
        seconds[part] += took
        cells[part] += 1
    row("  features of 3 encoders, each clip once", seconds["features"], f"on {processors} processors")
    at_once = f"of workers, up to {processors} at once"
    row(f"  {cells['probes']} probes", seconds["probes"], at_once)
    row(f"  {cells['mappers']} mappers trained, and their answers", seconds["mappers"], at_once)


def print_python_parts(results):
    for part, seconds in results["seconds"].items():
        row("  " + part, seconds)


def earshot_scores(results):
    return results.execute("""
        SELECT encoder, task, seed, value FROM result
        WHERE is_primary AND slice_dimension = 'all' AND task != 'questions'
        UNION ALL
        SELECT encoder, slice, seed, value FROM result WHERE is_primary AND slice_dimension = 'category'""")


def chances(results):
    """Results of random guessing, for probes and for questions with choices."""
    return dict(results.execute("""
        SELECT iif(slice_dimension = 'category', slice, task), max(value) FROM result
        WHERE metric = 'chance' AND value IS NOT NULL GROUP BY 1"""))


def print_scores(chance, sides):
    """Means over seeds: balanced accuracies of probes, shares of correct answers by category."""
    found = collections.defaultdict(list)
    for side, scores in sides.items():
        for encoder, task, _, value in scores:
            found[task, encoder, side].append(value)
    tasks, encoders, _ = (list(dict.fromkeys(names)) for names in zip(*found))
    print(" " * 33 + "".join(f"{encoder:>{9 * len(sides)}}" for encoder in encoders))
    print(" " * 24 + f"{'chance':>9}" + "".join(f"{side:>9}" for side in sides) * len(encoders))
    for task in tasks:
        values = [found[task, encoder, side] for encoder in encoders for side in sides]
        drawn = f"{chance[task]:.2f}" if task in chance else ""
        print(f"  {task:<22}{drawn:>9}" + "".join(f"{sum(some) / len(some):>9.2f}" for some in values))


first, _ = earshot("first", "first_cache")
row("earshot", first)
loop, loop_results = scripts("loop")
row("python, encoding in the training loop", loop)
print_python_parts(loop_results)
memory, memory_results = scripts("memory", "features=memory")
row("python, each clip encoded once and kept in memory", memory)
print_python_parts(memory_results)
again, results = earshot("again", "cache")
row("earshot again", again)
print_earshot_parts(results)
warm, _ = earshot("warm", "cache")
row("earshot with features from the cache", warm)

cold = (first + again) / 2
print(f"  python, encoding in the training loop / earshot      {loop / cold:>8.1f} x")
print(f"  python, features in memory / earshot                 {memory / cold:>8.1f} x")
print(f"  python, encoding in the training loop / warm earshot {loop / warm:>8.1f} x")
print_scores(chances(results), {"earshot": earshot_scores(results), "python": loop_results["scores"]})
