-- The stable interface for users. All views show the latest revision of each experiment, and only
-- numbers of test items. `cell` is the first characters of cell_key.
-- CROSS JOIN fixes the order of the joins in SQLite: from few rows to many, whatever the file holds.
-- Conditions are in WHERE, and every column has a type, so that DuckDB can read the views as well.

-- One row for each ok run, slice and metric. All items together are slice 'all' of dimension 'all'.
CREATE VIEW result AS
SELECT e.name AS experiment, substr(c.key, 1, 12) AS cell, m.encoder, m.dataset, m.task, m.mapper,
       m.language_model, m.seed, m.fold, s.dimension AS slice_dimension, s.name AS slice,
       d.name AS metric, d.unit, v.value, v.nonfinite, v.n, v.ci_low, v.ci_high, v.no_interval,
       m.weights, m.variant, d.name = c.primary_metric AS is_primary, d.higher_is_better, r.run_id,
       m.position, m.pretrain_data, m.in_domain, t.gold_from, c.key AS cell_key
FROM experiment e
CROSS JOIN experiment_cell m
CROSS JOIN cell c
CROSS JOIN dataset t
CROSS JOIN run r
CROSS JOIN metric v
CROSS JOIN metric_definition d
CROSS JOIN slice s
WHERE e.latest = 1 AND m.experiment_id = e.experiment_id
  AND c.cell_id = m.cell_id AND c.split = 'test' AND t.dataset_id = c.dataset_id
  AND r.cell_id = m.cell_id AND r.state = 'ok' AND v.run_id = r.run_id
  AND d.metric_id = v.metric_id AND s.slice_id = v.slice_id;

-- How a candidate on any axis differs from a base, slice by slice: plain means over pairs of runs
-- that differ in nothing else. Intervals and p-values are the work of `runner compare`, see the
-- table `comparison`.
-- Two things are for speed: SQLite does not test a condition again for each pair of metrics if a `+`
-- keeps it from deriving others from it, and rows are sorted faster by what differs among them first.
CREATE VIEW slice_delta AS
SELECT e.name AS experiment, a.name AS axis, bl.value AS base, cl.value AS candidate, m.task,
       s.dimension AS slice_dimension, s.name AS slice, d.name AS metric, d.unit,
       avg(bv.value) AS base_value, avg(cv.value) AS candidate_value,
       avg(cv.value - bv.value) AS delta,
       count(*) AS replicates,                                 -- pairs of runs
       CAST(round(avg(CASE WHEN bv.n < cv.n THEN bv.n ELSE cv.n END) * count(DISTINCT m.fold))
            AS INTEGER) AS items,
       d.name = c.primary_metric AS is_primary
FROM axis a
CROSS JOIN axis_value bl
CROSS JOIN axis_value cl
CROSS JOIN experiment e
CROSS JOIN cell_axis bx
CROSS JOIN cell_axis cx
CROSS JOIN experiment_cell m
CROSS JOIN cell c
CROSS JOIN cell k
CROSS JOIN run br
CROSS JOIN run cr
CROSS JOIN metric_definition d
CROSS JOIN metric bv
CROSS JOIN metric cv
CROSS JOIN slice s
WHERE bl.axis_id = a.axis_id AND cl.axis_id = a.axis_id AND cl.value_id <> bl.value_id
  AND e.latest = 1
  AND bx.experiment_id = e.experiment_id AND bx.axis_id = a.axis_id AND bx.value_id = bl.value_id
  AND cx.experiment_id = e.experiment_id AND cx.axis_id = a.axis_id AND cx.value_id = cl.value_id
  AND cx.peer = bx.peer
  AND m.experiment_id = e.experiment_id AND m.position = bx.position
  AND c.cell_id = bx.cell_id AND c.split = 'test'
  AND k.cell_id = cx.cell_id AND k.split = 'test'
  AND br.cell_id = bx.cell_id AND br.state = 'ok'
  AND cr.cell_id = cx.cell_id AND cr.state = 'ok'
  AND bv.run_id = br.run_id AND bv.metric_id = d.metric_id AND bv.value IS NOT NULL
  AND cv.run_id = +cr.run_id AND cv.metric_id = +bv.metric_id AND cv.slice_id = +bv.slice_id
  AND cv.value IS NOT NULL AND s.slice_id = +bv.slice_id
GROUP BY m.task, s.slice_id, d.name, d.unit, c.primary_metric, bl.value, cl.value, e.name, a.name,
         s.dimension, s.name;

-- The same for the dimension `category`.
CREATE VIEW category_delta AS
SELECT experiment, axis, base, candidate, task, slice AS category, metric, unit, base_value,
       candidate_value, delta, replicates, items, is_primary
FROM slice_delta
WHERE slice_dimension = 'category';

-- The primary metric of each task over all items, mean over seeds and folds, best first.
CREATE VIEW leaderboard AS
SELECT experiment, task, dataset, metric, unit,
       rank() OVER (PARTITION BY experiment, task, metric
                    ORDER BY CASE WHEN higher_is_better = 1 THEN -avg(value) ELSE avg(value) END)
         AS rank,
       encoder, weights, mapper, language_model, variant, avg(value) AS value,
       min(value) AS lowest, max(value) AS highest,
       count(DISTINCT seed) AS seeds, count(DISTINCT fold) AS folds, count(*) AS runs,
       max(pretrain_data) AS pretrain_data, max(in_domain) AS in_domain,
       max(gold_from) AS gold_from
FROM result
WHERE is_primary AND slice_dimension = 'all'
GROUP BY experiment, task, dataset, metric, unit, higher_is_better, encoder, weights, mapper,
         language_model, variant;

-- What each ok run said about each test item, beside question and truth.
CREATE VIEW answer AS
SELECT e.name AS experiment, substr(c.key, 1, 12) AS cell, m.encoder, m.dataset, m.task, m.mapper,
       m.language_model, m.variant, m.seed, m.fold, i.id AS item, i.question, i.choices,
       CASE WHEN c.target <> '' THEN CAST((i.labels ->> ('$."' || c.target || '"')) AS TEXT)
            ELSE CAST((i.answers ->> '$[0]') AS TEXT) END AS gold,
       i.answers, p.value, p.number, p.output, p.mark,
       CASE WHEN EXISTS (SELECT 1 FROM metric_definition d CROSS JOIN metric v
                         WHERE d.name = c.primary_metric AND d.higher_is_better = 0
                           AND v.run_id = r.run_id AND v.metric_id = d.metric_id) THEN NULL
            WHEN c.target <> ''            -- the label is a number
              AND instr('-0123456789',
                        substr(CAST((i.labels -> ('$."' || c.target || '"')) AS TEXT), 1, 1)) > 0
              THEN NULL
            WHEN p.mark IS NOT NULL THEN p.mark
            WHEN c.target = '' OR p.number IS NOT NULL
              OR (i.labels ->> ('$."' || c.target || '"')) IS NULL
              OR substr((i.labels ->> ('$."' || c.target || '"')), 1, 1) = '[' THEN NULL
            WHEN p.value = CAST((i.labels ->> ('$."' || c.target || '"')) AS TEXT) THEN 1.0
            ELSE 0.0 END AS correct,
       p.marks, p.scores, p.candidates, c.target, c.primary_metric, i.labels, i.slices, i.groups,
       r.run_id, m.position, p.item AS item_position, c.key AS cell_key
FROM experiment e
CROSS JOIN experiment_cell m
CROSS JOIN cell c
CROSS JOIN run r
CROSS JOIN prediction p
CROSS JOIN item i
WHERE e.latest = 1 AND m.experiment_id = e.experiment_id
  AND c.cell_id = m.cell_id AND c.split = 'test' AND r.cell_id = m.cell_id AND r.state = 'ok'
  AND p.run_id = r.run_id AND i.dataset_id = c.dataset_id AND i.position = p.item;

-- Published numbers beside ours: the mean over the matching runs.
CREATE VIEW published AS
WITH ours AS (
  SELECT f.reference_id, x.cell_id, v.value
  FROM reference f
  CROSS JOIN reference_cell x
  CROSS JOIN run r
  CROSS JOIN metric v
  CROSS JOIN metric_definition d
  CROSS JOIN slice s
  WHERE x.reference_id = f.reference_id AND r.cell_id = x.cell_id AND r.state = 'ok'
    AND v.run_id = r.run_id AND d.metric_id = v.metric_id AND d.name = f.metric
    AND s.slice_id = v.slice_id AND s.dimension = 'all' AND s.name = 'all')
SELECT e.name AS experiment, f.match, f.metric, avg(o.value) AS ours, f.value AS reference,
       avg(o.value) - f.value AS difference, count(o.value) AS runs,
       count(DISTINCT x.cell_id) AS cells, f.source, f.protocol, f.comparable
FROM experiment e
JOIN reference f ON f.experiment_id = e.experiment_id
LEFT JOIN reference_cell x ON x.reference_id = f.reference_id
LEFT JOIN ours o ON o.reference_id = x.reference_id AND o.cell_id = x.cell_id
WHERE e.latest = 1
GROUP BY e.name, f.reference_id, f.match, f.metric, f.value, f.source, f.protocol, f.comparable;

-- Every cell with its state: that of its ok run, else of its last attempt, else 'pending';
-- 'skipped' where it cannot run.
CREATE VIEW cell_state AS
SELECT e.name AS experiment, m.position, substr(c.key, 1, 12) AS cell, m.encoder, m.dataset, m.task,
       m.mapper, m.language_model, m.variant, m.seed, m.fold, coalesce(c.split, 'test') AS split,
       CASE WHEN m.skipped IS NOT NULL THEN 'skipped' ELSE coalesce(r.state, 'pending') END AS state,
       coalesce(r.attempt, 0) AS attempts, r.run_id,
       CASE WHEN m.skipped IS NOT NULL THEN 'skipped' ELSE r.error_kind END AS error_kind,
       coalesce(m.skipped, r.error) AS error, r.log, r.started_ms, r.ended_ms, c.key AS cell_key
FROM experiment e
JOIN experiment_cell m ON m.experiment_id = e.experiment_id
LEFT JOIN cell c ON c.cell_id = m.cell_id
LEFT JOIN run r ON r.run_id = coalesce(
  (SELECT o.run_id FROM run o WHERE o.cell_id = m.cell_id AND o.state = 'ok'),
  (SELECT max(o.run_id) FROM run o WHERE o.cell_id = m.cell_id))
WHERE e.latest = 1;

-- Cells whose last attempt is not ok, or that cannot run, with why.
CREATE VIEW failure AS
SELECT experiment, cell, encoder, dataset, task, mapper, language_model, variant, seed, fold,
       state, error_kind, error, attempts, log, run_id, cell_key
FROM cell_state
WHERE state NOT IN ('ok', 'running', 'pending');

-- Points of training curves: of the ok run of each cell, else of its last attempt, also while it
-- trains; and, as kind 'pretrain', of the training of encoders and language models.
CREATE VIEW training AS
SELECT s.experiment, 'cell' AS kind, s.cell, s.encoder, s.task, s.mapper, s.language_model,
       s.variant, s.seed, s.fold, s.state, v.name AS curve, v.step, v.value, v.nonfinite, s.run_id
FROM cell_state s
JOIN curve v ON v.run_id = s.run_id
UNION ALL
SELECT '', t.kind, substr(t.key, 1, 12), '', '', '', '', '', NULL, NULL, t.state, v.name,
       v.step, v.value, v.nonfinite, NULL
FROM stage t
JOIN stage_curve v ON v.stage_id = t.stage_id;

-- What it cost. Work shared by cells (features, pretraining) has one row per experiment and stage;
-- the attempts at cells, also those in vain, have one row per cell, of kind 'cell', whatever labels
-- share it. Both say what is known of the encoder: a cell from the features that it read last.
CREATE VIEW cost AS
WITH encoding AS (
  SELECT stage_id, key, kind, state, attempts, seconds, bytes,
         CAST((facts ->> '$.audio_seconds') AS DOUBLE) AS audio_seconds,
         CAST((facts ->> '$.encode_seconds') AS DOUBLE) AS encode_seconds,
         CAST((facts ->> '$.facts.parameters') AS BIGINT) AS parameters,
         CAST((facts ->> '$.peak_bytes') AS BIGINT) AS peak_bytes,
         CAST((facts ->> '$.facts.spec.frame_rate') AS DOUBLE) AS frames_per_second,
         CAST((facts ->> '$.facts.code_spec.bits_per_second') AS DOUBLE) AS bits_per_second,
         CAST((facts ->> '$.effective_rank') AS DOUBLE) AS effective_rank,
         CAST((facts ->> '$.reads') AS TEXT) AS reads,
         CAST((facts ->> '$.label') AS TEXT) AS trained       -- what pretraining trains
  FROM stage WHERE kind IN ('pretrain', 'features')),
used AS (
  SELECT e.experiment_id, e.name AS experiment, x.stage_id, m.encoder, m.dataset, m.variant,
         m.cell_id
  FROM experiment e
  CROSS JOIN experiment_cell m
  CROSS JOIN run r
  CROSS JOIN run_stage x
  WHERE e.latest = 1 AND m.experiment_id = e.experiment_id AND r.cell_id = m.cell_id
    AND x.run_id = r.run_id),
read_last AS (
  SELECT r.cell_id, max(x.stage_id) AS stage_id
  FROM run r
  JOIN run_stage x ON x.run_id = r.run_id
  JOIN stage f ON f.stage_id = x.stage_id AND f.kind = 'features'
  GROUP BY r.cell_id),
tried AS (
  SELECT r.cell_id, max(CASE WHEN r.state = 'ok' THEN 'ok' ELSE '' END) AS state,
         count(*) AS attempts, sum(r.seconds) AS seconds, max(r.peak_bytes) AS peak_bytes
  FROM run r
  WHERE r.ended_ms IS NOT NULL
  GROUP BY r.cell_id),
attempted AS (
  SELECT e.name AS experiment, group_concat(DISTINCT m.encoder) AS encoder,
         group_concat(DISTINCT m.dataset) AS dataset, group_concat(DISTINCT m.task) AS task,
         group_concat(DISTINCT m.variant) AS variant, c.key, m.cell_id, t.state, t.attempts,
         t.seconds, t.peak_bytes
  FROM experiment e
  JOIN experiment_cell m ON m.experiment_id = e.experiment_id
  JOIN cell c ON c.cell_id = m.cell_id
  JOIN tried t ON t.cell_id = m.cell_id
  WHERE e.latest = 1
  GROUP BY e.experiment_id, e.name, c.key, m.cell_id, t.state, t.attempts, t.seconds,
           t.peak_bytes)
SELECT u.experiment, s.kind, coalesce(s.trained, group_concat(DISTINCT u.encoder)) AS encoder,
       group_concat(DISTINCT u.dataset) AS dataset, NULL AS task, substr(s.key, 1, 12) AS key,
       s.state, s.attempts, count(DISTINCT u.cell_id) AS cells, s.seconds, s.bytes,
       s.audio_seconds, s.parameters, s.audio_seconds / nullif(s.encode_seconds, 0)
         AS audio_per_second,
       s.encode_seconds / nullif(s.audio_seconds, 0) AS real_time_factor, s.peak_bytes,
       s.frames_per_second, s.bits_per_second, s.effective_rank,
       group_concat(DISTINCT u.variant) AS variant, s.reads
FROM used u
JOIN encoding s ON s.stage_id = u.stage_id
GROUP BY u.experiment_id, u.experiment, s.stage_id, s.kind, s.key, s.state, s.attempts, s.seconds,
         s.bytes, s.audio_seconds, s.encode_seconds, s.parameters, s.peak_bytes,
         s.frames_per_second, s.bits_per_second, s.effective_rank, s.reads, s.trained
UNION ALL
SELECT a.experiment, 'cell', a.encoder, a.dataset, a.task, substr(a.key, 1, 12), a.state,
       a.attempts, 1, a.seconds, a.peak_bytes, NULL, s.parameters,
       s.audio_seconds / nullif(s.encode_seconds, 0),
       s.encode_seconds / nullif(s.audio_seconds, 0), a.peak_bytes, s.frames_per_second,
       s.bits_per_second, s.effective_rank, a.variant, s.reads
FROM attempted a
LEFT JOIN read_last l ON l.cell_id = a.cell_id
LEFT JOIN encoding s ON s.stage_id = l.stage_id;
