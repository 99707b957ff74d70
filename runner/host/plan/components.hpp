#pragma once
#include <map>
#include <memory>
#include <string>

#include "host/experiment/matrix.hpp"
#include "host/plan/catalog.hpp"
#include "host/plan/cell_identity.hpp"
#include "host/plan/hash_cache.hpp"
#include "host/weights/lookup.hpp"

namespace earshot::host {

struct ResolvedComponent;
using Resolved = std::shared_ptr<const ResolvedComponent>;

/// An encoder that a reader reads.
struct ReadEncoder {
  Resolved encoder{};                            ///< trained, and connected itself
  std::shared_ptr<const Component> component{};  ///< as its table has it, with its settings
  bool codes = false;                            ///< its codes are read, or else its features
};

/// A component that was found in a plugin, with a value for every option.
struct ResolvedComponent {
  std::shared_ptr<const Component> component{};  ///< as the experiment has it
  CatalogEntry entry{};
  protocol::ComponentRef ref{};
  ComponentIdentity identity{};
  CellIdentity::Text identity_text{};
  /// Content of path options by name; for datasets it is not part of the identity.
  std::map<std::string, std::string> contents{};
  std::string weights{};  ///< as written in the first option of this type; or ""
  std::map<std::string, Weights> checkpoints{};  ///< by name of an option of this type
  std::string missing{};               ///< why it cannot be used (no such weights); "" if it can
  std::string pretrain{};              ///< key of the pretraining stage, if any; or ""
  std::vector<ReadEncoder> sources{};  ///< encoders that a connected reader reads

  const std::string& label() const { return component->label; }
  bool has_ability(const std::string& ability) const;
  /// Keys of its pretraining stage and those of what it reads, each once.
  std::vector<std::string> trainings() const;
  /// Whether its features, or those of something that it reads, go by the names of items.
  bool looks_up() const;
};

/// Finds the components of cells, each once: all cells that use it share it.
class Components {
 public:
  Components(const Experiment& experiment, const Catalog& catalog, HashCache& hashes)
      : experiment_(experiment), catalog_(catalog), hashes_(hashes) {}

  /// @throws Failure with the position of the component or option in the file.
  Resolved find(const std::shared_ptr<const Component>& component);

  /// The same without reading files: identity and contents stay empty.
  ResolvedComponent locate(const std::shared_ptr<const Component>& component) const;

 private:
  void fill_files(ResolvedComponent& found) const;
  std::string how_to_get(const std::string& source, const Position& place) const;
  void identify(ResolvedComponent& found) const;

  const Experiment& experiment_;
  const Catalog& catalog_;
  HashCache& hashes_;
  std::map<std::shared_ptr<const Component>, Resolved> known_;
  std::map<std::string, Resolved> known_by_content_;  ///< equal components share one entry
};

}  // namespace earshot::host
