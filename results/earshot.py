"""Reads Earshot's results files.

    import earshot

    db = earshot.open("results/results.db")
    db.results("quickstart")                          # a row per run: its score over all test items
    db.compare("quickstart", base="mfcc")             # differences with intervals, p-values, verdicts
    both = db.predictions("log_mel", "mfcc", experiment="quickstart", task="room")
    both[(both.correct_a == 1) & (both.correct_b == 0)]   # where only log_mel is right
    frames = db.features("mfcc")["scene-0"]           # (frames, dimensions), mapped from the cache

Numbers are read, never computed: results() and predictions() read views that results/README.md describes, and
compare() runs `runner compare`, which holds the statistics. Nothing is written, except that `runner compare` keeps a
comparison without options in the table `comparison`, as it does on the command line.

Needs Python 3.9. pandas is imported by the methods that return a DataFrame, numpy (which pandas brings) by features().
"""
from __future__ import annotations

import difflib
import glob
import json
import os
import shutil
import sqlite3
import struct
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Optional, Union
from urllib.parse import quote

if TYPE_CHECKING:
    import numpy
    import pandas

__all__ = ["Features", "Problem", "Results", "open"]
__version__ = "0.1.0"

Texts = Union[str, Iterable[str], None]


class Problem(Exception):
    """What was asked for is not there, or cannot be read. The message says what is allowed."""


def open(  # pylint: disable=redefined-builtin  # read as earshot.open
    path: Union[str, os.PathLike[str]], *, runner: Optional[str] = None
) -> "Results":
    """Opens a results file for reading, even while an experiment runs.

    runner: the program, for compare(). By default that of the variable EARSHOT_RUNNER, or else `runner` on the PATH,
    or else the one built beside this file.
    Raises FileNotFoundError, or Problem if it is not a results file.
    """
    return Results(path, runner=runner)


class Results:
    """A results file. Use it as a context manager, or close() it."""

    def __init__(self, path: Union[str, os.PathLike[str]], *, runner: Optional[str] = None) -> None:
        self.path = Path(path)
        self._runner = runner
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.path}: there is no such results file")
        self._connection = _connect(self.path)
        try:
            views = {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise Problem(f"{self.path}: cannot be read as a results file: {error}") from error
        if not {"result", "answer"} <= views:
            self._connection.close()
            raise Problem(f"{self.path}: is not a results file: it lacks the views 'result' and 'answer'")

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "Results":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"earshot.open({str(self.path)!r})"

    def experiments(self) -> list[str]:
        """The names of all experiments in the file."""
        return [name for (name,) in self._connection.execute("SELECT name FROM experiment WHERE latest = 1 ORDER BY 1")]

    def query(self, sql: str, parameters: Union[Sequence[Any], Mapping[str, Any]] = ()) -> "pandas.DataFrame":
        """The rows of a query, which cannot change anything: query("SELECT * FROM cost WHERE kind = ?", ["cell"])."""
        import pandas  # pylint: disable=import-outside-toplevel

        try:
            cursor = self._connection.execute(sql, parameters)
        except sqlite3.Error as error:
            raise Problem(f"the query fails: {error}") from error
        names = [column[0] for column in cursor.description or ()]
        return pandas.DataFrame.from_records(cursor.fetchall(), columns=names)

    def results(
        self, experiment: Optional[str] = None, *, slices: bool = False, metric: Optional[str] = None
    ) -> "pandas.DataFrame":
        """Scores of finished runs, with the columns of the view `result`.

        experiment: its name; None: all experiments of the file.
        slices: adds a row for each slice of the test items, such as a category.
        metric: its name, or "all"; None: the metric by which each task is judged.
        """
        conditions, values = [], []
        if experiment is not None:
            conditions.append("experiment = ?")
            values.append(self._experiment(experiment))
        if not slices:
            conditions.append("slice_dimension = 'all'")
        if metric is None:
            conditions.append("is_primary = 1")
        elif metric != "all":
            self._require("metric", metric, "SELECT DISTINCT name FROM metric_definition")
            conditions.append("metric = ?")
            values.append(metric)
        where = " WHERE " + " AND ".join(conditions) if conditions else ""
        order = " ORDER BY experiment, position, slice_dimension <> 'all', slice_dimension, slice, metric"
        return self.query("SELECT * FROM result" + where + order, values)

    def compare(
        self,
        experiment: Optional[str] = None,
        *,
        axis: Optional[str] = None,
        base: Optional[str] = None,
        against: Optional[str] = None,
        by: Texts = None,
        over: Texts = None,
        only: Union[Mapping[str, Texts], Texts] = None,
        interaction: Optional[str] = None,
        condition_on: Texts = None,
        metric: Optional[str] = None,
        allow_different_scoring: bool = False,
    ) -> "pandas.DataFrame":
        """What `runner compare EXPERIMENT --format json` prints, number for number: a row for each difference, and
        for each hypothesis of the experiment file (where `hypothesis` is not empty). results/README.md describes
        options and columns; `against` is --with, and only={"task": "room", "seed": ["0", "1"]} is
        --only task=room --only seed=0,1.

        Raises Problem with the message of `runner` if it refuses.
        """
        import pandas  # pylint: disable=import-outside-toplevel

        arguments = ["compare", self._experiment(experiment, revision=True), "--format", "json", "--results", str(self.path)]
        for option, value in (
            ("axis", axis), ("base", base), ("with", against), ("interaction", interaction), ("metric", metric)
        ):
            if value is not None:
                arguments.append(f"--{option}={value}")
        if isinstance(only, Mapping):
            only = [f"{name}={','.join(_texts(values))}" for name, values in only.items()]
        for option, values in (("by", by), ("over", over), ("only", only), ("condition-on", condition_on)):
            arguments += [f"--{option}={value}" for value in _texts(values)]
        if allow_different_scoring:
            arguments.append("--allow-different-scoring")
        rows = json.loads(self._run(arguments))
        columns = ("base_value", "candidate_value", "delta", "ci_low", "ci_high", "p_value", "p_adjusted")
        frame = pandas.DataFrame(rows)
        return frame.astype({column: float for column in columns}) if rows else frame

    def predictions(
        self,
        a: str,
        b: str,
        *,
        experiment: Optional[str] = None,
        axis: str = "encoder",
        task: Optional[str] = None,
    ) -> "pandas.DataFrame":
        """What two encoders, or two values of another axis, said about the same test items: a row for each item and
        each pair of runs that differ in nothing but this axis.

        Columns are those of the view `answer`. Those that may differ end in _a and _b: run_id, value, number, output,
        correct and mark. `labels`, `slices` and `groups` are dictionaries.
        """
        name = self._experiment(experiment)
        for value in (a, b):
            self._require(
                f"value of the axis '{axis}'", value,
                "SELECT DISTINCT v.value FROM experiment e JOIN cell_axis x USING(experiment_id) JOIN axis n "
                "USING(axis_id) JOIN axis_value v USING(value_id) WHERE e.latest = 1 AND e.name = ? AND n.name = ?",
                (name, axis),
            )
        if task is not None:
            self._require(
                "task", task,
                "SELECT DISTINCT m.task FROM experiment e JOIN experiment_cell m USING(experiment_id) "
                "WHERE e.latest = 1 AND e.name = ?", (name,),
            )
        frame = self.query(_PAIRS, {"experiment": name, "axis": axis, "a": a, "b": b, "task": task})
        for column in ("labels", "slices", "groups"):
            frame[column] = [json.loads(text) for text in frame[column]]
        frame.attrs.update(a=a, b=b, axis=axis, experiment=name)
        return frame

    def features(
        self,
        encoder: str,
        *,
        experiment: Optional[str] = None,
        dataset: Optional[str] = None,
        variant: Optional[str] = None,
        codes: Optional[bool] = None,
        cache: Union[str, os.PathLike[str], None] = None,
    ) -> "Features":
        """The features, or the codes of a codec, that finished cells of an encoder read: arrays by item id, mapped
        from the cache and not to be written to.

        dataset, variant: which, if there are several, as in the view `result`.
        codes: whether codes or features are wanted, if cells read both.
        cache: its folder; by default that of the variable EARSHOT_CACHE_DIR, or else `cache` beside the file.
        Raises Problem if the cache does not have them any more.
        """
        name = self._experiment(experiment)
        found = self._connection.execute(_STAGES, (name, encoder)).fetchall()
        if not found:
            self._require(
                "encoder", encoder,
                "SELECT DISTINCT m.encoder FROM experiment e JOIN experiment_cell m USING(experiment_id) "
                "WHERE e.latest = 1 AND e.name = ?", (name,),
            )
            raise Problem(f"no finished cell of '{name}' has read features of '{encoder}'")
        chosen = [
            row for row in found
            if (dataset is None or row["dataset"] == dataset)
            and (variant is None or row["variant"] == variant)
            and (codes is None or row["reads"].startswith("codes") == codes)
        ]
        if len({(row["key"], row["dataset_key"]) for row in chosen}) != 1:
            options = "; ".join(
                sorted(
                    {f"dataset={row['dataset']!r}, variant={row['variant']!r}, reads {row['reads']}" for row in found}
                )
            )
            what = "several features match" if chosen else "no features match"
            raise Problem(f"{what}; choose by dataset, variant and codes from: {options}")
        row = chosen[0]
        folder = Path(cache or os.environ.get("EARSHOT_CACHE_DIR") or self.path.absolute().parent / "cache")
        items = self._connection.execute(
            "SELECT position, id FROM item WHERE dataset_id = ? ORDER BY position", (row["dataset_id"],)
        )
        return Features(folder / "features" / row["key"], row["dataset_key"], {item: at for at, item in items})

    def _experiment(self, name: Optional[str], revision: bool = False) -> str:
        known = self.experiments()
        if name is None:
            if len(known) == 1:
                return known[0]
            _refuse("an experiment is needed", known)
        if (name.rsplit("@", 1)[0] if revision else name) not in known:
            _refuse(f"there is no experiment '{name}'", known, name)
        return name

    def _require(self, what: str, value: str, sql: str, parameters: Sequence[str] = ()) -> None:
        known = [text for (text,) in self._connection.execute(sql, parameters)]
        if value not in known:
            _refuse(f"there is no {what} '{value}'", known, value)

    def _run(self, arguments: Sequence[str]) -> str:
        program = _runner(self._runner)
        ended = subprocess.run([program, *arguments], capture_output=True, text=True, encoding="utf-8", check=False)
        if ended.returncode != 0:
            raise Problem(ended.stderr.strip() or f"{program} ended with code {ended.returncode}")
        return ended.stdout


class Features(Mapping[Any, "numpy.ndarray"]):
    """Arrays of an encoder by item: features[item] of the item's first clip, features[item, 1] of its second.

    Features are (frames, dimensions), or (1, dimensions) if `frame_rate` is 0; codes are (codebooks, frames).
    Frame t is centred at first_frame + t / frame_rate seconds. The arrays are mapped from the cache, one shard of 64
    clips at a time, and cannot be written to. Checksums are not verified: `runner cache verify` does that.
    """

    def __init__(self, folder: Path, dataset_key: str, positions: Mapping[str, int]) -> None:
        self._folder, self._positions = folder, positions
        self._shards: dict[str, tuple[dict[str, Any], "numpy.ndarray"]] = {}
        index = _index(folder, dataset_key)
        self._keys: list[str] = index["shards"]
        self._clips: list[list[int]] = index["items"]
        header, _ = self._shard(0)
        self.dtype: str = header["dtype"]
        self.frame_rate: float = header["frame_rate"]
        self.first_frame: float = header["first_frame"]
        self.width: int = header["width"]
        self.codebook_sizes: list[int] = header["sizes"]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[str]:
        """Items that have features, in the order of the dataset."""
        for item in self._positions:
            if self.lost(item) is None:
                yield item

    def __getitem__(self, item: Union[str, tuple[str, int]]) -> "numpy.ndarray":
        name, clip = item if isinstance(item, tuple) else (item, 0)
        reason = self.lost(name, clip)
        if reason is not None:
            raise KeyError(f"{name}: {reason}")
        header, data = self._shard(self._number(name, clip) // _CLIPS)
        place = header["clips"][self._number(name, clip) % _CLIPS]
        shape = (place["frames"], header["width"])
        if header["dtype"] == "int32":
            shape = shape[::-1]
        bytes_each = 2 if header["dtype"] == "float16" else 4
        size = shape[0] * shape[1] * bytes_each
        return data[place["offset"] : place["offset"] + size].view(header["dtype"]).reshape(shape)

    def lost(self, item: str, clip: int = 0) -> Optional[str]:
        """Why a clip of an item has no features; None if it has some."""
        if item not in self._positions:
            return "there is no such item"
        number = self._number(item, clip)
        if number < 0:
            return f"it has no clip {clip}, or was left out by a limit"
        header, _ = self._shard(number // _CLIPS)
        return header["clips"][number % _CLIPS]["lost"] or None

    def _number(self, item: str, clip: int) -> int:
        clips = self._clips[self._positions[item]]
        return clips[clip] if 0 <= clip < len(clips) else -1

    def _shard(self, number: int) -> tuple[dict[str, Any], "numpy.ndarray"]:
        key = self._keys[number]
        if key not in self._shards:
            self._shards[key] = _open_shard(self._folder / f"{key}.shard", key)
        return self._shards[key]


_CLIPS = 64  # in a shard
_MAGIC = b"EARSHRD2"

# The pairs of runs that the view slice_delta compares: their cells have the same peer on the axis.
_PAIRS = """
SELECT a.experiment, a.dataset, a.task, a.mapper, a.language_model, a.seed, a.fold, a.item, a.question, a.choices,
       a.target, a.gold, a.run_id AS run_id_a, b.run_id AS run_id_b, a.value AS value_a, b.value AS value_b,
       a.number AS number_a, b.number AS number_b, a.output AS output_a, b.output AS output_b,
       a.correct AS correct_a, b.correct AS correct_b, a.mark AS mark_a, b.mark AS mark_b, a.primary_metric,
       a.variant AS variant_a, b.variant AS variant_b, a.labels, a.slices, a.groups
FROM axis n
CROSS JOIN axis_value v
CROSS JOIN axis_value w
CROSS JOIN experiment e
CROSS JOIN cell_axis x
CROSS JOIN cell_axis y
CROSS JOIN answer a
CROSS JOIN answer b
WHERE n.name = :axis AND v.axis_id = n.axis_id AND v.value = :a AND w.axis_id = n.axis_id AND w.value = :b
  AND e.name = :experiment AND e.latest = 1
  AND x.experiment_id = e.experiment_id AND x.axis_id = n.axis_id AND x.value_id = v.value_id
  AND y.experiment_id = e.experiment_id AND y.axis_id = n.axis_id AND y.value_id = w.value_id AND y.peer = x.peer
  AND a.experiment = e.name AND a.position = x.position AND (:task IS NULL OR a.task = :task)
  AND b.experiment = e.name AND b.position = y.position AND b.item_position = a.item_position
ORDER BY a.position, b.position, a.item_position"""

# The features that each finished cell of an encoder read last, as in the view cost.
_STAGES = """
SELECT DISTINCT f.facts ->> '$.key' AS key, coalesce(f.facts ->> '$.reads', 'features') AS reads,
       d.key AS dataset_key, d.dataset_id, m.dataset, m.variant
FROM experiment e
JOIN experiment_cell m ON m.experiment_id = e.experiment_id
JOIN cell c ON c.cell_id = m.cell_id
JOIN dataset d ON d.dataset_id = c.dataset_id
JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok'
JOIN stage f ON f.stage_id = (SELECT max(s.stage_id) FROM run_stage x JOIN stage s USING(stage_id)
                              WHERE x.run_id = r.run_id AND s.kind = 'features')
WHERE e.latest = 1 AND e.name = ? AND m.encoder = ?"""


def _connect(path: Path) -> sqlite3.Connection:
    """Opens the file so that nothing in it changes and no file is left beside it, as `runner query` does: for writing
    if permitted, since only such a connection removes the log's files at its end."""
    log = path.with_name(path.name + "-wal")
    if os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK):
        mode = "mode=rw"
    elif log.exists() and log.stat().st_size > 0:
        mode = "mode=ro"
    else:
        mode = "immutable=1"
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?{mode}", uri=True)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only = ON")
    return connection


def _texts(values: Texts) -> list[str]:
    if values is None:
        return []
    return [values] if isinstance(values, str) else [str(value) for value in values]


def _refuse(problem: str, known: Sequence[str], given: str = "") -> NoReturn:
    near = difflib.get_close_matches(given, known, 1)
    allowed = ", ".join(known) if known else "none"
    raise Problem(f"{problem}; there are: {allowed}" + (f"; did you mean '{near[0]}'?" if near else ""))


def _runner(given: Optional[str]) -> str:
    built = Path(__file__).absolute().parents[1] / "build" / "bin" / "runner"
    program = given or os.environ.get("EARSHOT_RUNNER") or shutil.which("runner") or str(built)
    if shutil.which(program) is None:
        raise Problem(
            f"compare() needs the program runner, and '{program}' is not one; put it on the PATH, name it in "
            "EARSHOT_RUNNER, or call earshot.open(path, runner=...)"
        )
    return program


def _index(folder: Path, dataset_key: str) -> dict[str, Any]:
    """Which shards the clips of a dataset are in. There are several files if limits left items out."""
    names = glob.glob(f"{glob.escape(str(folder))}/{dataset_key}*.clips")
    names.sort(key=lambda name: (len(name), name))  # that of the whole dataset first
    for name in names:
        index: dict[str, Any] = json.loads(Path(name).read_text(encoding="utf-8"))
        if index["shards"] and all((folder / f"{key}.shard").exists() for key in index["shards"]):
            return index
    why = "shards that it had were deleted" if names else "there is no list of its clips"
    raise Problem(
        f"{folder}: these features are not in the cache: {why}. Cells that are ok do not compute them again; "
        "`runner FILE.toml --results again.db` in the folder of the results file does. Or give the cache's folder as "
        "cache="
    )


def _open_shard(file: Path, key: str) -> tuple[dict[str, Any], "numpy.ndarray"]:
    """The header of a shard and its bytes. The layout is that of results/README.md."""
    import numpy  # pylint: disable=import-outside-toplevel

    try:
        data = numpy.memmap(file, dtype="uint8", mode="r")
        magic, _, size, length = struct.unpack("<8s3Q", data[:32].tobytes())
        if magic != _MAGIC or size != data.size:
            raise ValueError("it is damaged or no shard")
        header = json.loads(data[32 : 32 + length].tobytes())
        if header["key"] != key:
            raise ValueError("it is another shard")
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise Problem(f"{file}: cannot be read: {error}; 'runner cache verify' checks the cache") from error
    return header, data.view(numpy.ndarray)
