#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/list.hpp"
#include "protocol/stages.hpp"

// What a worker reports about a request before it is done. `type` is its name in the header; it is
// not called `name`, since some events have a field of that name.

namespace earshot::protocol::event {

/// At most 10 a second.
struct Progress {
  static constexpr const char* type = "progress";
  std::int64_t done = 0, total = 0;
  std::optional<std::string> what{};  ///< what is counted: "files", "items", "features"
};
EARSHOT_FIELDS(Progress, done, total, what)

/// Every audio file of a dataset once, in order of first use.
struct Files {
  static constexpr const char* type = "files";
  std::vector<std::string> files{};
};
EARSHOT_FIELDS(Files, files)

/// Items of a dataset, in its order.
struct Items {
  static constexpr const char* type = "items";
  std::vector<ItemRow> items{};
};
EARSHOT_FIELDS(Items, items)

/// Audio files of a dataset that exist.
struct LintFiles {
  static constexpr const char* type = "lint_files";
  std::vector<LintFile> files{};
};
EARSHOT_FIELDS(LintFiles, files)

/// A file that cannot be encoded; the others continue.
struct Lost {
  static constexpr const char* type = "lost";
  std::string file{}, reason{};
};
EARSHOT_FIELDS(Lost, file, reason)

struct SpentOnEncoder {
  std::int64_t computed = 0;  ///< clips
  double audio_seconds = 0, encode_seconds = 0;
};
EARSHOT_FIELDS(SpentOnEncoder, computed, audio_seconds, encode_seconds)

/// The work of a pass over the audio so far.
struct Spent {
  static constexpr const char* type = "spent";
  std::vector<SpentOnEncoder> encoders{};  ///< one for each source
};
EARSHOT_FIELDS(Spent, encoders)

/// A stage that is done.
struct Stage {
  static constexpr const char* type = "stage";
  std::string stage{};  ///< "pretrain", "fit", "predict" or "score"
  double seconds = 0;
  bool reused = false;
};
EARSHOT_FIELDS(Stage, stage, seconds, reused)

/// Points of a curve, every few seconds while a model trains.
struct Curve {
  static constexpr const char* type = "curve";
  std::string curve{};                                    ///< "loss"
  std::vector<std::pair<std::int64_t, double>> points{};  ///< step, value
};
EARSHOT_FIELDS(Curve, curve, points)

/// A reason why the numbers of a run say less than they seem to. Unlike the warnings in Done, which
/// are about the worker's process, it is recorded with the run.
struct Warning {
  static constexpr const char* type = "warning";
  std::string text{};
};
EARSHOT_FIELDS(Warning, text)

/// A file that an evaluator has written.
struct Artifact {
  static constexpr const char* type = "artifact";
  std::string name{}, path{};
};
EARSHOT_FIELDS(Artifact, name, path)

/// The prediction for one item. Travels as [item, value, output, marks, scores, candidates].
struct PredictedItem {
  std::int64_t item = 0;        ///< index in the dataset
  Json value{};                 ///< class, number or list of classes; null for no prediction
  std::string output{};         ///< raw text of a language model
  Json marks = Json::object();  ///< {mark: number}
  std::uint64_t scores = 0;     ///< number of its scores in `binary`
  Json candidates{};            ///< texts that the scores refer to, if neither classes nor
                                ///< choices; or null
};
void to_json(Json& json, const PredictedItem& row);
void from_json(const Json& json, PredictedItem& row);

struct Predictions {
  static constexpr const char* type = "predictions";
  std::vector<PredictedItem> rows{};
  std::string binary{};  ///< the scores of all rows, float32
};
EARSHOT_FIELDS(Predictions, rows)

/// A final metric; the fields of a MetricRow.
struct Metric {
  static constexpr const char* type = "metric";
  MetricRow row{};
  std::string binary{};  ///< contribution of each item, if it is a score (statistics::packed)
};
template <class Self, class Visit>
requires std::same_as<std::remove_const_t<Self>, Metric>
void each_field(Self& self, const Visit& visit) {
  each_field(self.row, visit);
}
EARSHOT_JSON(Metric)

}  // namespace earshot::protocol::event
