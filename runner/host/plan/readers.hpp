#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "host/plan/components.hpp"
#include "host/plan/plugin_queries.hpp"

namespace earshot::host {

/// Connects readers to the encoders that an experiment names in their `from`, each once.
class Readers {
 public:
  /// Finds an encoder that is read, trained and connected as the experiment has it.
  using Find = std::function<Resolved(const std::shared_ptr<const Component>& encoder)>;

  Readers(const Experiment& experiment, PluginQueries& queries, Find find)
      : experiment_(experiment), queries_(queries), find_(std::move(find)) {}

  /// Checks that a reader has `from`, and other encoders do not.
  /// @throws Failure (usage) where the encoder, or its `from`, is written
  void check(const Component& encoder, const ResolvedComponent& found) const;

  /// `found` connected to the encoders that `encoder` names; as it is if that is no reader. Where
  /// one of these cannot be used, neither can the reader, and `missing` says why.
  /// @throws Failure (usage) as check() and check_sources() do; where `from` is written if these
  /// are more or fewer than it reads, or give no codes where it reads codes, or if it cannot read
  /// such.
  Resolved connect(const std::shared_ptr<const Component>& encoder, const Resolved& found);

  /// The encoders that `found` reads, as its worker takes them, without keys: for audio that is in
  /// no dataset.
  static std::vector<protocol::FeatureSource> sources_of(const ResolvedComponent& found);

 private:
  std::shared_ptr<const Component> written(const std::string& label);
  void add_sources(const Component& encoder, ResolvedComponent& reader);
  void check_kinds(const Component& encoder, ResolvedComponent& reader,
                   const std::vector<std::string>& reads) const;
  template <class Facts>
  std::optional<Facts> ask(const ResolvedComponent& encoder, const Component& reader,
                           std::string& missing);
  std::optional<protocol::SourceSpec> spec_of(const ReadEncoder& source, const Component& reader,
                                              std::string& missing);

  const Experiment& experiment_;
  PluginQueries& queries_;
  Find find_;
  std::map<std::string, std::shared_ptr<const Component>> written_{};  ///< by label
  std::map<std::pair<Resolved, std::shared_ptr<const Component>>, Resolved> connected_{};
};

}  // namespace earshot::host
