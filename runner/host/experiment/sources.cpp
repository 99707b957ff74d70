#include "host/experiment/sources.hpp"

#include <algorithm>
#include <set>

#include "host/experiment/fields.hpp"

namespace earshot::host {
namespace {

constexpr std::size_t longest_chain = 32;  // as far as keys and brackets may nest

/// Follows `from` from encoder to encoder.
class SourceWalk {
 public:
  explicit SourceWalk(const Experiment& experiment) : experiment_(experiment) {}

  void visit(const Component& encoder) {
    path_.push_back(encoder.label);
    if (path_.size() > longest_chain)
      refuse(encoder.position_of("from"), "a chain of more than " + std::to_string(longest_chain) +
                                              " encoders that read each other; an experiment "
                                              "needs only a few");
    for (const auto& label : encoder.from()) {
      if (const auto begin = std::find(path_.begin(), path_.end(), label); begin != path_.end())
        refuse_cycle(encoder, {begin, path_.end()});
      const auto* source = experiment_.find(Table::encoder, label);
      if (source == nullptr)
        refuse_unknown(encoder.position_of("from"), "encoder", label,
                       experiment_.labels(Table::encoder));
      if (!done_.contains(label)) visit(*source);
    }
    done_.insert(encoder.label);
    path_.pop_back();
  }

 private:
  [[noreturn]] static void refuse_cycle(const Component& encoder,
                                        const std::vector<std::string>& cycle) {
    std::string path;
    for (const auto& label : cycle)
      path += label + " -> ";
    refuse(encoder.position_of("from"), "encoder '" + cycle.front() +
                                            "' would read itself: " + path + cycle.front() +
                                            "; remove one of these from its 'from'");
  }

  const Experiment& experiment_;
  std::vector<std::string> path_{};
  std::set<std::string> done_{};  ///< labels of what leads to no cycle
};

}  // namespace

void check_sources(const Experiment& experiment, const Component& reader) {
  if (!reader.from().empty()) SourceWalk(experiment).visit(reader);
}

}  // namespace earshot::host
