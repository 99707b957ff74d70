#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "protocol/json.hpp"

namespace earshot::host {

using protocol::Json;

/// Position of something in an experiment file, for messages: `file:line:column`.
struct Position {
  std::string file{};
  int line = 0, column = 0;
  /// "experiments/x.toml:14:3"; the command line has line 0: "--set task.room.use=knn"
  std::string text() const;
  /// The folder against which a relative path written here is meant.
  std::string folder() const;
};

/// A named component: [dataset.X], [encoder.X], [mapper.X], [language_model.X] or [task.X]; also
/// [encoder.X.pretrain] or [language_model.X.pretrain], an evaluator in a table "pretrain" under
/// "encoder.X" or "language_model.X"; what the latter's `set` says is in its settings.
struct Component {
  std::string table{};  ///< "dataset", "encoder", "mapper", "language_model", "task" or "pretrain"
  std::string label{};  ///< X: what axes, tables and reports call it
  std::string use{};    ///< the component's id: "plugin/name", or "name" where unambiguous
  Json options = Json::object();  ///< as written, defaults not filled in
  Position position{};
  std::map<std::string, Position> option_positions{};

  /// The host's settings, complete with defaults. For datasets: limit, allow_lost, validation,
  /// shuffle_labels (see protocol::DatasetRef). For encoders: dtype of cached features, "float32"
  /// or "float16". For tasks: audio, overrides of the encoder's AudioNeeds: crop, pad, max_seconds,
  /// min_seconds.
  Json settings = Json::object();

  /// For encoders and for people, not in keys: the checkpoint's training data, a list of strings,
  /// and labels of the datasets that were among it or are like it. Null: unknown.
  Json pretrain_data{}, in_domain{};

  std::string dataset{};  ///< of tasks: label of its dataset, "" where the matrix says it; of
                          ///< pretraining: label of what to train on
};

/// Conditions on axes that must all hold: axis -> allowed values (a single value is a list of one),
/// or {"in": [...], "not": [...], "ge": n, "le": n}.
struct Match {
  Json conditions = Json::object();
  Position position{};
};

struct MatrixBlock {
  /// In the order of the file. Labels, integers or option values; of fold also "*" alone: all
  /// folds.
  std::vector<std::pair<std::string, std::vector<Json>>> axes{};
  std::map<std::string, Position> positions{};   ///< of axes and slices
  std::vector<std::vector<std::string>> zips{};  ///< axes that advance together
  Match where{};
  std::map<std::string, std::vector<std::string>> slices{};  ///< dimension -> values; "*" is all
  Position position{};

  bool has_axis(const std::string& name) const;
};

struct Exclude {
  Match match{};
  std::string reason{};
  bool optional = false;  ///< may match nothing
};

/// Changes of matching cells; later ones win. `options` enter keys, `resources` never do.
struct Override {
  Match match{};
  Json options = Json::object();                ///< {"task": {"lr": 1e-4}, "encoder": {...}}
  Json resources = Json::object();              ///< {"timeout": s, "memory": bytes}
  std::map<std::string, Position> positions{};  ///< of options, by "task.lr"
  bool optional = false;                        ///< may match nothing
};

struct Select {
  std::vector<std::string> over{};  ///< option axes to choose among
  std::string by{};                 ///< metric on the validation split, without "validation."
  Position position{};
};

/// A claim made in advance. `claim` is `a > b`, `a < b` or `a = b` between values of one axis.
struct Hypothesis {
  std::string name{}, claim{}, axis{}, candidate{}, relation{}, base{}, metric{};
  std::vector<std::string> tasks{};  ///< empty: all
  /// Dimension -> slices, "*" for all of them; an item must be in a slice of every dimension.
  std::map<std::string, std::vector<std::string>> slices{};
  /// Several tasks and slices: false, the claim is about each of them; true, about their mean.
  bool mean = false;
  std::vector<std::string> average{};  ///< axes over whose values the mean is taken
  bool allow_different_scoring = false;
  double margin = 0;
  std::string positive_control{}, blind_control{};  ///< encoders; "" when not named
  Position position{};
};

struct Reference {
  Match match{};
  std::string metric{}, source{}, protocol{};
  double value = 0;
  bool comparable = true;
};

/// What running may use; enters no key.
struct Resources {
  std::int64_t jobs = 0;     ///< 0: the number of processors
  std::int64_t threads = 0;  ///< of wide stages; 0: the number of processors
  double timeout = 0;        ///< s a stage; 0: none
  std::int64_t memory = 0;   ///< bytes a worker; 0: the default, 90 % of the machine
  std::int64_t attempts = 3;
  std::string device = "cpu";
};

/// One experiment file with everything it extends, checked: every key known, every label that is
/// referred to defined.
struct Experiment {
  std::string name{}, question{}, file{};
  std::string source{};              ///< the file's text
  Json resolved = Json::object();    ///< after extends, --set and ${...}: what the revision is
  std::string key_policy = "bytes";  ///< how a plugin counts in keys: "bytes" or "version"
  std::int64_t max_cells = 100000;
  std::map<std::string, std::map<std::string, Component>> components{};  ///< by table, by label
  std::vector<MatrixBlock> blocks{};
  std::vector<Exclude> excludes{};
  std::vector<Override> overrides{};
  Select select{};
  std::vector<Hypothesis> hypotheses{};
  std::string compare_axis{}, compare_base{};
  std::vector<Reference> references{};
  std::int64_t replicates = 2000;  ///< how often at most a score is computed for its interval
  Resources resources{};
};

/// What the command line changes or restricts.
struct Overrides {
  std::vector<std::string> set{};   ///< "task.room.options.lr=1e-4"
  std::vector<std::string> only{};  ///< "encoder=mimi,htsat"
  std::vector<std::string> skip{};  ///< "task=room"
  std::int64_t limit = 0;           ///< maximum number of cells; 0: all
};

/// Reads an experiment file. Order: extends, --set, environment variables, checks.
/// @throws Failure (usage) `file:line:column: what is wrong; what is allowed.`
Experiment read_experiment(const std::string& file, const Overrides& overrides);

/// The name of an experiment: `name_or_file` itself, or what a file (*.toml, also *.toml@REVISION)
/// says. The rest of the file is not checked, since results can be read without its data.
/// @throws Failure (usage): the file cannot be read, or has no name
std::string experiment_name(const std::string& name_or_file);

}  // namespace earshot::host
