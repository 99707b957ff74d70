#pragma once
#include <map>
#include <string>

#include "host/experiment/matrix.hpp"
#include "host/plan/catalog.hpp"
#include "host/plan/stamps.hpp"
#include "host/weights/lookup.hpp"

namespace earshot::host {

/// A component of a cell, found and with a value for every option.
struct FoundComponent {
  CatalogEntry entry{};
  std::string label{};
  Position position{};
  protocol::ComponentRef ref{};
  /// What of it determines results: id, plugin bytes or version, options that affect results, with
  /// the content of files instead of their paths.
  Json identity{};
  std::string identity_text{};  ///< canonical
  Json contents =
      Json::object();     ///< content of path options, by name; of datasets not in identity
  std::string weights{};  ///< as written, of the first option of that type; or ""
  std::map<std::string, Weights> checkpoints{};  ///< by option of that type
  std::string missing{};   ///< why it cannot be used: no such weights; "" when it can
  std::string pretrain{};  ///< key of the pretraining stage, if any; or ""
};

/// Finds the components of cells, each combination once.
class Components {
 public:
  Components(const Experiment& experiment, const Catalog& catalog, StampTable& stamps)
      : experiment_(experiment), catalog_(catalog), stamps_(stamps) {}

  /// @param table "encoder", "task", "dataset", "mapper", "language_model" or "pretrain"
  /// @throws Failure positioned where the component or the option is written.
  const FoundComponent& find(const std::string& table, const CellComponent& component);

  /// The same without reading files: identity and contents stay empty.
  FoundComponent locate(const std::string& table, const CellComponent& component) const;

  /// A component as it is written, without the overrides and option axes of a cell.
  const FoundComponent& find_written(const std::string& table, const std::string& label);

  /// Where an option of the component is written, or else the component.
  Position position(const std::string& table, const CellComponent& component,
                    const std::string& option) const;

 private:
  void fill_files(const std::string& table, const CellComponent& component,
                  FoundComponent& found) const;
  std::string how_to_get(const std::string& source, const Position& place) const;
  void identify(const std::string& table, FoundComponent& found) const;

  const Experiment& experiment_;
  const Catalog& catalog_;
  StampTable& stamps_;
  std::map<std::string, FoundComponent> known_;
};

/// "evaluator" for "task" and "pretrain"; the others are called alike.
std::string kind_of(const std::string& table);

}  // namespace earshot::host
