#include "host/plan/informant.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "protocol/hash.hpp"

namespace earshot::host {

namespace {

/// To load a plugin takes a second or two, and many times that on a machine that is busy.
constexpr std::chrono::seconds longest_load(60);

}  // namespace

Informant::~Informant() = default;

WorkerInformant::WorkerInformant(WorkerOptions options,
                                 std::function<void(const std::string&)> progress)
    : options_(std::move(options)), progress_(std::move(progress)) {
  if (!progress_) progress_ = [](const std::string&) {};
}

std::vector<Json> WorkerInformant::inspect(const std::vector<std::string>& files) {
  // Most of the time a worker needs is its start: some start while others answer.
  const auto ahead = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
  std::vector<std::unique_ptr<WorkerProcess>> workers(files.size());
  const auto start = [&](std::size_t i) {
    if (i < files.size()) workers[i] = std::make_unique<WorkerProcess>(options_);
  };
  for (std::size_t i = 0; i < ahead; ++i)
    start(i);
  std::vector<Json> answers;
  for (std::size_t i = 0; i < files.size(); ++i) {
    progress_("looking at " + std::filesystem::path(files[i]).filename().string());
    try {
      answers.push_back(
          {{"info", ask(*workers[i], "inspect", {{"path", files[i]}}, longest_load)}});
    } catch (const WorkerError& error) {
      const auto prefix = files[i] + ": ";
      std::string reason = error.what();
      if (reason.starts_with(prefix)) reason.erase(0, prefix.size());
      if (error.kind == "crash" || error.kind == "timeout")
        reason = "it cannot be loaded: " + reason;
      answers.push_back({{"refused", reason}});
    }
    workers[i].reset();
    start(i + ahead);
  }
  return answers;
}

Json WorkerInformant::asked(const std::string& verb, Json fields,
                            const std::function<void(const Json&)>& event) {
  if (!worker_) worker_ = std::make_unique<WorkerProcess>(options_);
  try {
    auto answer = ask(*worker_, verb, std::move(fields), std::chrono::hours(24), event);
    // What still runs there might crash while another plugin is asked.
    if (!worker_->leftovers().empty()) worker_.reset();
    return answer;
  } catch (const WorkerError& error) {
    if (error.kind == "crash") worker_.reset();
    throw;
  }
}

Json WorkerInformant::resolve(const protocol::ComponentRef& component) {
  progress_("asking " + component.component);
  return asked("resolve", {{"component", component}});
}

Listing WorkerInformant::list(const protocol::ComponentRef& dataset) {
  progress_("listing " + dataset.component);
  Listing listing;
  const auto answer = asked("dataset", {{"component", dataset}}, [&](const Json& event) {
    if (event.value("type", "") != "files") return;
    for (const auto& file : event.at("files"))
      listing.files.push_back(file.get<std::string>());
  });
  listing.info = answer.get<protocol::DatasetInfo>();
  listing.left_out = answer.value("left_out", protocol::LeftOut());
  return listing;
}

std::string RememberingInformant::question(const std::string& verb,
                                           const protocol::ComponentRef& component) {
  return protocol::sha256(Json{verb, worker_, stamps_.sha256(component.plugin), component.component,
                               component.options});
}

std::vector<Json> RememberingInformant::inspect(const std::vector<std::string>& files) {
  std::vector<Json> answers;
  std::vector<std::string> unknown, questions;
  for (const auto& file : files) {
    questions.push_back(protocol::sha256(Json{"inspect", worker_, stamps_.sha256(file)}));
    answers.push_back(stamps_.recall(questions.back()));
    if (answers.back().is_null()) unknown.push_back(file);
  }
  if (unknown.empty()) return answers;
  const auto fresh = other_.inspect(unknown);
  auto next = fresh.begin();
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!answers[i].is_null()) continue;
    answers[i] = *next++;
    if (answers[i].contains("info")) stamps_.remember(questions[i], answers[i]);
  }
  return answers;
}

Json RememberingInformant::resolve(const protocol::ComponentRef& component) {
  const auto asked = question("resolve", component);
  auto answer = stamps_.recall(asked);
  if (answer.is_null()) stamps_.remember(asked, answer = other_.resolve(component));
  return answer;
}

namespace {

/// Path and stamp of each; of one that is gone null.
Json stamps_of(const std::vector<std::string>& sources) {
  auto stamps = Json::array();
  for (const auto& source : sources) {
    const auto stamp = stamp_of(source);
    stamps.push_back({source, stamp ? stamp->json() : Json()});
  }
  return stamps;
}

bool unchanged(const Json& stamps) {
  return std::all_of(stamps.begin(), stamps.end(), [](const Json& entry) {
    const auto stamp = stamp_of(entry.at(0).get<std::string>());
    return entry.at(1) == (stamp ? stamp->json() : Json());
  });
}

}  // namespace

Listing RememberingInformant::list(const protocol::ComponentRef& dataset) {
  const auto asked = question("dataset", dataset);
  const auto known = stamps_.recall(asked);
  if (!known.is_null() && unchanged(known.at("stamps"))) return known.at("listing").get<Listing>();
  auto listing = other_.list(dataset);
  stamps_.remember(asked, {{"stamps", stamps_of(listing.info.sources)}, {"listing", listing}});
  return listing;
}

}  // namespace earshot::host
