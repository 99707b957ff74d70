-- experiments: all experiments with their numbers of cells
SELECT experiment, count(*) AS cells, sum(state = 'ok') AS ok, sum(state = 'running') AS running,
       sum(state = 'pending') AS pending,
       sum(state NOT IN ('ok', 'running', 'pending', 'skipped')) AS not_ok,
       sum(state = 'skipped') AS skipped,
       datetime(max(ended_ms) / 1000, 'unixepoch') AS last_run_utc
FROM cell_state
WHERE :experiment IS NULL OR experiment = :experiment
GROUP BY experiment ORDER BY experiment;

-- results: the primary metric of every run over all items
SELECT experiment, encoder, task, mapper, language_model, variant, seed, fold, metric, unit, value,
       ci_low, ci_high, n
FROM result
WHERE is_primary AND slice_dimension = 'all'
  AND (:experiment IS NULL OR experiment = :experiment)
  AND (:encoder IS NULL OR encoder = :encoder) AND (:task IS NULL OR task = :task)
ORDER BY experiment, position;

-- slices: the primary metric per slice, mean over seeds and folds
SELECT experiment, task, encoder, slice_dimension, slice, metric, avg(value) AS value, sum(n) AS n
FROM result
WHERE is_primary AND (:experiment IS NULL OR experiment = :experiment)
  AND (:dimension IS NULL OR slice_dimension = :dimension)
GROUP BY experiment, task, encoder, slice_dimension, slice, metric
ORDER BY experiment, task, slice_dimension, slice, value DESC;

-- leaderboard: encoders ranked by the primary metric of each task
SELECT experiment, task, rank, encoder, weights, pretrain_data, in_domain, mapper, language_model,
       variant, metric, value, lowest, highest, seeds, folds
FROM leaderboard
WHERE (:experiment IS NULL OR experiment = :experiment) AND (:task IS NULL OR task = :task)
ORDER BY experiment, task, metric, rank;

-- sensitivity: share of codes that a step in one physical quantity changes, per codebook
SELECT experiment, encoder, variant, task, metric,
       max(CASE WHEN slice = 'same' THEN shown END) AS same,
       max(CASE WHEN slice = 'shift' THEN shown END) AS shift,
       max(CASE WHEN slice = 'gain' THEN shown END) AS gain,
       max(CASE WHEN slice = 'distance' THEN shown END) AS distance,
       max(CASE WHEN slice = 'reverberation' THEN shown END) AS reverberation,
       max(CASE WHEN slice = 'noise' THEN shown END) AS noise,
       max(CASE WHEN slice = 'recorder' THEN shown END) AS recorder
FROM (SELECT *, printf('%.3f', value) ||
             CASE WHEN ci_low IS NULL THEN '' ELSE printf(' [%.3f, %.3f]', ci_low, ci_high) END
             AS shown
      FROM result
      WHERE slice_dimension = 'quantity' AND (metric GLOB 'changed*' OR metric = 'relative'))
WHERE (:experiment IS NULL OR experiment = :experiment)
  AND (:encoder IS NULL OR encoder = :encoder) AND (:task IS NULL OR task = :task)
GROUP BY experiment, encoder, variant, task, metric
ORDER BY experiment, encoder, variant, task, metric;

-- deltas: differences from a base per slice, in the primary metric or another
SELECT experiment, axis, base, candidate, task, slice_dimension, slice, metric, base_value,
       candidate_value, delta, replicates, items
FROM slice_delta
WHERE (:experiment IS NULL OR experiment = :experiment) AND axis = coalesce(:axis, 'encoder')
  AND (:base IS NULL OR base = :base) AND (:candidate IS NULL OR candidate = :candidate)
  AND (:dimension IS NULL OR slice_dimension = :dimension)
  AND CASE WHEN :metric IS NULL THEN is_primary ELSE metric = :metric END
ORDER BY experiment, base, candidate, task, metric, slice_dimension <> 'all', slice_dimension, slice;

-- comparisons: differences with intervals and p-values, from the last `runner compare`
SELECT e.name AS experiment, c.hypothesis, c.base, c.candidate, c.condition, c.task,
       c.slice_dimension, c.slice, c.metric, c.delta, c.ci_low, c.ci_high, c.p_adjusted, c.items,
       c.verdict, c.note
FROM comparison c JOIN experiment e ON e.experiment_id = c.experiment_id AND e.latest = 1
WHERE :experiment IS NULL OR e.name = :experiment
ORDER BY c.comparison_id;

-- published: published numbers next to ours
SELECT experiment, match, metric, ours, reference, difference, runs, cells, source, comparable
FROM published
WHERE :experiment IS NULL OR experiment = :experiment;

-- failures: cells that are not ok or were skipped, with the reason
SELECT experiment, cell, encoder, task, seed, fold, state, error_kind, error, attempts
FROM failure
WHERE :experiment IS NULL OR experiment = :experiment;

-- training: the latest point of each curve of current trainings
SELECT experiment, kind, cell, encoder, task, seed, fold, curve, step,
       coalesce(value, nonfinite) AS value
FROM (SELECT *, max(step) OVER (PARTITION BY experiment, kind, cell, curve) AS last
      FROM training
      WHERE state = 'running' AND (:experiment IS NULL OR experiment IN (:experiment, '')))
WHERE step = last
ORDER BY experiment, kind, cell, curve;

-- curves: all points of training curves, even while a model trains
SELECT experiment, kind, cell, encoder, task, seed, fold, state, curve, step,
       coalesce(value, nonfinite) AS value
FROM training
WHERE (:experiment IS NULL OR experiment IN (:experiment, ''))
  AND (:encoder IS NULL OR encoder = :encoder) AND (:task IS NULL OR task = :task)
  AND (:curve IS NULL OR curve = :curve)
ORDER BY experiment, kind, encoder, task, seed, fold, cell, curve, step;

-- cost: seconds and bytes by kind of work and encoder
SELECT experiment, kind, encoder, sum(cells) AS cells, sum(attempts) AS attempts,
       sum(seconds) AS seconds, max(bytes) AS largest_bytes, sum(audio_seconds) AS audio_seconds
FROM cost
WHERE :experiment IS NULL OR experiment = :experiment
GROUP BY experiment, kind, encoder ORDER BY seconds DESC;

-- encoders: size, speed, rates and effective rank of each encoder's features
SELECT experiment, encoder, reads, variant, dataset, parameters,
       round(audio_per_second, 1) AS audio_per_second,
       round(peak_bytes / 1048576.0) AS peak_mib, frames_per_second, bits_per_second,
       round(effective_rank, 1) AS effective_rank
FROM cost
WHERE kind = 'features' AND (:experiment IS NULL OR experiment = :experiment)
ORDER BY experiment, dataset, encoder, reads, variant;

-- hardest: items that most runs got wrong, or with the largest error, and the predictions
SELECT experiment, task, item, count(*) AS runs, round(avg(correct), 3) AS right,
       round(avg(coalesce(abs(number - CAST(gold AS REAL)),
                          CASE WHEN correct IS NULL
                                AND coalesce(json_type(labels, '$."' || target || '"'), '')
                                    NOT IN ('integer', 'real') THEN mark END)), 3) AS error,
       question, gold,
       group_concat(DISTINCT coalesce(value, output)) AS said
FROM answer
WHERE (:experiment IS NULL OR experiment = :experiment) AND (:task IS NULL OR task = :task)
  AND (:encoder IS NULL OR encoder = :encoder)
GROUP BY experiment, task, item
HAVING right IS NOT NULL OR error IS NOT NULL
ORDER BY right IS NULL, right, error DESC, runs DESC, item LIMIT 20;

-- dropped-items: runs that used fewer items than their dataset declares
SELECT s.experiment, s.cell, s.encoder, s.task, r.declared, r.used, r.lost
FROM cell_state s JOIN run r ON r.run_id = s.run_id
WHERE r.used < r.declared AND (:experiment IS NULL OR s.experiment = :experiment);

-- left-out: rows and files that are in no item of a dataset, the first with their reasons
SELECT e.name AS experiment, x.label AS dataset, d.rows_left_out, d.files_left_out,
       w.value AS example
FROM experiment e
JOIN experiment_dataset x ON x.experiment_id = e.experiment_id
JOIN dataset d ON d.dataset_id = x.dataset_id
JOIN json_each(d.left_out) w
WHERE e.latest = 1 AND (:experiment IS NULL OR e.name = :experiment)
ORDER BY experiment, dataset, w.key;

-- provenance: code, host and device of the runs
SELECT v.earshot_commit, v.git_commit, v.git_dirty, v.host, v.device, count(*) AS runs,
       datetime(max(r.ended_ms) / 1000, 'unixepoch') AS last_run_utc
FROM run r JOIN provenance v USING (provenance_id)
GROUP BY v.provenance_id ORDER BY last_run_utc DESC;
