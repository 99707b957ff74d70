#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "host/experiment/experiment.hpp"
#include "protocol/datasets.hpp"
#include "protocol/versions.hpp"

// What results depend on, and the keys that are hashes of it.

namespace earshot::host {

/// The part of a component that results depend on.
struct ComponentIdentity {
  std::string component{};  ///< "plugin/name"
  /// The options that affect results, with the content of files instead of their paths.
  Json options = Json::object();
  std::optional<std::string> plugin{};   ///< hash of the plugin
  std::optional<std::string> version{};  ///< or, with key = "version", what it calls itself
  std::optional<Json> pretrain{};        ///< see pretrain_identity()
  std::optional<Json> from{};            ///< of a reader: see source_identity(), a list of these
};
EARSHOT_FIELDS(ComponentIdentity, component, options, plugin, version, pretrain, from)

/// The part of a dataset that results depend on: its content, and what the host does to it.
struct DatasetIdentity {
  std::string key{};
  std::int64_t fold = 0, limit = 0;
  double validation = 0;
  bool shuffle_labels = false;
};
EARSHOT_FIELDS(DatasetIdentity, key, fold, limit, validation, shuffle_labels)

DatasetIdentity identity_of(const protocol::DatasetRef& dataset);

/// What pretraining adds to the identity of the trained component.
/// @param trained  the component as it is during training, if its options differ then
Json pretrain_identity(const ComponentIdentity& evaluator, const DatasetIdentity& dataset,
                       std::int64_t seed, const ComponentIdentity* trained);

/// The part of an encoder that what a reader makes of it depends on.
/// @param dtype  type of its cached features
Json source_identity(const ComponentIdentity& encoder, const std::string& dtype, bool codes);

/// What the result of a cell depends on. All keys of a cell are hashes of texts made here.
class CellIdentity {
 public:
  /// Canonical JSON of a ComponentIdentity, which many cells share; null: the cell has none.
  using Text = std::shared_ptr<const std::string>;
  static Text text_of(const ComponentIdentity& component);

  /// The parts that a text or hash covers: all; all except those that only affect scores; only
  /// those that determine how given predictions are scored.
  enum class Parts { all, fit, scoring };

  Text encoder{}, evaluator{}, mapper{}, language_model{};
  DatasetIdentity dataset{};
  std::optional<AudioOverrides> audio{};  ///< absent without an encoder, as is `dtype`
  std::optional<std::string> dtype{};
  std::optional<std::int64_t> seed{};             ///< absent if the evaluator uses none
  std::map<std::string, std::int64_t> metrics{};  ///< versions by name
  std::int64_t replicates = 0;
  std::int64_t audio_version = protocol::audio_version;
  std::int64_t interval_version = protocol::interval_version;
  std::int64_t split_version = protocol::split_version;

  /// For imported predictions: the hash of their file, and whether they have scores. How they were
  /// made is unknown, so the only other parts that count are those of `scoring` and the seed.
  std::string imported{};
  bool scores = false;

  bool validation = false;  ///< whether its results are for the validation split, to choose options

  std::string text(Parts parts = Parts::all) const;  ///< canonical JSON
  Json json() const { return Json::parse(text()); }
  std::string key() const;
  std::string fit_key() const;

  /// Reads what json() returned; parts that are missing there are missing here.
  /// @throws protocol::ProtocolError for a part of another type
  static CellIdentity from_json(const Json& json);
};

}  // namespace earshot::host
