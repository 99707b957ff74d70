#include "worker/dataset/lint.hpp"

#include "worker/plugin/library.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

using protocol::Json;

Json lint(const Json& request, Session& session) {
  const auto made = make(request.at("dataset").get<protocol::ComponentRef>(), c10::kCPU, 0);
  const auto& dataset = made.need<Dataset>();
  Lint lint(dataset, request.at("examples").get<std::size_t>());
  const auto size = dataset.size();
  for (std::int64_t i = 0; i < size; ++i) {
    lint.add(dataset.item(i), i);
    session.progress(i + 1, size, "items");
  }
  constexpr std::size_t frame = 4096;
  const auto& files = lint.files();
  for (std::size_t start = 0; start < files.size(); start += frame) {
    const auto end = std::min(start + frame, files.size());
    session.send("lint_files",
                 {{"files", std::vector(files.begin() + static_cast<std::ptrdiff_t>(start),
                                        files.begin() + static_cast<std::ptrdiff_t>(end))}});
  }
  const auto checks = lint.checks();
  return {{"items", size}, {"checks", checks}, {"applying", lint.applying()}};
}

}  // namespace earshot::worker
