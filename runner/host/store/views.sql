-- What users read, and what stays stable. All of them show the latest revision of each experiment,
-- and only numbers of test items.
-- CROSS JOIN fixes the order of the joins: from the few to the many, whatever the file holds.

-- One row for each ok run, slice and metric. All items together are slice 'all' of dimension 'all'.
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

-- How a candidate on any axis differs from a base, slice by slice: plain means over pairs of runs
-- that differ in nothing else. Intervals and p-values are the work of `runner compare`, see the
-- table `comparison`.
CREATE VIEW slice_delta AS
SELECT e.name AS experiment, a.name AS axis, bl.value AS base, cl.value AS candidate, m.task,
       s.dimension AS slice_dimension, s.name AS slice, d.name AS metric, d.unit,
       avg(bv.value) AS base_value, avg(cv.value) AS candidate_value,
       avg(cv.value - bv.value) AS delta,
       count(*) AS replicates,                                 -- pairs of runs
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

-- The same for the dimension `category`.
CREATE VIEW category_delta AS
SELECT experiment, axis, base, candidate, task, slice AS category, metric, unit, base_value,
       candidate_value, delta, replicates, items
FROM slice_delta
WHERE slice_dimension = 'category';

-- The primary metric of each task over all items, mean over seeds and folds, best first.
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

-- Published numbers beside ours: the mean over the matching runs.
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

-- Every cell with its state: that of its ok run, else of its last attempt, else 'pending'.
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

-- Cells whose last attempt is not ok, with why.
CREATE VIEW failure AS
SELECT experiment, cell_key, encoder, dataset, task, mapper, language_model, variant, seed, fold,
       state, error_kind, error, attempts, log, run_id
FROM cell_state
WHERE state NOT IN ('ok', 'running', 'pending');

-- What it cost. Work shared by cells (features, pretraining) has one row per experiment and stage;
-- the attempts at cells, also those in vain, have one row per cell, of kind 'cell'. Both say what is
-- known of the encoder: a cell from the features that it read last.
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
