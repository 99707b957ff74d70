"""results/earshot.py against `runner`, on experiments that are run here.

    earshot_test.py RUNNER [arguments of unittest]

Ends with 77 where pandas is not installed."""
import contextlib
import csv
import hashlib
import inspect
import io
import json
import math
import os
import pathlib
import random
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import unittest
import wave

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "results"))
sys.dont_write_bytecode = True

try:
    import numpy
    import pandas
except ImportError as missing:
    print(f"skipped: {missing.name} is not installed")
    sys.exit(77)

import earshot

RUNNER = ""
TONES = """[experiment]
name = "tones"
[dataset.tones]
use = "folder"
options = { root = "data" }
[encoder.log_mel]
use = "log_mel"
[encoder.level_only]
use = "level_only"
[task.near]
use = "knn"
dataset = "tones"
options = { target = "class" }
[[matrix]]
encoder = ["log_mel", "level_only"]
task = ["near"]
seed = [0]
"""


def write_tones(folder: pathlib.Path) -> None:
    """70 noisy tones in three classes: two shards of features."""
    noise = random.Random(1)
    for clip in range(70):
        file = folder / f"kind{clip % 3}" / f"{clip}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        step = 2 * math.pi * (300.0 * (1 + clip % 3) + clip) / 16000
        samples = (int(20000 * (0.7 * math.sin(step * n) + 0.3 * noise.uniform(-1, 1))) for n in range(4000))
        with wave.open(str(file), "wb") as sound:
            sound.setparams((1, 2, 16000, 4000, "NONE", ""))
            sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))


def run(*words: str, folder: pathlib.Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_")}
    ended = subprocess.run([RUNNER, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise AssertionError(f"runner {' '.join(words)}: {ended.stdout}{ended.stderr}")
    return ended.stdout


def content(file: pathlib.Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


FOLDER = pathlib.Path()


def setUpModule() -> None:  # pylint: disable=invalid-name
    """Makes one results file with two experiments: tones, and a quickstart with fewer clips, tasks and seeds."""
    global FOLDER  # pylint: disable=global-statement
    temporary = tempfile.TemporaryDirectory(prefix="earshot-test-")
    unittest.addModuleCleanup(temporary.cleanup)
    FOLDER = pathlib.Path(temporary.name)
    write_tones(FOLDER / "data")
    (FOLDER / "tones.toml").write_text(TONES)
    run("tones.toml", "--results", "results.db", folder=FOLDER)
    fewer = ["--set", "dataset.scenes.options.clips=432"]
    for task in ("event", "room", "quality", "noise", "distance"):
        fewer += ["--set", f"task.{task}.options.n_train=160"]
    run("run", str(SOURCE / "experiments/quickstart.toml"), "--only", "task=room", "--only", "seed=0,1",
        "--results", "results.db", *fewer, folder=FOLDER)


class Files(unittest.TestCase):
    @property
    def folder(self) -> pathlib.Path:
        return FOLDER

    def setUp(self) -> None:
        self.db = earshot.open(self.folder / "results.db", runner=RUNNER)
        self.addCleanup(self.db.close)

    def printed(self, *words: str) -> list:
        """Rows that a command prints as CSV."""
        text = run(*words, "--format", "csv", "--results", "results.db", folder=self.folder)
        return list(csv.DictReader(io.StringIO(text)))

    def assert_same(self, frame: "pandas.DataFrame", rows: list) -> None:
        """Bit for bit, and text for text."""
        self.assertEqual(len(frame), len(rows))
        self.assertEqual(list(frame.columns), list(rows[0]))
        for name in frame.columns:
            for value, text in zip(frame[name], (row[name] for row in rows)):
                if text == "":
                    self.assertTrue(value == "" or pandas.isna(value), name)
                elif isinstance(value, str):
                    self.assertEqual(value, text, name)
                else:
                    self.assertEqual(float(value), float(text), name)


class Compare(Files):
    def test_has_the_numbers_of_runner_compare(self) -> None:
        for options, words in (
            ({}, []),
            ({"base": "mfcc"}, ["--base", "mfcc"]),
            ({"axis": "task"}, ["--axis", "task"]),
            ({"by": "setting,noise_type"}, ["--by", "setting,noise_type"]),
            ({"by": ["setting"], "metric": "accuracy"}, ["--by", "setting", "--metric", "accuracy"]),
            ({"only": {"seed": ["0", "1"], "encoder": "mfcc,level_only"}},
             ["--only", "seed=0,1", "--only", "encoder=mfcc,level_only"]),
            ({"condition_on": "room"}, ["--condition-on", "room"]),
            ({"against": "quickstart"}, ["--with", "quickstart"]),
        ):
            with self.subTest(options=options):
                frame = self.db.compare("quickstart", **options)
                self.assert_same(frame, self.printed("compare", "quickstart", *words))
                self.assertGreater(len(frame), 0)

    def test_has_the_numbers_that_the_results_file_keeps(self) -> None:
        frame = self.db.compare("quickstart")
        kept = self.db.query(
            "SELECT c.* FROM comparison c JOIN experiment USING(experiment_id) WHERE name = 'quickstart' AND "
            "base IN ('level_only', 'mfcc') ORDER BY comparison_id"
        )
        for name in ("delta", "ci_low", "ci_high", "p_value", "p_adjusted", "items", "seeds"):
            self.assertTrue(set(frame[name].dropna()) <= set(kept[name].dropna()), name)
        self.assertTrue(frame[frame["items"] > 0].delta.notna().all())
        self.assertIn("spectral detail", set(frame.hypothesis))

    def test_refuses_what_the_runner_refuses_with_its_message(self) -> None:
        with self.assertRaisesRegex(earshot.Problem, "unknown value of axis 'encoder': 'mel'"):
            self.db.compare("quickstart", base="mel")
        with self.assertRaisesRegex(earshot.Problem, "no experiment 'quickstat'.*did you mean 'quickstart'"):
            self.db.compare("quickstat")

    def test_says_what_is_missing_without_a_runner(self) -> None:
        with earshot.open(self.folder / "results.db", runner="no-such-program") as db:
            with self.assertRaisesRegex(earshot.Problem, "'no-such-program' is not one; .*EARSHOT_RUNNER"):
                db.compare("tones")


class Scores(Files):
    def test_are_those_of_the_view_result(self) -> None:
        frame = self.db.results("quickstart")
        self.assertEqual(len(frame), 3 * 2)
        self.assert_same(frame, self.printed(
            "query", "SELECT * FROM result WHERE experiment = 'quickstart' AND is_primary AND slice = 'all' "
            "ORDER BY position"))
        self.assertEqual(set(self.db.results().experiment), {"quickstart", "tones"})

    def test_have_slices_and_other_metrics_where_asked_for(self) -> None:
        frame = self.db.results("quickstart", slices=True, metric="all")
        (count,) = self.printed("query", "SELECT count(*) AS n FROM result WHERE experiment = 'quickstart'")
        self.assertEqual(len(frame), int(count["n"]))
        self.assertEqual(set(self.db.results("quickstart", metric="accuracy").metric), {"accuracy"})
        with self.assertRaisesRegex(earshot.Problem, "no metric 'acuracy'.*did you mean 'accuracy'"):
            self.db.results(metric="acuracy")


class Predictions(Files):
    def test_are_paired_by_item_and_seed(self) -> None:
        frame = self.db.predictions("log_mel", "mfcc", experiment="quickstart")
        self.assertEqual(len(frame), frame.groupby(["seed", "item"]).ngroups)
        self.assertEqual(set(frame.seed), {0, 1})
        for side, encoder in (("a", "log_mel"), ("b", "mfcc")):
            rows = self.printed(
                "query", "SELECT seed, item, gold, value, correct FROM answer WHERE experiment = 'quickstart' AND "
                f"encoder = '{encoder}' ORDER BY position, item_position")
            own = frame[["seed", "item", "gold", f"value_{side}", f"correct_{side}"]]
            self.assert_same(own.set_axis(["seed", "item", "gold", "value", "correct"], axis=1), rows)

    def test_give_the_differences_of_the_view_slice_delta(self) -> None:
        frame = self.db.predictions("log_mel", "mfcc", experiment="quickstart")
        (row,) = self.printed(
            "query", "SELECT delta FROM slice_delta WHERE experiment = 'quickstart' AND axis = 'encoder' AND "
            "base = 'mfcc' AND candidate = 'log_mel' AND slice = 'all' AND metric = 'accuracy'")
        self.assertAlmostEqual((frame.correct_a - frame.correct_b).mean(), float(row["delta"]), 12)

    def test_have_labels_slices_and_groups_as_dictionaries(self) -> None:
        frame = self.db.predictions("mfcc", "level_only", experiment="quickstart", task="room")
        self.assertEqual([labels["room"] for labels in frame.labels], list(frame.gold))
        self.assertTrue({"setting", "noise_type"} <= set(frame.slices.iloc[0]))

    def test_of_another_axis_are_paired_along_it(self) -> None:
        frame = self.db.predictions("0", "1", experiment="quickstart", axis="seed")
        self.assertEqual(len(frame), 3 * frame.item.nunique())

    def test_refuse_values_and_tasks_that_are_not_there(self) -> None:
        with self.assertRaisesRegex(earshot.Problem, "'encoder' 'melog'; there are: log_mel, level_only"):
            self.db.predictions("melog", "log_mel", experiment="tones")
        with self.assertRaisesRegex(earshot.Problem, "no task 'rom'.*did you mean 'room'"):
            self.db.predictions("mfcc", "log_mel", experiment="quickstart", task="rom")
        with self.assertRaisesRegex(earshot.Problem, "an experiment is needed; there are: quickstart, tones"):
            self.db.predictions("mfcc", "log_mel")


class FeaturesOfItems(Files):
    def test_are_what_the_encoder_gives_for_the_file(self) -> None:
        features = self.db.features("log_mel", experiment="tones")
        self.assertEqual(len(features), 70)
        for clip in (0, 63, 69):  # of both shards
            file = f"data/kind{clip % 3}/{clip}.wav"
            (item,) = [item for item in features if pathlib.PurePath(item).stem == str(clip)]
            run("encode", "log_mel", file, "--to", "one.npy", folder=self.folder)
            numpy.testing.assert_array_equal(features[item], numpy.load(self.folder / "one.npy"), item)

    def test_are_mapped_and_cannot_be_changed(self) -> None:
        features = self.db.features("log_mel", experiment="tones")
        frames = features[next(iter(features))]
        self.assertFalse(frames.flags.writeable)
        self.assertEqual(frames.dtype, features.dtype)
        owner = frames
        while isinstance(owner.base, numpy.ndarray):
            owner = owner.base
        self.assertIsInstance(owner, numpy.memmap)

    def test_of_synthesized_items_are_found_by_id(self) -> None:
        features = self.db.features("mfcc", experiment="quickstart")
        self.assertEqual(len(features), 432)
        item = self.db.predictions("mfcc", "log_mel", experiment="quickstart").item.iloc[0]
        self.assertEqual(features[item].shape[1], features.width)
        self.assertGreater(features.frame_rate, 0)

    def test_that_are_not_there_are_explained(self) -> None:
        features = self.db.features("log_mel", experiment="tones")
        with self.assertRaisesRegex(KeyError, "no such item"):
            features["nothing"]
        with self.assertRaisesRegex(KeyError, "it has no clip 1"):
            features[next(iter(features)), 1]
        with self.assertRaisesRegex(earshot.Problem, "no encoder 'log_mell'.*did you mean 'log_mel'"):
            self.db.features("log_mell", experiment="tones")
        with self.assertRaisesRegex(earshot.Problem, "not in the cache"):
            self.db.features("log_mel", experiment="tones", cache=self.folder / "elsewhere")
        with self.assertRaisesRegex(earshot.Problem, "no features match; .*dataset='tones'"):
            self.db.features("log_mel", experiment="tones", codes=True)

    def test_of_a_damaged_shard_are_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            shard = pathlib.Path(folder) / "key.shard"
            for damage in (b"", b"EARSHRD2" + bytes(40), b"x" * 100):
                shard.write_bytes(damage)
                (pathlib.Path(folder) / "data.clips").write_text('{"shards": ["key"], "items": [[0]]}')
                with self.assertRaisesRegex(earshot.Problem, "key.shard: cannot be read"):
                    earshot.Features(pathlib.Path(folder), "data", {"item": 0})


class Reading(Files):
    def test_changes_nothing_and_leaves_no_file(self) -> None:
        before = content(self.folder / "results.db")
        with earshot.open(self.folder / "results.db") as db:
            db.results()
            db.predictions("log_mel", "mfcc", experiment="quickstart")
            with self.assertRaisesRegex(earshot.Problem, "readonly"):
                db.query("DELETE FROM run")
        self.db.close()
        self.assertEqual(content(self.folder / "results.db"), before)
        self.assertEqual(list(self.folder.glob("results.db-wal")) + list(self.folder.glob("results.db-shm")), [])

    def test_takes_any_name_of_a_file(self) -> None:
        strange = self.folder / "a b%20?#'\".db"
        strange.write_bytes((self.folder / "results.db").read_bytes())
        self.assertEqual(earshot.open(strange).experiments(), ["quickstart", "tones"])

    def test_keeps_names_as_they_are(self) -> None:
        hostile = "<script>'\"\x1b[31m\u202e=1+1"
        frame = self.db.query("SELECT ? AS name", [hostile])
        self.assertEqual(frame.name[0], hostile)

    def test_refuses_other_files(self) -> None:
        with self.assertRaisesRegex(FileNotFoundError, "no such results file"):
            earshot.open(self.folder / "none.db")
        with self.assertRaisesRegex(earshot.Problem, "cannot be read as a results file"):
            earshot.open(self.folder / "tones.toml")
        with contextlib.closing(sqlite3.connect(self.folder / "other.db")) as other:
            other.execute("CREATE TABLE t(x)")
            other.commit()
        with self.assertRaisesRegex(earshot.Problem, "lacks the views"):
            earshot.open(self.folder / "other.db")

    def test_needs_pandas_only_for_data_frames(self) -> None:
        program = (
            "import sys; sys.modules['pandas'] = sys.modules['numpy'] = None; import earshot; "
            "print(earshot.open(sys.argv[1]).experiments())"
        )
        said = subprocess.run(
            [sys.executable, "-B", "-c", program, str(self.folder / "results.db")],
            cwd=SOURCE / "results", capture_output=True, text=True, check=True)
        self.assertEqual(said.stdout.strip(), "['quickstart', 'tones']")


class Notebook(Files):
    def test_runs_on_the_quickstart(self) -> None:
        notebook = json.loads((SOURCE / "results/quickstart.ipynb").read_text(encoding="utf-8"))
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        self.assertEqual([cell["outputs"] for cell in cells], [[]] * len(cells))
        names: dict = {}
        self.addCleanup(os.chdir, os.getcwd())
        self.addCleanup(os.environ.pop, "EARSHOT_RUNNER", None)
        os.chdir(self.folder)
        os.environ["EARSHOT_RUNNER"] = RUNNER
        for cell in cells:
            with contextlib.redirect_stdout(io.StringIO()):
                exec("".join(cell["source"]), names)  # pylint: disable=exec-used
        self.assertIn("spectral detail", set(names["claims"].hypothesis))
        names["db"].close()


class Package(unittest.TestCase):
    def test_documents_and_types_what_is_public(self) -> None:
        for owner in (earshot, earshot.Results, earshot.Features):
            for name, value in inspect.getmembers(owner, inspect.isfunction):
                if name.startswith("_") or value.__module__ != "earshot":
                    continue
                signature = inspect.signature(value)
                self.assertIsNot(signature.return_annotation, inspect.Signature.empty, name)
                for parameter in list(signature.parameters.values())[0 if owner is earshot else 1 :]:
                    self.assertIsNot(parameter.annotation, inspect.Parameter.empty, f"{name}({parameter.name})")
                if name != "close":
                    self.assertTrue(value.__doc__, name)

    def test_has_the_version_of_earshot(self) -> None:
        project = re.search(r"project\(Earshot VERSION ([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text())
        package = re.search(r'^version = "(.*)"', (SOURCE / "results/pyproject.toml").read_text(), re.M)
        self.assertEqual(earshot.__version__, project.group(1))
        self.assertEqual(earshot.__version__, package.group(1))

    def test_can_be_installed_from_its_folder(self) -> None:
        try:
            import setuptools
            import wheel
        except ImportError as missing:
            self.skipTest(f"{missing.name} is not installed")
        if int(setuptools.__version__.split(".")[0]) < 61:
            self.skipTest(f"setuptools {setuptools.__version__} is older than 61")
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "results"
            copy.mkdir()
            for name in ("earshot.py", "pyproject.toml", "README.md"):
                (copy / name).write_bytes((SOURCE / "results" / name).read_bytes())
            subprocess.run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
                 "--disable-pip-version-check", "--target", f"{folder}/to", str(copy)], check=True)
            said = subprocess.run(
                [sys.executable, "-c", "import earshot; print(earshot.__file__)"], cwd=folder,
                env={**os.environ, "PYTHONPATH": f"{folder}/to"}, capture_output=True, text=True, check=True)
            self.assertEqual(said.stdout.strip(), f"{folder}/to/earshot.py")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    RUNNER = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
