#include "host/experiment/sources.hpp"

#include <algorithm>

#include "host/experiment/fields.hpp"

namespace earshot::host {
namespace {

/// Far more than an experiment needs. A key holds all of them, each as often as it is read: without
/// a limit, some dozen readers that each name the one before twice would take all memory.
constexpr std::size_t most_sources = 100;

/// Follows `from` from encoder to encoder.
class SourceWalk {
 public:
  SourceWalk(const Experiment& experiment, const Component& reader)
      : experiment_(experiment), reader_(reader) {}

  void visit(const Component& encoder) {
    path_.push_back(encoder.label);
    for (const auto& label : encoder.from()) {
      if (const auto begin = std::find(path_.begin(), path_.end(), label); begin != path_.end())
        refuse_cycle(encoder, {begin, path_.end()});
      const auto* source = experiment_.find(Table::encoder, label);
      if (source == nullptr)
        refuse_unknown(encoder.position_of("from"), "encoder", label,
                       experiment_.labels(Table::encoder));
      if (++sources_ > most_sources)
        refuse(reader_.position_of("from"),
               "encoder '" + reader_.label + "' reads more than " + std::to_string(most_sources) +
                   " encoders, with all that these read in turn; name fewer");
      visit(*source);
    }
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
  const Component& reader_;
  std::vector<std::string> path_{};
  std::size_t sources_ = 0;  ///< met so far
};

}  // namespace

void check_sources(const Experiment& experiment, const Component& reader) {
  if (!reader.from().empty()) SourceWalk(experiment, reader).visit(reader);
}

}  // namespace earshot::host
