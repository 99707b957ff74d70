-- The tables of a results file. Users should read from the views, see views.sql beside this file.
-- All tables are STRICT, so that a column holds what its type says, and have a rowid, by which DuckDB
-- counts. Times are milliseconds since 1970, in UTC.
-- A new file is created from this text, whose hash it keeps in schema_migration. Once released, a
-- change needs a migration (migration.hpp).

-- The steps by which this file got its tables: its creation and migrations.
CREATE TABLE schema_migration(
  version      INTEGER PRIMARY KEY,
  name         TEXT NOT NULL,
  sql_sha256   TEXT NOT NULL CHECK(length(sql_sha256) = 64),
  views        TEXT NOT NULL DEFAULT '[]' CHECK(json_valid(views)),   -- names of Earshot's views
  applied_ms   INTEGER NOT NULL) STRICT;

-- Where results come from --------------------------------------------------------------------------

-- The circumstances of a run. `facts` is a JSON object with git, host, runner, plugins, device ...;
-- equal ones are stored once. Facts that are read often have a column as well.
CREATE TABLE provenance(
  provenance_id INTEGER PRIMARY KEY,
  key           TEXT NOT NULL UNIQUE CHECK(length(key) = 64),
  facts         TEXT NOT NULL CHECK(json_valid(facts)),
  git_commit    TEXT,               -- of the experiment file's repository; NULL outside a repository
  git_dirty     INTEGER,
  host          TEXT,
  device        TEXT,
  earshot_commit TEXT) STRICT;      -- that the runner was built from; NULL if unknown

CREATE TABLE plugin(
  plugin_id INTEGER PRIMARY KEY,
  name      TEXT NOT NULL,
  version   TEXT NOT NULL,
  sha256    TEXT NOT NULL,
  path      TEXT NOT NULL,          -- where it was when first seen
  UNIQUE(name, version, sha256)) STRICT;

CREATE TABLE provenance_plugin(
  provenance_id INTEGER NOT NULL REFERENCES provenance ON DELETE CASCADE,
  plugin_id     INTEGER NOT NULL REFERENCES plugin,
  PRIMARY KEY(provenance_id, plugin_id)) STRICT;

-- Data ---------------------------------------------------------------------------------------------

-- `key` is the fingerprint of the items and of the content of their audio. The number of test items
-- that a run used is in `run`.
CREATE TABLE dataset(
  dataset_id  INTEGER PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE,
  component   TEXT NOT NULL,
  items       INTEGER NOT NULL,     -- declared, of all splits
  train       INTEGER NOT NULL,
  validation  INTEGER NOT NULL,
  test        INTEGER NOT NULL,
  synthesized INTEGER NOT NULL CHECK(synthesized IN (0, 1)),
  info        TEXT NOT NULL CHECK(json_valid(info)),    -- labels, slices, groups, sources
  gold_from   TEXT,                 -- source of the reference answers, from its slices with that role
  content_sha256 TEXT,              -- of its rows in `item`; NULL before there are any
  -- What was in no item when a revision with it was recorded last:
  rows_left_out  INTEGER NOT NULL,  -- of its tables, by its options
  files_left_out INTEGER NOT NULL,  -- that look like audio, in its folders
  left_out       TEXT NOT NULL CHECK(json_valid(left_out))) STRICT;  -- list of the first, with reasons

-- The items of a dataset in its order, written with the first results on them.
CREATE TABLE item(
  dataset_id INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  id         TEXT NOT NULL,
  groups     TEXT NOT NULL,         -- JSON {dimension: group}: what makes items dependent
  slices     TEXT NOT NULL,         -- JSON {dimension: slice}
  labels     TEXT NOT NULL,         -- JSON {label: truth}
  question   TEXT,                  -- NULL if nothing is asked
  choices    TEXT,                  -- JSON list in the order shown; NULL for an open question
  answers    TEXT,                  -- JSON list of the accepted answers, the first is the reference
  PRIMARY KEY(dataset_id, position)) STRICT;

-- Experiments --------------------------------------------------------------------------------------

-- One row for each revision of an experiment file: what it resolves to, and which cells it has.
-- Views show the latest revision of a name.
CREATE TABLE experiment(
  experiment_id INTEGER PRIMARY KEY,
  name          TEXT NOT NULL,
  revision      TEXT NOT NULL CHECK(length(revision) = 64),   -- hash of resolved and of the cells
  latest        INTEGER NOT NULL CHECK(latest IN (0, 1)),
  question      TEXT NOT NULL,
  file          TEXT NOT NULL,
  source        TEXT NOT NULL,                                -- the file's text
  resolved      TEXT NOT NULL CHECK(json_valid(resolved)),    -- after extends, --set and ${...}
  overrides     TEXT NOT NULL CHECK(json_valid(overrides)),   -- of the command line
  created_ms    INTEGER NOT NULL,
  UNIQUE(name, revision)) STRICT;
CREATE UNIQUE INDEX experiment_latest ON experiment(name) WHERE latest = 1;

CREATE TABLE experiment_dataset(
  experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  dataset_id    INTEGER NOT NULL REFERENCES dataset,
  label         TEXT NOT NULL,
  PRIMARY KEY(experiment_id, dataset_id, label)) STRICT;

-- The unit that is planned, cached, retried and resumed. `key` is a hash of `identity`, which has all
-- that determines the result. One cell may serve many experiments.
CREATE TABLE cell(
  cell_id        INTEGER PRIMARY KEY,
  key            TEXT NOT NULL UNIQUE CHECK(length(key) = 64),
  dataset_id     INTEGER NOT NULL REFERENCES dataset,
  primary_metric TEXT NOT NULL,
  split          TEXT NOT NULL CHECK(split IN ('test', 'validation')),
  identity       TEXT NOT NULL CHECK(json_valid(identity)),
  target         TEXT NOT NULL) STRICT;   -- the predicted label; '': answers to questions

-- The cells of an experiment in its order, with its labels. One that cannot run, for example because
-- its weights are missing, has no key and so no cell, but a reason.
CREATE TABLE experiment_cell(
  experiment_id  INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  position       INTEGER NOT NULL,
  cell_id        INTEGER REFERENCES cell,   -- in several rows if labels mean the same thing
  encoder        TEXT NOT NULL,
  dataset        TEXT NOT NULL,
  task           TEXT NOT NULL,
  mapper         TEXT NOT NULL,      -- '' when the task has none
  language_model TEXT NOT NULL,      -- likewise
  weights        TEXT NOT NULL,      -- of the encoder as written; 'random' is an untrained control
  seed           INTEGER NOT NULL,
  fold           INTEGER NOT NULL,   -- 0 without folds
  variant        TEXT NOT NULL,      -- the other axes: 'task.lr=0.0001', '' without
  labels         INTEGER NOT NULL,   -- hash of all axis labels
  -- What the encoder's checkpoint was trained on: JSON list of the data, [] for untrained weights,
  -- NULL if unknown.
  pretrain_data  TEXT CHECK(pretrain_data IS NULL OR json_valid(pretrain_data)),
  -- 1: the cell's dataset or a similar one is among them; 0: it is not; NULL if unknown.
  in_domain      INTEGER CHECK(in_domain IN (0, 1)),
  skipped        TEXT,               -- why it cannot run; NULL if it can
  CHECK(cell_id IS NOT NULL OR skipped IS NOT NULL),
  PRIMARY KEY(experiment_id, position)) STRICT;
CREATE INDEX experiment_cell_by_cell ON experiment_cell(cell_id);
CREATE INDEX experiment_cell_by_labels ON experiment_cell(labels);

-- Axes are rows, so that a new one needs no migration. Two cells of an experiment with the same peer
-- differ in nothing but this axis: a fair pair. The peer is a hash of the labels of all other axes,
-- less those that advance together with it, and less those that [select] chose along.
CREATE TABLE axis(
  axis_id INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE axis_value(
  value_id INTEGER PRIMARY KEY,
  axis_id  INTEGER NOT NULL REFERENCES axis,
  value    TEXT NOT NULL,            -- labels as such, other values as JSON
  UNIQUE(axis_id, value)) STRICT;
CREATE TABLE cell_axis(
  experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  axis_id       INTEGER NOT NULL REFERENCES axis,
  value_id      INTEGER NOT NULL REFERENCES axis_value,
  peer          INTEGER NOT NULL,
  position      INTEGER NOT NULL,
  cell_id       INTEGER REFERENCES cell,   -- NULL for a cell that cannot run
  PRIMARY KEY(experiment_id, axis_id, value_id, peer, position)) STRICT;
CREATE INDEX cell_axis_by_position ON cell_axis(experiment_id, position);

-- Published numbers, and the cells whose mean each is compared with.
CREATE TABLE reference(
  reference_id  INTEGER PRIMARY KEY,
  experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  match         TEXT NOT NULL CHECK(json_valid(match)),
  metric        TEXT NOT NULL,
  value         REAL NOT NULL,
  source        TEXT NOT NULL,
  protocol      TEXT NOT NULL,
  comparable    INTEGER NOT NULL CHECK(comparable IN (0, 1))) STRICT;
CREATE INDEX reference_by_experiment ON reference(experiment_id);
CREATE TABLE reference_cell(
  reference_id INTEGER NOT NULL REFERENCES reference ON DELETE CASCADE,
  cell_id      INTEGER NOT NULL REFERENCES cell,
  PRIMARY KEY(reference_id, cell_id)) STRICT;

-- Runs ---------------------------------------------------------------------------------------------

-- A process that writes. While it lives it locks the byte `owner_id` of the file '<results>-owners'.
CREATE TABLE owner(
  owner_id   INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice
  host       TEXT NOT NULL,
  pid        INTEGER NOT NULL,
  started_ms INTEGER NOT NULL) STRICT;

-- One row for each attempt at a cell. 'ok' is written in the transaction that writes the metrics and
-- predictions: there is no half result.
CREATE TABLE run(
  run_id          INTEGER PRIMARY KEY,
  cell_id         INTEGER NOT NULL REFERENCES cell,
  attempt         INTEGER NOT NULL CHECK(attempt >= 1),
  state           TEXT NOT NULL CHECK(state IN ('running', 'ok', 'failed', 'timeout', 'oom', 'killed',
                                                'lost', 'skipped', 'superseded')),
  provenance_id   INTEGER NOT NULL REFERENCES provenance,
  owner_id        INTEGER NOT NULL REFERENCES owner,
  started_ms      INTEGER NOT NULL,
  ended_ms        INTEGER,
  error_kind      TEXT,              -- config, data, contract, unsupported, bug, signal ...
  error           TEXT,
  log             TEXT,              -- of the attempt; absolute, so that any program can open it
  exit_code       INTEGER,
  signal          INTEGER,
  declared        INTEGER,           -- test items of the dataset
  used            INTEGER,           -- of them predicted
  lost            TEXT CHECK(lost IS NULL OR json_valid(lost)),  -- [{file, reason}] clips that could not be read
  seconds         REAL,              -- wall time of the attempt
  fit_seconds     REAL,
  predict_seconds REAL,
  score_seconds   REAL,
  peak_bytes      INTEGER,           -- resident memory of the worker at its highest
  content_sha256  TEXT,              -- of an ok run: hash of its metrics, predictions and curves
  UNIQUE(cell_id, attempt),
  CHECK((state = 'running') = (ended_ms IS NULL))) STRICT;
CREATE UNIQUE INDEX run_one_ok ON run(cell_id) WHERE state = 'ok';
CREATE UNIQUE INDEX run_one_running ON run(cell_id) WHERE state = 'running';

-- Work with a key of its own, done once for all runs that need it. Attempts, seconds, and numbers in
-- `facts`, are sums over all attempts.
CREATE TABLE stage(
  stage_id   INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  kind       TEXT NOT NULL,          -- pretrain, features, fit, predict, score
  state      TEXT NOT NULL CHECK(state IN ('running', 'ok', 'failed', 'timeout', 'oom', 'killed',
                                           'lost')),
  attempts   INTEGER NOT NULL,
  error      TEXT NOT NULL,
  seconds    REAL NOT NULL,
  bytes      INTEGER NOT NULL,
  facts      TEXT NOT NULL CHECK(json_valid(facts)),   -- clips, audio_seconds, encode_seconds ...
  updated_ms INTEGER NOT NULL,
  owner_id   INTEGER REFERENCES owner) STRICT;   -- the last process that worked on it
CREATE TABLE run_stage(
  run_id   INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  stage_id INTEGER NOT NULL REFERENCES stage,
  PRIMARY KEY(run_id, stage_id)) STRICT;
CREATE INDEX run_stage_by_stage ON run_stage(stage_id);

-- Numbers ------------------------------------------------------------------------------------------

CREATE TABLE slice(
  slice_id  INTEGER PRIMARY KEY,
  dimension TEXT NOT NULL,
  name      TEXT NOT NULL,
  UNIQUE(dimension, name)) STRICT;

CREATE TABLE metric_definition(
  metric_id        INTEGER PRIMARY KEY,
  name             TEXT NOT NULL,
  version          INTEGER NOT NULL,
  unit             TEXT NOT NULL,
  higher_is_better INTEGER NOT NULL CHECK(higher_is_better IN (0, 1)),
  kind             TEXT NOT NULL,    -- mean of marks, score of a slice, report of the run
  help             TEXT NOT NULL,
  UNIQUE(name, version, unit, higher_is_better, kind)) STRICT;

-- One number of a run for one slice. A number that is not finite is NULL with a tag, so that it can
-- never pass a comparison or enter a mean.
CREATE TABLE metric(
  run_id      INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  metric_id   INTEGER NOT NULL REFERENCES metric_definition,
  slice_id    INTEGER NOT NULL REFERENCES slice,
  value       REAL,
  nonfinite   TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
  n           INTEGER NOT NULL CHECK(n >= 0),   -- items or steps behind it
  ci_low      REAL,                  -- 95 % interval
  ci_high     REAL,
  no_interval TEXT,                  -- why there is none
  CHECK((value IS NULL) = (nonfinite IS NOT NULL)),
  PRIMARY KEY(run_id, metric_id, slice_id)) STRICT;

-- What each item contributes to a metric that is not a mean: the difference it makes to leave the
-- item out. Two runs on the same items are compared item by item. `packed` is the format of
-- runner/statistics/influence.hpp.
CREATE TABLE contribution(
  run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  metric_id INTEGER NOT NULL REFERENCES metric_definition,
  slice_id  INTEGER NOT NULL REFERENCES slice,
  packed    BLOB NOT NULL,
  UNIQUE(run_id, metric_id, slice_id)) STRICT;

-- What a run said about one test item of its cell's dataset. The view `answer` puts question and
-- truth beside it.
CREATE TABLE prediction(
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  item   INTEGER NOT NULL,           -- position in the dataset
  value  TEXT,                       -- class; JSON list of a set; the number; NULL: none
  number REAL,                       -- the value where it is a number
  output TEXT,                       -- raw text of a language model
  mark   REAL,                       -- of the primary metric; NULL if that is not a mean of marks
  marks  TEXT,                       -- JSON {mark: number} of the others
  -- One per class of the target, per choice of the item's question, or per candidate: float32,
  -- little endian.
  scores     BLOB,
  candidates TEXT,                   -- JSON list of what `scores` are of, if neither of these
  PRIMARY KEY(run_id, item)) STRICT;

-- Points of training curves; while a training runs, they are written every few seconds.
CREATE TABLE curve(
  run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name      TEXT NOT NULL,
  step      INTEGER NOT NULL,
  value     REAL,
  nonfinite TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
  CHECK((value IS NULL) = (nonfinite IS NOT NULL)),
  PRIMARY KEY(run_id, name, step)) STRICT;
-- The same for a stage of kind pretrain.
CREATE TABLE stage_curve(
  stage_id  INTEGER NOT NULL REFERENCES stage ON DELETE CASCADE,
  name      TEXT NOT NULL,
  step      INTEGER NOT NULL,
  value     REAL,
  nonfinite TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
  CHECK((value IS NULL) = (nonfinite IS NOT NULL)),
  PRIMARY KEY(stage_id, name, step)) STRICT;

CREATE TABLE artifact(
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name   TEXT NOT NULL,
  path   TEXT NOT NULL,              -- relative to the folder of this file, if in it
  sha256 TEXT NOT NULL,
  bytes  INTEGER NOT NULL,
  PRIMARY KEY(run_id, name)) STRICT;

-- Differences with intervals and p-values, as `runner compare` found them last.
CREATE TABLE comparison(
  comparison_id   INTEGER PRIMARY KEY,
  experiment_id   INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  axis            TEXT NOT NULL,
  base            TEXT NOT NULL,
  candidate       TEXT NOT NULL,
  hypothesis      TEXT NOT NULL,     -- '' when exploratory
  task            TEXT NOT NULL,     -- '' over several tasks
  slice_dimension TEXT NOT NULL,
  slice           TEXT NOT NULL,
  metric          TEXT NOT NULL,
  unit            TEXT NOT NULL,
  base_value      REAL,
  candidate_value REAL,
  delta           REAL,              -- candidate - base
  ci_low          REAL,              -- 95 % interval of delta
  ci_high         REAL,
  p_value         REAL,
  p_adjusted      REAL,
  correction      TEXT NOT NULL,     -- holm, benjamini-hochberg or ''
  method          TEXT NOT NULL,
  items           INTEGER NOT NULL,
  groups          INTEGER NOT NULL,
  seeds           INTEGER NOT NULL,
  missing         INTEGER NOT NULL,  -- pairs that one side lacks
  margin          REAL NOT NULL,
  verdict         TEXT NOT NULL,     -- supported, contradicted, undecided, not testable, saturated, ''
  note            TEXT NOT NULL,
  created_ms      INTEGER NOT NULL,
  condition       TEXT NOT NULL) STRICT;   -- what the pairs have in common, as 'encoder=mimi'
CREATE INDEX comparison_by_experiment ON comparison(experiment_id, axis, base);
