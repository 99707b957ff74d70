#pragma once
#include <cstdint>
#include <string>

#include "host/analyse/design.hpp"
#include "host/analyse/observations.hpp"
#include "host/store/store.hpp"

// Reads from a results file what a comparison needs. The rest of this room does not depend on
// files.

namespace earshot::host {

/// The observations in a results file, which must outlive this object.
class StoredObservations : public Observations {
 public:
  explicit StoredObservations(const Store& store) : store_(store) {}

  std::vector<ItemTraits> items(std::int64_t dataset) const override;
  std::vector<Mark> marks(std::int64_t run, const std::string& metric) const override;
  std::vector<std::int64_t> predicted(std::int64_t run) const override;
  std::optional<RecordedScore> score(std::int64_t run, const std::string& metric,
                                     const SliceName& slice) const override;
  std::optional<MetricDefinition> definition(std::int64_t run,
                                             const std::string& metric) const override;
  std::vector<std::string> metrics(std::int64_t experiment) const override;

 private:
  const Store& store_;
};

/// @param experiment  id of a revision
/// @throws Failure (store_unusable) naming table and row if the file holds content that cannot be
/// read
Design read_design(const Store& store, std::int64_t experiment);

/// Id of the revision "name" (the latest), "name@previous" (the one before), or "name@3f2a" (the
/// one whose hash begins so). @throws Failure (usage) listing the revisions
std::int64_t find_revision(const Store& store, const std::string& text);

}  // namespace earshot::host
