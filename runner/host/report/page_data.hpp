#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/store/store.hpp"
#include "protocol/fields.hpp"

// What a report shows, as the JSON that the page (page/) reads. All of it comes from the read
// models of host/store and from host/analyse, so that each number equals that of the command which
// prints it. Texts are as they were recorded: the page shows them as text, whatever they contain.

namespace earshot::host {

using protocol::OrNull;

/// A difference candidate - base, as `runner compare` prints it.
struct ReportedDifference {
  std::string label{};  ///< task, slice or condition, what distinguishes it from its neighbours
  /// "whole": the claim; "part": must hold for the claim to hold; "averaged": enters the claim's
  /// mean; "control": a control compared with the same base; "line": of an exploratory comparison
  std::string role{};
  std::string base{}, candidate{};
  std::string metric{}, unit{};
  bool higher_is_better = true;
  OrNull<double> delta{}, low{}, high{};  ///< 95 % interval; null without one
  OrNull<double> p{};                     ///< adjusted if role is "whole" or "line"
  OrNull<double> base_value{}, candidate_value{};
  std::int64_t items = 0, groups = 0, seeds = 0;
  std::int64_t missing = 0;  ///< pairs of runs that lack one side
  std::string note{};        ///< why there is no interval, or why it decides nothing; other notes
  bool significant = false;  ///< the interval excludes 0 and the adjusted p is below 0.05
};
EARSHOT_FIELDS(ReportedDifference, label, role, base, candidate, metric, unit, higher_is_better,
               delta, low, high, p, base_value, candidate_value, items, groups, seeds, missing,
               note, significant)

/// A [[hypothesis]] and its verdict.
struct ReportedClaim {
  std::string name{}, claim{};  ///< claim: "mimi > htsat"
  std::string relation{};       ///< ">", "<" or "=": what it says of the candidate
  std::string verdict{};        ///< supported, contradicted, undecided, not testable, saturated
  std::string sentence{};       ///< the verdict with its reason
  std::string base{}, candidate{};
  double margin = 0;
  std::vector<ReportedDifference> differences{};  ///< the whole first
};
EARSHOT_FIELDS(ReportedClaim, name, claim, relation, verdict, sentence, base, candidate, margin,
               differences)

/// All values of the compared axis with one of them: `runner compare EXPERIMENT`.
struct ReportedComparison {
  std::string axis{}, base{};
  std::vector<ReportedDifference> lines{};
  std::vector<std::string> remarks{};  ///< on the whole comparison, and on weights and answers
};
EARSHOT_FIELDS(ReportedComparison, axis, base, lines, remarks)

/// A row of the table of scores: an encoder with the values of its option axes.
struct ReportedRow {
  std::string label{}, encoder{};             ///< encoder: "" for cells that use none
  std::string control{};                      ///< why it is a control; "" if it is not
  std::map<std::string, std::string> axes{};  ///< its value on each axis of encoders
  /// What it is, for results: option or file, and value. Of the first of its cells that can run.
  std::vector<std::pair<std::string, std::string>> configuration{};
};
EARSHOT_FIELDS(ReportedRow, label, encoder, control, axes, configuration)

/// A column of the table of scores: a task with the values of all axes that are not the encoder's.
struct ReportedColumn {
  std::string label{}, task{};
  std::string metric{}, unit{};  ///< of its finished cells; "" if none is finished
  bool higher_is_better = true;
  OrNull<double> chance{}, majority{};  ///< means over its cells; null if they do not report it
  std::map<std::string, std::string> axes{};  ///< its value on each other axis
  /// As of a row: the task with its dataset, mapper and language model, without seed and fold.
  std::vector<std::pair<std::string, std::string>> configuration{};
};
EARSHOT_FIELDS(ReportedColumn, label, task, metric, unit, higher_is_better, chance, majority, axes,
               configuration)

/// The primary metric of a row and column over all items.
struct ReportedScore {
  std::size_t row = 0, column = 0;
  OrNull<double> value{};              ///< mean over its finished runs, as in the view leaderboard
  OrNull<double> lowest{}, highest{};  ///< of these runs
  OrNull<double> low{}, high{};        ///< 95 % interval if it is a single run; else null
  std::int64_t n = 0;                  ///< items for one seed: folds add up, seeds share them
  std::int64_t seeds = 0, folds = 0;
  std::int64_t finished = 0, planned = 0;  ///< cells
  /// "best" of its column; "tied": no supported difference from the best; "behind": a supported
  /// one; "untested": no interval, or never paired with the best; "" if nothing is finished
  std::string standing{};
  std::optional<ReportedDifference> from_best{};  ///< this minus the best, if they were paired
  std::string state{};   ///< of the cells that are not finished: failed, skipped, pending ...
  std::string reason{};  ///< the errors of these cells, each once
};
EARSHOT_FIELDS(ReportedScore, row, column, value, lowest, highest, low, high, n, seeds, folds,
               finished, planned, standing, from_best, state, reason)

/// The primary metric of a row and column in one slice.
struct ReportedSlice {
  std::size_t row = 0, column = 0;
  std::string dimension{}, slice{};
  OrNull<double> value{}, lowest{}, highest{};  ///< as in ReportedScore
  std::int64_t n = 0, seeds = 0;
};
EARSHOT_FIELDS(ReportedSlice, row, column, dimension, slice, value, lowest, highest, n, seeds)

/// What the cells of a row and column cost, and what is known about the encoder; null if unknown.
struct ReportedCost {
  std::size_t row = 0, column = 0;
  double seconds = 0;  ///< all attempts at its cells, without features, which cells share
  OrNull<double> parameters{}, milliseconds_per_second{};  ///< of encoding, per second of audio
  OrNull<double> frames_per_second{}, bits_per_second{}, effective_rank{}, peak_bytes{};
};
EARSHOT_FIELDS(ReportedCost, row, column, seconds, parameters, milliseconds_per_second,
               frames_per_second, bits_per_second, effective_rank, peak_bytes)

/// One learning curve.
struct ReportedCurve {
  std::string row{}, column{};  ///< labels; for pretraining what is trained, and "pretraining"
  std::int64_t seed = 0, fold = 0;
  std::string state{}, name{};                                    ///< name: loss, validation ...
  std::vector<std::pair<std::int64_t, OrNull<double>>> points{};  ///< step, value; null: not finite
  std::int64_t recorded = 0;  ///< number of points in the results file; more if some are left out
};
EARSHOT_FIELDS(ReportedCurve, row, column, seed, fold, state, name, points, recorded)

/// What a codec makes of an item: as its training left it, or an evaluation. Of sounds and picture
/// the SHA-256, by which the page asks for them; "" if there is none.
struct ReportedSample {
  std::string row{}, column{};  ///< as in ReportedCurve
  std::int64_t seed = 0, fold = 0;
  std::int64_t training = 0;      ///< its number on the page: samples with the same belong together
  std::string state{}, name{};    ///< name: "sample_0"
  OrNull<std::int64_t> step{};    ///< of the training; null if unknown
  std::string before{}, after{};  ///< sounds
  std::string picture{};          ///< of both
};
EARSHOT_FIELDS(ReportedSample, row, column, seed, fold, training, state, name, step, before, after,
               picture)

/// A dot: how far a candidate is from the base by probes, and by questions.
struct ReportedGap {
  std::string candidate{}, base{};  ///< encoders
  std::string question{};           ///< the task that asks, with what distinguishes its condition
  std::string probe{};              ///< the probe, or "mean over event, room"
  /// How the two sides belong together: "dataset": the same one; "slice": the same slice of it;
  /// "name": the slice of the questions is called like the probe or its label
  std::string matched{};
  std::string label{};  ///< the dataset, or "category mood"
  ReportedDifference probe_gap{}, question_gap{};
};
EARSHOT_FIELDS(ReportedGap, candidate, base, question, probe, matched, label, probe_gap,
               question_gap)

/// Spearman's correlation of the dots of one kind, task and candidate, each in the direction of
/// improvement (statistics::RankCorrelation).
struct ReportedCorrelation {
  std::string matched{}, question{}, candidate{};  ///< as in ReportedGap
  std::int64_t dots = 0;
  OrNull<double> rho{}, p{};
  std::string note{};  ///< why there is none
};
EARSHOT_FIELDS(ReportedCorrelation, matched, question, candidate, dots, rho, p, note)

/// What was right by what was said, in a row and column: of one seed and all of its folds, so that
/// each item counts once.
struct ReportedConfusion {
  std::size_t row = 0, column = 0;
  std::int64_t seed = 0;
  std::vector<std::string> classes{};
  std::int64_t others = 0;  ///< classes that are counted together, after all of `classes`
  /// Index of the right class, of the class said, and how often; without zeros.
  std::vector<std::vector<std::int64_t>> counts{};
};
EARSHOT_FIELDS(ReportedConfusion, row, column, seed, classes, others, counts)

/// An item on which sides disagree.
struct ReportedItem {
  std::int64_t position = 0;  ///< in its dataset
  std::string id{}, question{}, truth{};
  std::vector<std::string> choices{};
  std::map<std::string, std::string> slices{};  ///< by dimension
};
EARSHOT_FIELDS(ReportedItem, position, id, question, truth, choices, slices)

/// What one seed of a row and column said about the items of ReportedAnswers, one element each.
struct ReportedSide {
  std::size_t experiment = 0;  ///< index on the page
  std::size_t row = 0, column = 0;
  std::int64_t seed = 0;
  std::vector<std::int64_t> said{};     ///< index of the texts; -1: nothing
  std::vector<std::int64_t> outputs{};  ///< likewise what a language model wrote, if that differs
  std::string right{};                  ///< a character each: '1', '0', or ' ' if not defined
  /// Of the answer that was given and of the right one; empty if there are none.
  std::vector<OrNull<double>> scores{}, truth_scores{};
};
EARSHOT_FIELDS(ReportedSide, experiment, row, column, seed, said, outputs, right, scores,
               truth_scores)

/// Items of a dataset that some side has right and another wrong, in one label or in answers to
/// questions.
struct ReportedAnswers {
  std::string dataset{}, target{};  ///< target: the label; "" for answers to questions
  std::string dataset_key{};        ///< by which the page asks for the audio of items
  std::int64_t found = 0;           ///< number of such items; more if some are left out
  std::vector<std::string> texts{};
  std::vector<ReportedItem> items{};
  std::vector<ReportedSide> sides{};
};
EARSHOT_FIELDS(ReportedAnswers, dataset, target, dataset_key, found, texts, items, sides)

/// What an audit of the experiment found in one respect.
struct ReportedCheck {
  std::string check{};    ///< "controls", "shared groups", "reference answers" ...
  std::string subject{};  ///< claim, task, dataset or encoder
  /// "passed"; "failed"; "look": a reader should judge it; "unknown": nothing is recorded
  std::string result{};
  std::string detail{};
};
EARSHOT_FIELDS(ReportedCheck, check, subject, result, detail)

/// Rows for people, each with a value for each column.
struct ReportedTable {
  std::string title{};
  std::vector<std::string> columns{};
  std::vector<std::vector<Json>> rows{};
};
EARSHOT_FIELDS(ReportedTable, title, columns, rows)

/// Numbers of cells by state.
struct ReportedStates {
  std::int64_t cells = 0, ok = 0, running = 0, pending = 0, failed = 0, skipped = 0;
};
EARSHOT_FIELDS(ReportedStates, cells, ok, running, pending, failed, skipped)

/// An experiment in its latest revision.
struct ReportedExperiment {
  std::string name{}, question{};
  std::string file{};                      ///< name of its file, without the folder
  std::string revision{};                  ///< hash
  std::int64_t first_ms = 0, last_ms = 0;  ///< of its runs, since 1970 in UTC; 0 without runs
  ReportedStates states{};
  std::vector<ReportedClaim> claims{};
  ReportedComparison comparison{};
  std::vector<ReportedRow> rows{};
  std::vector<ReportedColumn> columns{};
  std::vector<ReportedScore> scores{};
  std::vector<ReportedSlice> slices{};
  std::vector<ReportedCost> costs{};
  std::vector<ReportedCurve> curves{};
  std::vector<ReportedSample> samples{};
  std::vector<ReportedGap> gaps{};
  std::vector<ReportedCorrelation> correlations{};
  std::vector<ReportedConfusion> confusions{};
  std::vector<ReportedCheck> audit{};
  std::vector<ReportedTable> provenance{};
  std::string source{};                  ///< its TOML
  std::vector<std::string> overrides{};  ///< those of the command line
};
EARSHOT_FIELDS(ReportedExperiment, name, question, file, revision, first_ms, last_ms, states,
               claims, comparison, rows, columns, scores, slices, costs, curves, samples, gaps,
               correlations, confusions, audit, provenance, source, overrides)

/// The version of PageData. It is raised when fields change, since `runner verify` compares pages
/// field by field.
constexpr std::int64_t page_format = 3;

/// Sounds and pictures that are in the page itself (sounds.hpp).
struct ReportedSounds {
  /// URLs with all of their bytes, "data:audio/flac;base64,...": by the SHA-256 of a sample's file;
  /// one for each clip of an item, by "<key of its dataset>/<its position>".
  std::map<std::string, std::vector<std::string>> files{};
  std::vector<std::string> left_out{};  ///< a sentence each on what is not there, and why
};
EARSHOT_FIELDS(ReportedSounds, files, left_out)

struct PageData {
  std::int64_t format = page_format;
  std::string generator{};              ///< "Earshot 0.1.0 (4f2a...)"
  std::string results{};                ///< name of the results file, without the folder
  std::vector<std::string> left_out{};  ///< a sentence each on what is not in the page, and why
  std::vector<ReportedExperiment> experiments{};
  std::vector<ReportedAnswers> answers{};
  std::optional<ReportedSounds> sounds{};  ///< only if they were asked for
};
EARSHOT_FIELDS(PageData, format, generator, results, left_out, experiments, answers, sounds)

/// How much a page holds of what runs said. Reading an answer takes 15 microseconds, and one on the
/// page 15 bytes.
struct AnswerLimits {
  std::int64_t read = 60'000;  ///< answers that are read; beyond it a sample of the items
  std::size_t shown = 60'000;  ///< answers of sides to items on which they disagree
  std::size_t sides = 400;     ///< rows and columns among which items are looked for
  std::size_t classes = 40;    ///< of a confusion table; the rarest are counted together
  std::size_t text = 400;      ///< bytes of a question, choice or answer
};

/// Reads what a page on these experiments shows. Reads no file other than the results.
/// @param experiments  names, in the order of the page
/// @throws Failure (usage) for an unknown name, with the nearest one; Failure (store_unusable)
PageData page_data(const Store& store, const std::vector<std::string>& experiments,
                   const AnswerLimits& limits = {});

}  // namespace earshot::host
