#include "host/plan/plugin_queries.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "base/files.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {

namespace {

/// Loading a plugin takes a second or two, and many times that on a busy machine.
constexpr std::chrono::seconds longest_load(60);

}  // namespace

PluginQueries::~PluginQueries() = default;

WorkerQueries::WorkerQueries(WorkerOptions options, AskLimits limits,
                             std::function<void(const std::string&)> progress)
    : options_(std::move(options)), limits_(limits), progress_(std::move(progress)) {
  if (!progress_) progress_ = [](const std::string&) {};
}

std::vector<Json> WorkerQueries::inspect(const std::vector<std::string>& files) {
  // Most of a worker's time is its start, so some start while others answer.
  const auto ahead = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
  std::vector<std::unique_ptr<WorkerProcess>> workers(files.size());
  const auto start = [&](std::size_t i) {
    if (i < files.size()) workers[i] = std::make_unique<WorkerProcess>(options_);
  };
  for (std::size_t i = 0; i < ahead; ++i)
    start(i);
  std::vector<Json> answers;
  for (std::size_t i = 0; i < files.size(); ++i) {
    progress_("loading " + std::filesystem::path(files[i]).filename().string());
    try {
      answers.push_back(
          {{"info", ask<protocol::verb::Inspect>(*workers[i], {protocol::path_text(files[i])},
                                                 longest_load)}});
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

template <class Verb, class OnEvent>
typename Verb::Result WorkerQueries::asked(const typename Verb::Request& request,
                                           const std::function<void()>& begin,
                                           const OnEvent& on_event) {
  for (;;) {
    if (!worker_) {
      worker_ = std::make_unique<WorkerProcess>(options_);
      answered_ = 0;
    }
    if (begin) begin();
    try {
      auto answer = ask<Verb>(*worker_, request, limits_, on_event);
      ++answered_;
      // What still runs there might crash during a question to another plugin.
      if (!worker_->leftovers().empty()) worker_.reset();
      return answer;
    } catch (const WorkerError& error) {
      const bool dead = error.kind == "crash" || error.kind == "timeout";
      // Something left running by an earlier question may have ended it.
      const bool innocent = error.kind == "crash" && answered_ > 0;
      if (dead) worker_.reset();
      if (!innocent) throw;
    }
  }
}

protocol::Facts WorkerQueries::resolve(const protocol::ComponentRef& component) {
  progress_("asking " + component.component);
  return asked<protocol::verb::Resolve>({.component = component});
}

Listing WorkerQueries::list(const protocol::ComponentRef& dataset) {
  progress_("listing " + dataset.component);
  Listing listing;
  const auto answer = asked<protocol::verb::Dataset>(
      {dataset}, [&] { listing.files.clear(); },
      [&](const protocol::event::Files& some) {
        listing.files.insert(listing.files.end(), some.files.begin(), some.files.end());
      });
  listing.info = answer.info;
  listing.left_out = answer.left_out;
  return listing;
}

namespace {

// {"sha256":"<of the answer's text>","answer":<text>}
constexpr std::string_view before_hash = R"({"sha256":")", before_answer = R"(","answer":)";
constexpr std::size_t digits = 64;

}  // namespace

Json Answers::recall(const std::string& question) const {
  const auto bytes = base::read_file(file(question));
  const auto front = before_hash.size() + digits + before_answer.size();
  if (!bytes || bytes->size() <= front || !bytes->starts_with(before_hash)) return {};
  const auto answer = std::string_view(*bytes).substr(front, bytes->size() - front - 1);
  if (bytes->substr(before_hash.size(), digits) != protocol::sha256(answer)) return {};
  auto value = Json::parse(answer, nullptr, false);
  return value.is_discarded() ? Json() : value;
}

void Answers::keep(const std::string& question, const Json& answer) const {
  const auto text = protocol::readable_json(answer).dump();
  std::string bytes(before_hash);
  bytes.append(protocol::sha256(std::string_view(text))).append(before_answer).append(text) += '}';
  base::replace_file(file(question), bytes);  // if this fails, it is asked again
}

std::string CachedQueries::question(const std::string& verb,
                                    const protocol::ComponentRef& component) {
  Json asked{verb, worker_, hashes_.sha256(protocol::path_of(component.plugin)),
             component.component, component.options};
  for (const auto& input : component.inputs)
    asked.push_back(input.sha256);
  if (!component.sources.empty()) asked.push_back(component.sources);
  return protocol::sha256(asked);
}

bool CachedQueries::is_still(const std::filesystem::path& file, const std::string& sha256) {
  try {
    return hashes_.sha256(file) == sha256;
  } catch (const std::system_error&) {
    return false;
  }
}

std::vector<Json> CachedQueries::inspect(const std::vector<std::string>& files) {
  std::vector<Json> answers;
  std::vector<std::string> unknown, hashes, questions;
  for (const auto& file : files) {
    hashes.push_back(hashes_.sha256(file));
    questions.push_back(protocol::sha256(Json{"inspect", worker_, hashes.back()}));
    answers.push_back(answers_.recall(questions.back()));
    if (!answers.back().contains("info")) answers.back() = nullptr;
    if (answers.back().is_null()) unknown.push_back(file);
  }
  if (unknown.empty()) return answers;
  const auto fresh = other_.inspect(unknown);
  auto next = fresh.begin();
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!answers[i].is_null()) continue;
    answers[i] = *next++;
    if (!answers[i].contains("info")) continue;
    if (is_still(files[i], hashes[i]))
      answers_.keep(questions[i], answers[i]);
    else
      answers[i] = {{"refused", "it changed during loading; run again"}};
  }
  return answers;
}

namespace {

/// What a component reported about itself, if that is kept.
std::optional<protocol::Facts> facts_in(const Json& known) {
  try {
    if (!known.is_null()) return known.get<protocol::Facts>();
  } catch (const protocol::ProtocolError&) {  // another layout
  }
  return std::nullopt;
}

}  // namespace

protocol::Facts CachedQueries::resolve(const protocol::ComponentRef& component) {
  const auto asked = question("resolve", component);
  if (auto known = facts_in(answers_.recall(asked))) return std::move(*known);
  auto facts = other_.resolve(component);
  answers_.keep(asked, facts);
  return facts;
}

namespace {

/// What a listing was made from, with stamps.
class Seen {
 public:
  Seen(const Listing& listing, const Json& options) {
    std::set<std::filesystem::path> folders;
    for (const auto& value : options)
      if (value.is_string() && value.get_ref<const std::string&>().starts_with('/'))
        add(protocol::path_of(value.get_ref<const std::string&>()));
    for (const auto& source : listing.info.sources)
      add(protocol::path_of(source));
    for (const auto& file : listing.files) {
      const auto path = protocol::path_of(file);
      add(path);
      folders.insert(nearest(path.parent_path()));
    }
    for (const auto& folder : folders)
      add(folder);
  }

  /// The folder, or the nearest existing folder above it, where the rest would appear.
  static std::filesystem::path nearest(std::filesystem::path folder) {
    while (folder.has_relative_path() && !stamp_of(folder))
      folder = folder.parent_path();
    return folder;
  }

  std::string digest() const { return protocol::sha256(std::string_view(text_)); }
  /// Nothing in it has changed since this time, or shortly before.
  bool settled_before(std::int64_t nanoseconds) const {
    constexpr std::int64_t moment = 100'000'000;
    return latest_ + moment < nanoseconds;
  }

 private:
  void add(const std::filesystem::path& path) {
    const auto stamp = stamp_of(path);
    text_.append(path.native()).append(1, '\0');
    text_.append(stamp ? stamp->text() : "none").append(1, '\n');
    if (stamp) latest_ = std::max({latest_, stamp->mtime, stamp->ctime});
  }

  std::string text_;
  std::int64_t latest_ = 0;
};

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// A kept listing that is still valid.
std::optional<Listing> still_holding(const Json& known, const Json& options) {
  try {
    if (known.is_null()) return std::nullopt;
    auto listing = known.at("listing").get<Listing>();
    if (known.at("seen") == Seen(listing, options).digest()) return listing;
  } catch (const Json::exception&) {  // another layout
  } catch (const protocol::ProtocolError&) {
  }
  return std::nullopt;
}

}  // namespace

Listing CachedQueries::list(const protocol::ComponentRef& dataset) {
  const auto asked = question("dataset", dataset);
  if (auto known = still_holding(answers_.recall(asked), dataset.options)) return std::move(*known);
  const auto begun = now();
  auto listing = other_.list(dataset);
  const Seen seen(listing, dataset.options);
  if (seen.settled_before(begun))
    answers_.keep(asked, {{"seen", seen.digest()}, {"listing", listing}});
  return listing;
}

}  // namespace earshot::host
