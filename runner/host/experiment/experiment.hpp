#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "host/experiment/axis.hpp"
#include "protocol/fields.hpp"

namespace earshot::host {

/// Position of something in an experiment file, for messages: `file:line:column`.
struct Position {
  std::string file{};
  int line = 0, column = 0;
  /// "experiments/x.toml:14:3"; a position on the command line has line 0: "--set
  /// task.room.use=knn"
  std::string text() const;
  /// The folder that a relative path written here is relative to.
  std::string folder() const;
};

/// The host's settings of a dataset; the fields are those of protocol::DatasetRef.
struct DatasetSettings {
  std::int64_t limit = 0, allow_lost = 0;
  double validation = 0;
  bool shuffle_labels = false;
  bool operator==(const DatasetSettings&) const = default;
};

/// The host's settings of an encoder.
struct EncoderSettings {
  std::string dtype = "float32";    ///< of cached features; or "float16"
  std::vector<std::string> from{};  ///< of a reader: labels of the encoders that it reads, in order
  bool operator==(const EncoderSettings&) const = default;
};

/// What a task changes in the encoder's AudioNeeds; absent where the encoder's own value applies.
struct AudioOverrides {
  std::optional<std::string> crop{}, pad{};
  std::optional<double> max_seconds{}, min_seconds{};
  bool operator==(const AudioOverrides&) const = default;
};
EARSHOT_FIELDS(AudioOverrides, crop, pad, max_seconds, min_seconds)

/// The host's settings of a task.
struct TaskSettings {
  AudioOverrides audio{};
  bool operator==(const TaskSettings&) const = default;
};

/// The alternative depends on the table of the component; the other tables have no settings.
using Settings = std::variant<std::monostate, DatasetSettings, EncoderSettings, TaskSettings>;

/// A named component, [encoder.X] for instance: as written, or as a cell uses it, with overrides
/// and option axes applied.
struct Component {
  Table table = Table::encoder;
  std::string label{};            ///< X: the name of the component in axes, tables and reports
  std::string use{};              ///< the component's id: "plugin/name", or "name" if unambiguous
  Json options = Json::object();  ///< as written, defaults not filled in, paths as in the file
  Position position{};
  std::map<std::string, Position> option_positions{};
  Settings settings{};  ///< complete with defaults

  /// Only for encoders, shown to people and not part of keys: the training data of the checkpoint,
  /// and the labels of datasets that were part of it or resemble it. Absent if unknown.
  std::optional<std::vector<std::string>> pretrain_data{}, in_domain{};

  std::string dataset{};  ///< for tasks: label of the dataset; "" if the matrix determines it

  /// The position of an option, or of the setting `from`, or else of the component.
  const Position& position_of(const std::string& option) const;
  /// Labels of the encoders that it reads in place of audio; none of other components.
  const std::vector<std::string>& from() const;
};

/// Training of a component before it is used: [encoder.X.pretrain] or [language_model.X.pretrain].
struct Pretraining {
  Component trainer{};                    ///< an evaluator; its label is "encoder.X"
  std::string dataset{};                  ///< label of the dataset to train on
  Json trainee_options = Json::object();  ///< key `set`: options of X while it is trained
};

/// A condition on the value of one axis; all its parts must hold.
struct AxisCondition {
  std::string axis{};
  std::optional<std::vector<AxisValue>> in{}, not_in{};
  std::optional<double> ge{}, le{};  ///< met by numbers only

  bool allows(const AxisValue& value) const;
};

/// Conditions on axes that must all hold.
struct Match {
  std::vector<AxisCondition> conditions{};
  Position position{};

  /// A condition on an axis that a cell lacks does not hold.
  bool holds(const Axes& axes) const;
  /// The shortest form that a file could have: {"encoder": "mfcc", "seed": {"ge": 2}}.
  Json json() const;
};

/// The values of one axis of a block.
struct BlockAxis {
  std::string name{};
  std::vector<AxisValue> values{};  ///< for the axis fold also a single "*": all folds
  bool operator==(const BlockAxis&) const = default;
};

struct MatrixBlock {
  std::vector<BlockAxis> axes{};                 ///< in the order of the file
  std::map<std::string, Position> positions{};   ///< of axes and slices
  std::vector<std::vector<std::string>> zips{};  ///< axes that advance together
  Match where{};
  std::map<std::string, std::vector<std::string>> slices{};  ///< dimension -> values; "*" is all
  Position position{};

  const BlockAxis* axis(const std::string& name) const;  ///< null without such an axis
};

struct Exclude {
  Match match{};
  std::string reason{};
  bool optional = false;  ///< may match nothing
};

/// A value that an override gives to an option or setting.
struct Assignment {
  Table table = Table::task;
  std::string option{};
  Json value{};
  Position position{};
};

/// Limits of a cell that replace those of [resources].
struct ResourceLimits {
  std::optional<double> timeout{};       ///< s a stage
  std::optional<std::int64_t> memory{};  ///< bytes a worker
  bool operator==(const ResourceLimits&) const = default;
};

/// Changes of matching cells; later ones win. `assignments` enter keys, `resources` never do.
struct Override {
  Match match{};
  std::vector<Assignment> assignments{};  ///< key `options`
  ResourceLimits resources{};
  bool optional = false;  ///< may match nothing
};

struct Select {
  std::vector<std::string> over{};  ///< option axes to choose among
  std::string by{};                 ///< metric on the validation split, without "validation."
  Position position{};
};

/// The claim of a hypothesis about its candidate: it is better than the base, worse, or as good
/// within the margin.
enum class Relation { better, worse, equal };

/// A claim made in advance. `claim` is `a > b`, `a < b` or `a = b` between values of one axis.
struct Hypothesis {
  std::string name{}, claim{}, axis{}, candidate{};
  Relation relation = Relation::better;
  std::string base{}, metric{};
  std::vector<std::string> tasks{};  ///< empty: all
  /// Dimension -> slices, "*" for all of them; an item must be in a slice of every dimension.
  std::map<std::string, std::vector<std::string>> slices{};
  /// Whether a claim with several tasks or slices is about their mean; otherwise it is about each.
  bool mean = false;
  std::vector<std::string> average{};  ///< axes over whose values the mean is taken
  bool allow_different_scoring = false;
  double margin = 0;
  std::string positive_control{}, blind_control{};  ///< encoders; "" if not named
  Position position{};
};

struct Reference {
  Match match{};
  std::string metric{}, source{}, protocol{};
  double value = 0;
  bool comparable = true;
};

/// Limits of a run; they enter no key.
struct Resources {
  std::int64_t jobs = 0;     ///< 0: the number of processors
  std::int64_t threads = 0;  ///< for wide stages; 0: the number of processors
  double timeout = 0;        ///< s a stage; 0: none
  std::int64_t memory = 0;   ///< bytes a worker; 0: the default, 90 % of the machine
  std::int64_t attempts = 3;
  std::string device = "cpu";
};

/// One experiment file with everything that it extends. It has been checked: every key is known,
/// and every label that is referred to is defined.
struct Experiment {
  std::string name{}, question{}, file{};
  std::string source{};              ///< the file's text
  Json resolved = Json::object();    ///< after extends, --set and ${...}
  std::string key_policy = "bytes";  ///< what represents a plugin in keys: "bytes" or "version"
  std::int64_t max_cells = 100000;
  std::map<Table, std::map<std::string, Component>> components{};       ///< by label; not pretrain
  std::map<std::pair<Table, std::string>, Pretraining> pretrainings{};  ///< by trained component
  std::vector<MatrixBlock> blocks{};
  std::vector<Exclude> excludes{};
  std::vector<Override> overrides{};
  Select select{};
  std::vector<Hypothesis> hypotheses{};
  std::string compare_axis{}, compare_base{};
  std::vector<Reference> references{};
  std::int64_t replicates = 2000;  ///< how often a score is computed for its interval, at most
  Resources resources{};

  const Component* find(Table table, const std::string& label) const;  ///< null without it
  std::vector<std::string> labels(Table table) const;
  const Pretraining* pretraining(Table table, const std::string& label) const;  ///< or null
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
/// names. The rest of the file is not checked, since results can be read without its data.
/// @throws Failure (usage) if the file cannot be read or has no name
std::string experiment_name(const std::string& name_or_file);

}  // namespace earshot::host
