#pragma once
#include <map>
#include <string>
#include <vector>

#include "support.hpp"

namespace earshot::host {

/// Readers answer with their rates once they are connected.
struct ReaderQueries : ScriptedQueries {
  explicit ReaderQueries(const ScriptedQueries& other) : ScriptedQueries(other) {}

  protocol::Facts resolve(const protocol::ComponentRef& component) override {
    const auto reader = reads.find(component.component);
    if (reader == reads.end()) return ScriptedQueries::resolve(component);
    ++resolved;
    protocol::ReaderFacts answer{.reads = reader->second};
    if (component.sources.empty()) return answer;
    connected[component.component] = component.sources;
    const auto& first = component.sources.front();
    const auto rate = first.codes ? first.codes->frame_rate : first.features->frame_rate;
    if (rate > 99) throw WorkerError("config", "it reads at most 99 frames per second");
    answer.spec = protocol::FeatureSpec{rate, 0, 4};
    if (component.component == "units" || component.component == "clusters")
      answer.code_spec = protocol::CodeSpec{rate, 0, {16}, 100};
    return answer;
  }

  std::map<std::string, std::vector<std::string>> reads{{"units", {"features"}},
                                                        {"words", {"codes"}},
                                                        {"both", {"features", "codes"}},
                                                        {"clusters", {"features"}},
                                                        {"sorter", {"codes"}}};
  std::map<std::string, std::vector<protocol::SourceSpec>> connected{};
};

/// A world with readers: units of features, words of codes, and a fusion of both; and such as
/// learn, clusters of features and a sorter of codes.
struct ReaderWorld : World {
  ReaderWorld() {
    using protocol::OptionType;
    add("units.so",
        plugin("units", "encoder", {{"units", {option("size", OptionType::integer, 16)}}},
               {"codec", "reader"}));
    add("reads.so", plugin("words_of_codes", "encoder", {{"words", {}}, {"both", {}}}, {"reader"}));
    add("learn.so",
        plugin("learn", "encoder", {{"clusters", {option("k", OptionType::integer, 16)}}},
               {"codec", "reader", "learner"}));
    add("sort.so", plugin("sort", "encoder", {{"sorter", {}}}, {"reader", "learner"}));
    add("net.so", plugin("net", "encoder", {{"net", {}}}, {"learner"}));
    add("train.so", plugin("train", "evaluator", {{"train", {}}}));
    add("heard.so", plugin("heard", "evaluator", {{"heard", {}}}));
    queries.facts["train"] = evaluator_facts(true, {"learner", "audio"});
    queries.facts["heard"] = evaluator_facts(true, {"audio"});
    const Json needs = protocol::AudioNeeds{16000, 1, 0, 0, "first", "none"};
    queries.facts["log_mel"] =
        queries.facts["net"] = {{"needs", needs}, {"spec", protocol::FeatureSpec{50, 0.01, 64}}};
    queries.facts["codec"] = {{"needs", needs},
                              {"spec", protocol::FeatureSpec{12.5, 0, 8}},
                              {"code_spec", protocol::CodeSpec{12.5, 0, {32, 32}, 125}}};
  }

  static std::string text(const std::string& encoders, const std::string& end) {
    return "encoder = [" + encoders + "]\ntask = ['probe']\n" + end;
  }

  Plan plan(const std::string& encoders, const std::string& end, const Overrides& overrides = {}) {
    const auto file = (folder / "x.toml").string();
    const auto experiment = parse_experiment(
        file, overrides, [&](const std::string&) { return World::text() + text(encoders, end); });
    HashCache hashes(folder / "cache");
    ReaderQueries scripted(queries);
    CachedQueries remembering(scripted, hashes, folder / "cache", "worker");
    const Catalog catalog(files, remembering, hashes);
    auto plan =
        make_plan(experiment, overrides, catalog, remembering, hashes, folder / "cache", nullptr);
    asked = scripted.resolved;
    connected = scripted.connected;
    return plan;
  }

  std::string refused(const std::string& encoders, const std::string& end) {
    try {
      plan(encoders, end);
    } catch (const Failure& failure) {
      std::string message = failure.what();
      const auto at = message.find((folder / "").string());
      if (at != std::string::npos) message.erase(at, (folder / "").string().size());
      return failure.code() == ExitCode::usage ? message : "another exit code: " + message;
    }
    return "no failure";
  }

  int asked = 0;
  std::map<std::string, std::vector<protocol::SourceSpec>> connected{};
};

}  // namespace earshot::host
