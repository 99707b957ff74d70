-- A results file of schema 2, as it was before schema 3: what migrations are tested on.
CREATE TABLE schema_migration(
  version      INTEGER PRIMARY KEY,
  name         TEXT NOT NULL,
  sql_sha256   TEXT NOT NULL CHECK(length(sql_sha256) = 64),
  applied_ms   INTEGER NOT NULL) STRICT;
CREATE TABLE provenance(
  provenance_id INTEGER PRIMARY KEY,
  key           TEXT NOT NULL UNIQUE CHECK(length(key) = 64),
  facts         TEXT NOT NULL CHECK(json_valid(facts)),
  git_commit    TEXT,
  git_dirty     INTEGER,
  host          TEXT,
  device        TEXT) STRICT;
CREATE TABLE plugin(
  plugin_id INTEGER PRIMARY KEY,
  name      TEXT NOT NULL,
  version   TEXT NOT NULL,
  sha256    TEXT NOT NULL,
  path      TEXT NOT NULL,
  UNIQUE(name, version, sha256)) STRICT;
CREATE TABLE provenance_plugin(
  provenance_id INTEGER NOT NULL REFERENCES provenance ON DELETE CASCADE,
  plugin_id     INTEGER NOT NULL REFERENCES plugin,
  PRIMARY KEY(provenance_id, plugin_id)) STRICT, WITHOUT ROWID;
CREATE TABLE dataset(
  dataset_id  INTEGER PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE,
  component   TEXT NOT NULL,
  items       INTEGER NOT NULL,
  train       INTEGER NOT NULL,
  validation  INTEGER NOT NULL,
  test        INTEGER NOT NULL,
  synthesized INTEGER NOT NULL CHECK(synthesized IN (0, 1)),
  info        TEXT NOT NULL CHECK(json_valid(info))) STRICT;
CREATE TABLE item(
  dataset_id INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  id         TEXT NOT NULL,
  groups     TEXT NOT NULL,
  slices     TEXT NOT NULL,
  labels     TEXT NOT NULL,
  PRIMARY KEY(dataset_id, position)) STRICT, WITHOUT ROWID;
CREATE TABLE experiment(
  experiment_id INTEGER PRIMARY KEY,
  name          TEXT NOT NULL,
  revision      TEXT NOT NULL CHECK(length(revision) = 64),
  latest        INTEGER NOT NULL CHECK(latest IN (0, 1)),
  question      TEXT NOT NULL,
  file          TEXT NOT NULL,
  source        TEXT NOT NULL,
  resolved      TEXT NOT NULL CHECK(json_valid(resolved)),
  overrides     TEXT NOT NULL CHECK(json_valid(overrides)),
  created_ms    INTEGER NOT NULL,
  UNIQUE(name, revision)) STRICT;
CREATE UNIQUE INDEX experiment_latest ON experiment(name) WHERE latest = 1;
CREATE TABLE experiment_dataset(
  experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  dataset_id    INTEGER NOT NULL REFERENCES dataset,
  label         TEXT NOT NULL,
  PRIMARY KEY(experiment_id, dataset_id, label)) STRICT, WITHOUT ROWID;
CREATE TABLE cell(
  cell_id        INTEGER PRIMARY KEY,
  key            TEXT NOT NULL UNIQUE CHECK(length(key) = 64),
  dataset_id     INTEGER NOT NULL REFERENCES dataset,
  primary_metric TEXT NOT NULL,
  split          TEXT NOT NULL CHECK(split IN ('test', 'validation')),
  identity       TEXT NOT NULL CHECK(json_valid(identity))) STRICT;
CREATE TABLE experiment_cell(
  experiment_id  INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  position       INTEGER NOT NULL,
  cell_id        INTEGER NOT NULL REFERENCES cell,
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
  PRIMARY KEY(experiment_id, position)) STRICT, WITHOUT ROWID;
CREATE INDEX experiment_cell_by_cell ON experiment_cell(cell_id);
CREATE INDEX experiment_cell_by_labels ON experiment_cell(labels);
CREATE TABLE axis(
  axis_id INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE axis_value(
  value_id INTEGER PRIMARY KEY,
  axis_id  INTEGER NOT NULL REFERENCES axis,
  value    TEXT NOT NULL,
  UNIQUE(axis_id, value)) STRICT;
CREATE TABLE cell_axis(
  experiment_id INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  axis_id       INTEGER NOT NULL REFERENCES axis,
  value_id      INTEGER NOT NULL REFERENCES axis_value,
  peer          INTEGER NOT NULL,
  position      INTEGER NOT NULL,
  cell_id       INTEGER NOT NULL REFERENCES cell,
  PRIMARY KEY(experiment_id, axis_id, value_id, peer, position)) STRICT, WITHOUT ROWID;
CREATE INDEX cell_axis_by_position ON cell_axis(experiment_id, position);
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
  PRIMARY KEY(reference_id, cell_id)) STRICT, WITHOUT ROWID;
CREATE TABLE owner(
  owner_id   INTEGER PRIMARY KEY AUTOINCREMENT,
  host       TEXT NOT NULL,
  pid        INTEGER NOT NULL,
  started_ms INTEGER NOT NULL) STRICT;
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
  error_kind      TEXT,
  error           TEXT,
  log             TEXT,
  exit_code       INTEGER,
  signal          INTEGER,
  declared        INTEGER,
  used            INTEGER,
  lost            TEXT CHECK(lost IS NULL OR json_valid(lost)),
  seconds         REAL,
  fit_seconds     REAL,
  predict_seconds REAL,
  score_seconds   REAL,
  peak_bytes      INTEGER,
  UNIQUE(cell_id, attempt),
  CHECK((state = 'running') = (ended_ms IS NULL))) STRICT;
CREATE UNIQUE INDEX run_one_ok ON run(cell_id) WHERE state = 'ok';
CREATE UNIQUE INDEX run_one_running ON run(cell_id) WHERE state = 'running';
CREATE TABLE stage(
  stage_id   INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  kind       TEXT NOT NULL,
  state      TEXT NOT NULL CHECK(state IN ('ok', 'failed', 'timeout', 'oom', 'killed', 'lost')),
  attempts   INTEGER NOT NULL,
  error      TEXT NOT NULL,
  seconds    REAL NOT NULL,
  bytes      INTEGER NOT NULL,
  facts      TEXT NOT NULL CHECK(json_valid(facts)),
  updated_ms INTEGER NOT NULL) STRICT;
CREATE TABLE run_stage(
  run_id   INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  stage_id INTEGER NOT NULL REFERENCES stage,
  PRIMARY KEY(run_id, stage_id)) STRICT, WITHOUT ROWID;
CREATE INDEX run_stage_by_stage ON run_stage(stage_id);
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
  kind             TEXT NOT NULL,
  help             TEXT NOT NULL,
  UNIQUE(name, version, unit, higher_is_better, kind)) STRICT;
CREATE TABLE metric(
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
  PRIMARY KEY(run_id, metric_id, slice_id)) STRICT, WITHOUT ROWID;
CREATE TABLE replicates(
  run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  metric_id INTEGER NOT NULL REFERENCES metric_definition,
  slice_id  INTEGER NOT NULL REFERENCES slice,
  samples   BLOB NOT NULL,
  UNIQUE(run_id, metric_id, slice_id)) STRICT;
CREATE TABLE prediction(
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  item   INTEGER NOT NULL,
  value  ANY,
  output TEXT,
  mark   REAL,
  marks  TEXT,
  PRIMARY KEY(run_id, item)) STRICT, WITHOUT ROWID;
CREATE TABLE curve(
  run_id    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name      TEXT NOT NULL,
  step      INTEGER NOT NULL,
  value     REAL,
  nonfinite TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
  CHECK((value IS NULL) = (nonfinite IS NOT NULL)),
  PRIMARY KEY(run_id, name, step)) STRICT, WITHOUT ROWID;
CREATE TABLE artifact(
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name   TEXT NOT NULL,
  path   TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes  INTEGER NOT NULL,
  PRIMARY KEY(run_id, name)) STRICT, WITHOUT ROWID;
CREATE TABLE comparison(
  comparison_id   INTEGER PRIMARY KEY,
  experiment_id   INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  axis            TEXT NOT NULL,
  base            TEXT NOT NULL,
  candidate       TEXT NOT NULL,
  hypothesis      TEXT NOT NULL,
  task            TEXT NOT NULL,
  slice_dimension TEXT NOT NULL,
  slice           TEXT NOT NULL,
  metric          TEXT NOT NULL,
  unit            TEXT NOT NULL,
  base_value      REAL,
  candidate_value REAL,
  delta           REAL,
  ci_low          REAL,
  ci_high         REAL,
  p_value         REAL,
  p_adjusted      REAL,
  correction      TEXT NOT NULL,
  method          TEXT NOT NULL,
  items           INTEGER NOT NULL,
  groups          INTEGER NOT NULL,
  seeds           INTEGER NOT NULL,
  missing         INTEGER NOT NULL,
  margin          REAL NOT NULL,
  verdict         TEXT NOT NULL,
  note            TEXT NOT NULL,
  created_ms      INTEGER NOT NULL) STRICT;
CREATE INDEX comparison_by_experiment ON comparison(experiment_id, axis, base);
ALTER TABLE experiment_cell ADD COLUMN pretrain_data TEXT
  CHECK(pretrain_data IS NULL OR json_valid(pretrain_data));
ALTER TABLE experiment_cell ADD COLUMN in_domain INTEGER CHECK(in_domain IN (0, 1));
CREATE VIEW result AS
SELECT e.name AS experiment, c.key AS cell_key, m.encoder, m.dataset, m.task, m.mapper,
       m.language_model, m.seed, m.fold, s.dimension AS slice_dimension, s.name AS slice,
       d.name AS metric, d.unit, v.value, v.nonfinite, v.n, v.ci_low, v.ci_high, v.no_interval,
       m.weights, m.variant, d.name = c.primary_metric AS is_primary, d.higher_is_better, r.run_id,
       m.position, m.pretrain_data, m.in_domain,
       (SELECT group_concat(g.key, ', ')
        FROM experiment_dataset x JOIN dataset t ON t.dataset_id = x.dataset_id
        CROSS JOIN json_each(t.info, '$.slices.gold_from') g
        WHERE x.experiment_id = e.experiment_id AND x.label = m.dataset) AS gold_from
FROM experiment e
CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id
CROSS JOIN cell c ON c.cell_id = m.cell_id AND c.split = 'test'
CROSS JOIN run r ON r.cell_id = m.cell_id AND r.state = 'ok'
CROSS JOIN metric v ON v.run_id = r.run_id
CROSS JOIN metric_definition d ON d.metric_id = v.metric_id
CROSS JOIN slice s ON s.slice_id = v.slice_id
WHERE e.latest = 1;
CREATE VIEW slice_delta AS
SELECT e.name AS experiment, a.name AS axis, bl.value AS base, cl.value AS candidate, m.task,
       s.dimension AS slice_dimension, s.name AS slice, d.name AS metric, d.unit,
       avg(bv.value) AS base_value, avg(cv.value) AS candidate_value,
       avg(cv.value - bv.value) AS delta,
       count(*) AS replicates,
       CAST(round(avg(min(bv.n, cv.n)) * count(DISTINCT m.fold)) AS INTEGER) AS items
FROM axis a
CROSS JOIN axis_value bl ON bl.axis_id = a.axis_id
CROSS JOIN axis_value cl ON cl.axis_id = a.axis_id AND cl.value_id <> bl.value_id
CROSS JOIN experiment e ON e.latest = 1
CROSS JOIN cell_axis bx ON bx.experiment_id = e.experiment_id AND bx.axis_id = a.axis_id
                       AND bx.value_id = bl.value_id
CROSS JOIN cell_axis cx ON cx.experiment_id = e.experiment_id AND cx.axis_id = a.axis_id
                       AND cx.value_id = cl.value_id AND cx.peer = bx.peer
CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id AND m.position = bx.position
CROSS JOIN cell c ON c.cell_id = bx.cell_id AND c.split = 'test'
CROSS JOIN run br ON br.cell_id = bx.cell_id AND br.state = 'ok'
CROSS JOIN run cr ON cr.cell_id = cx.cell_id AND cr.state = 'ok'
CROSS JOIN metric_definition d
CROSS JOIN metric bv ON bv.run_id = br.run_id AND bv.metric_id = d.metric_id
                    AND bv.value IS NOT NULL
CROSS JOIN metric cv ON cv.run_id = cr.run_id AND cv.metric_id = bv.metric_id
                    AND cv.slice_id = bv.slice_id AND cv.value IS NOT NULL
CROSS JOIN slice s ON s.slice_id = bv.slice_id
GROUP BY e.name, a.name, bl.value, cl.value, m.task, s.dimension, s.name, d.name, d.unit;
CREATE VIEW category_delta AS
SELECT experiment, axis, base, candidate, task, slice AS category, metric, unit, base_value,
       candidate_value, delta, replicates, items
FROM slice_delta
WHERE slice_dimension = 'category';
CREATE VIEW leaderboard AS
SELECT experiment, task, dataset, metric, unit,
       rank() OVER (PARTITION BY experiment, task, metric
                    ORDER BY CASE WHEN higher_is_better THEN -avg(value) ELSE avg(value) END) AS rank,
       encoder, weights, mapper, language_model, variant, avg(value) AS value,
       min(value) AS lowest, max(value) AS highest,
       count(DISTINCT seed) AS seeds, count(DISTINCT fold) AS folds, count(*) AS runs,
       max(pretrain_data) AS pretrain_data, max(in_domain) AS in_domain,
       max(gold_from) AS gold_from
FROM result
WHERE is_primary AND slice_dimension = 'all'
GROUP BY experiment, task, dataset, metric, unit, encoder, weights, mapper, language_model, variant;
CREATE VIEW published AS
SELECT e.name AS experiment, f.match, f.metric, avg(v.value) AS ours, f.value AS reference,
       avg(v.value) - f.value AS difference, count(v.value) AS runs,
       (SELECT count(*) FROM reference_cell x WHERE x.reference_id = f.reference_id) AS cells,
       f.source, f.protocol, f.comparable
FROM experiment e
CROSS JOIN reference f ON f.experiment_id = e.experiment_id
LEFT JOIN reference_cell x ON x.reference_id = f.reference_id
LEFT JOIN run r ON r.cell_id = x.cell_id AND r.state = 'ok'
LEFT JOIN metric v ON v.run_id = r.run_id
  AND v.metric_id IN (SELECT metric_id FROM metric_definition d WHERE d.name = f.metric)
  AND v.slice_id = (SELECT slice_id FROM slice WHERE dimension = 'all' AND name = 'all')
WHERE e.latest = 1
GROUP BY f.reference_id;
CREATE VIEW cell_state AS
SELECT e.name AS experiment, m.position, c.key AS cell_key, m.encoder, m.dataset, m.task, m.mapper,
       m.language_model, m.variant, m.seed, m.fold, c.split, coalesce(r.state, 'pending') AS state,
       coalesce(r.attempt, 0) AS attempts, r.run_id, r.error_kind, r.error, r.log, r.started_ms,
       r.ended_ms
FROM experiment e
CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id
CROSS JOIN cell c ON c.cell_id = m.cell_id
LEFT JOIN run r ON r.run_id = coalesce(
  (SELECT run_id FROM run WHERE cell_id = m.cell_id AND state = 'ok'),
  (SELECT run_id FROM run WHERE cell_id = m.cell_id ORDER BY attempt DESC LIMIT 1))
WHERE e.latest = 1;
CREATE VIEW failure AS
SELECT experiment, cell_key, encoder, dataset, task, mapper, language_model, variant, seed, fold,
       state, error_kind, error, attempts, log, run_id
FROM cell_state
WHERE state NOT IN ('ok', 'running', 'pending');
CREATE VIEW cost AS
WITH encoding AS (
  SELECT stage_id, key, kind, state, attempts, seconds, bytes,
         json_extract(facts, '$.audio_seconds') AS audio_seconds,
         json_extract(facts, '$.facts.parameters') AS parameters,
         json_extract(facts, '$.audio_seconds') / nullif(json_extract(facts, '$.encode_seconds'), 0)
           AS audio_per_second,
         json_extract(facts, '$.peak_bytes') AS peak_bytes,
         json_extract(facts, '$.facts.spec.frame_rate') AS frames_per_second,
         json_extract(facts, '$.facts.code_spec.bits_per_second') AS bits_per_second,
         json_extract(facts, '$.effective_rank') AS effective_rank,
         json_extract(facts, '$.reads') AS reads
  FROM stage WHERE kind IN ('pretrain', 'features'))
SELECT e.name AS experiment, s.kind, group_concat(DISTINCT m.encoder) AS encoder,
       group_concat(DISTINCT m.dataset) AS dataset, NULL AS task, s.key, s.state, s.attempts,
       count(DISTINCT m.cell_id) AS cells, s.seconds, s.bytes, s.audio_seconds, s.parameters,
       s.audio_per_second, s.peak_bytes, s.frames_per_second, s.bits_per_second, s.effective_rank,
       group_concat(DISTINCT m.variant) AS variant, s.reads
FROM experiment e
CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id
CROSS JOIN run r ON r.cell_id = m.cell_id
CROSS JOIN run_stage x ON x.run_id = r.run_id
CROSS JOIN encoding s ON s.stage_id = x.stage_id
WHERE e.latest = 1
GROUP BY e.experiment_id, s.stage_id
UNION ALL
SELECT e.name, 'cell', m.encoder, m.dataset, m.task, c.key,
       max(CASE WHEN r.state = 'ok' THEN 'ok' ELSE '' END), count(*), 1, sum(r.seconds),
       max(r.peak_bytes), NULL, s.parameters, s.audio_per_second, max(r.peak_bytes),
       s.frames_per_second, s.bits_per_second, s.effective_rank, m.variant, s.reads
FROM experiment e
CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id
CROSS JOIN cell c ON c.cell_id = m.cell_id
CROSS JOIN run r ON r.cell_id = m.cell_id AND r.ended_ms IS NOT NULL
LEFT JOIN encoding s ON s.stage_id = (
  SELECT max(x.stage_id) FROM run o
  JOIN run_stage x ON x.run_id = o.run_id
  JOIN stage f ON f.stage_id = x.stage_id AND f.kind = 'features'
  WHERE o.cell_id = m.cell_id)
WHERE e.latest = 1
GROUP BY e.experiment_id, m.cell_id;
