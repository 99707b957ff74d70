"""Reads the project `ablation` in TRACKIO_DIR as trackio's dashboard does.
Ends with 77 where Python has no trackio."""
import sys

try:
    from trackio.sqlite_storage import SQLiteStorage
except ImportError as why:
    print("trackio is not installed:", why)
    sys.exit(77)

SQLiteStorage.migrate_all_projects()  # as its server begins
assert SQLiteStorage.get_projects() == ["ablation"], SQLiteStorage.get_projects()
runs = SQLiteStorage.get_run_records("ablation")
names = [run["name"] for run in runs]
assert sorted(names) == [f"htsat, room, seed {seed}" for seed in range(3)], names
second = next(run for run in runs if run["name"].endswith("seed 1"))
logs = SQLiteStorage.get_logs("ablation", second["name"], run_id=second["id"])
assert logs[-1]["accuracy"] == 0.75 and logs[-1]["step"] == 7, logs
assert logs[0]["training/loss"] == 0.5 and logs[1]["training/loss"] != logs[1]["training/loss"], logs
config = SQLiteStorage.get_run_config("ablation", second["name"], run_id=second["id"])
assert config["encoder"] == "htsat" and config["seed"] == 1, config
assert [alert["text"] for alert in SQLiteStorage.get_alerts("ablation")] == ["bad weights"]
