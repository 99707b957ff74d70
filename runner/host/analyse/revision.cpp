#include "host/analyse/compare.hpp"
#include "host/base/failure.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

std::int64_t find_revision(const Store& store, const std::string& text) {
  const auto at = text.rfind('@');
  if (at == std::string::npos || store.experiment(text)) return store.require_experiment(text);
  const auto name = text.substr(0, at), wanted = text.substr(at + 1);
  store.require_experiment(name);
  Statement rows(store.connection(),
                 "SELECT experiment_id, revision, latest FROM experiment WHERE name = ? "
                 "ORDER BY latest, created_ms, experiment_id");
  rows.bind_all(name);
  std::vector<std::pair<std::int64_t, std::string>> found;
  std::vector<std::string> known;
  std::int64_t previous = 0;
  while (rows.step()) {
    const auto revision = rows.text(1);
    known.push_back(name + "@" + revision.substr(0, 8));
    if (rows.integer(2) == 0) previous = rows.integer(0);
    if (!wanted.empty() && revision.starts_with(wanted))
      found.emplace_back(rows.integer(0), revision);
  }
  if (wanted == "previous" && previous != 0) return previous;
  if (found.size() == 1) return found.front().first;
  throw Failure(ExitCode::usage,
                "runner compare: " + std::string(found.empty() ? "no" : "several") +
                    " revisions '" + text + "'; allowed are " + protocol::join(known, true) +
                    (previous == 0 ? "" : ", '" + name + "@previous'"));
}

}  // namespace earshot::host
