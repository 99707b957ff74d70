#include "worker/dataset/lint.hpp"

#include "worker/plugin/library.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

protocol::LintResult perform(const protocol::LintRequest& request, Session& session) {
  const auto made = make(request.dataset, c10::kCPU, 0);
  const auto& dataset = made.require<Dataset>();
  Lint lint(dataset, request.examples);
  const auto size = item_count(dataset);
  for (std::int64_t i = 0; i < size; ++i) {
    lint.add(dataset.item(i), i);
    session.progress(i + 1, size, "items");
  }
  constexpr std::size_t frame = 4096;
  const auto& files = lint.files();
  for (std::size_t start = 0; start < files.size(); start += frame) {
    const auto end = std::min(start + frame, files.size());
    session.send(protocol::event::LintFiles{{files.begin() + static_cast<std::ptrdiff_t>(start),
                                             files.begin() + static_cast<std::ptrdiff_t>(end)}});
  }
  protocol::LintResult result{.items = size, .checks = lint.checks()};
  result.applying.assign(lint.applying().begin(), lint.applying().end());
  return result;
}

}  // namespace earshot::worker
