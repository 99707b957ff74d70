-- Migration 3, from schema 2: predictions that can be analysed alone, cells that cannot run, curves of
-- trainings that go on, and types that other programs can read.
-- What a table is for stands in schema.sql.

ALTER TABLE provenance ADD COLUMN earshot_commit TEXT;
ALTER TABLE dataset ADD COLUMN gold_from TEXT;
ALTER TABLE dataset ADD COLUMN content_sha256 TEXT;
UPDATE dataset SET gold_from =
  (SELECT group_concat(g.key, ', ') FROM json_each(info, '$.slices.gold_from') g);
ALTER TABLE cell ADD COLUMN target TEXT NOT NULL DEFAULT '';
UPDATE cell SET target = coalesce(
  (SELECT json_extract(l.value, '$.name')
   FROM dataset d, json_each(d.info, '$.labels') l
   WHERE d.dataset_id = cell.dataset_id AND json_extract(l.value, '$.name') = coalesce(
     json_extract(cell.identity, '$.evaluator.options.target'),
     json_extract(cell.identity, '$.cell.evaluator.options.target'))), '');
ALTER TABLE run ADD COLUMN content_sha256 TEXT;
ALTER TABLE comparison ADD COLUMN condition TEXT NOT NULL DEFAULT '';
ALTER TABLE comparison ADD COLUMN usable INTEGER NOT NULL DEFAULT 1 CHECK(usable IN (0, 1));
UPDATE comparison SET usable = 0 WHERE axis <> 'encoder' OR (hypothesis <> '' AND task = '');

CREATE TABLE new_item(
  dataset_id INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  id         TEXT NOT NULL,
  groups     TEXT NOT NULL,
  slices     TEXT NOT NULL,
  labels     TEXT NOT NULL,
  question   TEXT,
  choices    TEXT,
  answers    TEXT,
  PRIMARY KEY(dataset_id, position)) STRICT;
INSERT INTO new_item(dataset_id, position, id, groups, slices, labels)
SELECT dataset_id, position, id, groups, slices, labels FROM item;
DROP TABLE item;
ALTER TABLE new_item RENAME TO item;

CREATE TABLE new_experiment_cell(
  experiment_id  INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  position       INTEGER NOT NULL,
  cell_id        INTEGER REFERENCES cell,
  encoder        TEXT NOT NULL,
  dataset        TEXT NOT NULL,
  task           TEXT NOT NULL,
  mapper         TEXT NOT NULL,
  language_model TEXT NOT NULL,
  weights        TEXT NOT NULL,
  seed           INTEGER NOT NULL,
  fold           INTEGER NOT NULL,
  variant        TEXT NOT NULL,
  labels         INTEGER NOT NULL,
  pretrain_data  TEXT CHECK(pretrain_data IS NULL OR json_valid(pretrain_data)),
  in_domain      INTEGER CHECK(in_domain IN (0, 1)),
  skipped        TEXT,
  CHECK(cell_id IS NOT NULL OR skipped IS NOT NULL),
  PRIMARY KEY(experiment_id, position)) STRICT;
INSERT INTO new_experiment_cell(experiment_id, position, cell_id, encoder, dataset, task, mapper,
  language_model, weights, seed, fold, variant, labels, pretrain_data, in_domain)
SELECT experiment_id, position, cell_id, encoder, dataset, task, mapper, language_model, weights,
  seed, fold, variant, labels, pretrain_data, in_domain FROM experiment_cell;
DROP TABLE experiment_cell;
ALTER TABLE new_experiment_cell RENAME TO experiment_cell;
CREATE INDEX experiment_cell_by_cell ON experiment_cell(cell_id);
CREATE INDEX experiment_cell_by_labels ON experiment_cell(labels);

CREATE TABLE new_cell_axis(
  experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  axis_id       INTEGER NOT NULL REFERENCES axis,
  value_id      INTEGER NOT NULL REFERENCES axis_value,
  peer          INTEGER NOT NULL,
  position      INTEGER NOT NULL,
  cell_id       INTEGER REFERENCES cell,
  PRIMARY KEY(experiment_id, axis_id, value_id, peer, position)) STRICT;
INSERT INTO new_cell_axis(experiment_id, axis_id, value_id, peer, position, cell_id)
SELECT experiment_id, axis_id, value_id, peer, position, cell_id FROM cell_axis;
DROP TABLE cell_axis;
ALTER TABLE new_cell_axis RENAME TO cell_axis;
CREATE INDEX cell_axis_by_position ON cell_axis(experiment_id, position);

CREATE TABLE new_stage(
  stage_id   INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  kind       TEXT NOT NULL,
  state      TEXT NOT NULL CHECK(state IN ('running', 'ok', 'failed', 'timeout', 'oom', 'killed',
                                           'lost')),
  attempts   INTEGER NOT NULL,
  error      TEXT NOT NULL,
  seconds    REAL NOT NULL,
  bytes      INTEGER NOT NULL,
  facts      TEXT NOT NULL CHECK(json_valid(facts)),
  updated_ms INTEGER NOT NULL,
  owner_id   INTEGER REFERENCES owner) STRICT;
INSERT INTO new_stage(stage_id, key, kind, state, attempts, error, seconds, bytes, facts,
  updated_ms)
SELECT stage_id, key, kind, state, attempts, error, seconds, bytes, facts, updated_ms FROM stage;
DROP TABLE stage;
ALTER TABLE new_stage RENAME TO stage;

CREATE TABLE new_metric(
  run_id      INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  metric_id   INTEGER NOT NULL REFERENCES metric_definition,
  slice_id    INTEGER NOT NULL REFERENCES slice,
  value       REAL,
  nonfinite   TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
  n           INTEGER NOT NULL CHECK(n >= 0),
  ci_low      REAL,
  ci_high     REAL,
  no_interval TEXT,
  CHECK((value IS NULL) = (nonfinite IS NOT NULL)),
  PRIMARY KEY(run_id, metric_id, slice_id)) STRICT;
INSERT INTO new_metric(run_id, metric_id, slice_id, value, nonfinite, n, ci_low, ci_high,
  no_interval)
SELECT run_id, metric_id, slice_id, value, nonfinite, n, ci_low, ci_high, no_interval FROM metric;
DROP TABLE metric;
ALTER TABLE new_metric RENAME TO metric;

CREATE TABLE new_prediction(
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  item   INTEGER NOT NULL,
  value  TEXT,
  number REAL,
  output TEXT,
  mark   REAL,
  marks  TEXT,
  scores     BLOB,
  candidates TEXT,
  PRIMARY KEY(run_id, item)) STRICT;
INSERT INTO new_prediction(run_id, item, value, number, output, mark, marks)
SELECT run_id, item, CAST(value AS TEXT),
  CASE WHEN typeof(value) IN ('real', 'integer') THEN value END, output, mark, marks
FROM prediction;
DROP TABLE prediction;
ALTER TABLE new_prediction RENAME TO prediction;

CREATE TABLE new_curve(
  run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name      TEXT NOT NULL,
  step      INTEGER NOT NULL,
  value     REAL,
  nonfinite TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
  CHECK((value IS NULL) = (nonfinite IS NOT NULL)),
  PRIMARY KEY(run_id, name, step)) STRICT;
INSERT INTO new_curve(run_id, name, step, value, nonfinite)
SELECT run_id, name, step, value, nonfinite FROM curve;
DROP TABLE curve;
ALTER TABLE new_curve RENAME TO curve;

CREATE TABLE new_artifact(
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name   TEXT NOT NULL,
  path   TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes  INTEGER NOT NULL,
  PRIMARY KEY(run_id, name)) STRICT;
INSERT INTO new_artifact(run_id, name, path, sha256, bytes)
SELECT run_id, name, path, sha256, bytes FROM artifact;
DROP TABLE artifact;
ALTER TABLE new_artifact RENAME TO artifact;

CREATE TABLE stage_curve(
  stage_id  INTEGER NOT NULL REFERENCES stage ON DELETE CASCADE,
  name      TEXT NOT NULL,
  step      INTEGER NOT NULL,
  value     REAL,
  nonfinite TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
  CHECK((value IS NULL) = (nonfinite IS NOT NULL)),
  PRIMARY KEY(stage_id, name, step)) STRICT;

CREATE TABLE new_provenance_plugin(
  provenance_id INTEGER NOT NULL REFERENCES provenance ON DELETE CASCADE,
  plugin_id     INTEGER NOT NULL REFERENCES plugin,
  PRIMARY KEY(provenance_id, plugin_id)) STRICT;
INSERT INTO new_provenance_plugin(provenance_id, plugin_id)
SELECT provenance_id, plugin_id FROM provenance_plugin;
DROP TABLE provenance_plugin;
ALTER TABLE new_provenance_plugin RENAME TO provenance_plugin;

CREATE TABLE new_experiment_dataset(
  experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  dataset_id    INTEGER NOT NULL REFERENCES dataset,
  label         TEXT NOT NULL,
  PRIMARY KEY(experiment_id, dataset_id, label)) STRICT;
INSERT INTO new_experiment_dataset(experiment_id, dataset_id, label)
SELECT experiment_id, dataset_id, label FROM experiment_dataset;
DROP TABLE experiment_dataset;
ALTER TABLE new_experiment_dataset RENAME TO experiment_dataset;

CREATE TABLE new_reference_cell(
  reference_id INTEGER NOT NULL REFERENCES reference ON DELETE CASCADE,
  cell_id      INTEGER NOT NULL REFERENCES cell,
  PRIMARY KEY(reference_id, cell_id)) STRICT;
INSERT INTO new_reference_cell(reference_id, cell_id)
SELECT reference_id, cell_id FROM reference_cell;
DROP TABLE reference_cell;
ALTER TABLE new_reference_cell RENAME TO reference_cell;

CREATE TABLE new_run_stage(
  run_id   INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  stage_id INTEGER NOT NULL REFERENCES stage,
  PRIMARY KEY(run_id, stage_id)) STRICT;
INSERT INTO new_run_stage(run_id, stage_id)
SELECT run_id, stage_id FROM run_stage;
DROP TABLE run_stage;
ALTER TABLE new_run_stage RENAME TO run_stage;
CREATE INDEX run_stage_by_stage ON run_stage(stage_id);
