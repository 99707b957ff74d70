#pragma once
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "fake_hub.hpp"
#include "host/weights/fetch.hpp"
#include "host/weights/lookup.hpp"

namespace earshot::host {

/// A hub with one model of 300,000 bytes, and an empty cache.
class Fetching : public ::testing::Test {
 protected:
  using Request = earshot::testing::FakeHub::Request;
  using Answer = earshot::testing::FakeHub::Answer;

  Fetching() {
    hub.files = {{"README.md", "---\nlicense: mit\n---\n"},
                 {"config.json", "{}"},
                 {"model.safetensors", content},
                 {"pytorch_model.bin", "the same in another format"}};
    hub.large = {"model.safetensors", "pytorch_model.bin"};
    settings.cache = folder / "hub";
    settings.endpoint = hub.url();
    settings.first_wait = std::chrono::milliseconds(1);
  }

  void get(const std::string& text = "hf://owner/repo") {
    Hub client(settings, [this](const std::string& line) { notes.push_back(line); });
    const auto source = parse_hub_source(text);
    const FetchWatcher watcher{[this](const FetchProgress& now) { seen.push_back(now); },
                               [this](const std::string& line) { notes.push_back(line); }};
    fetch(client, source, ask_hub(client, source), watcher);
  }
  /// The error message; "" on success.
  std::string failure(const std::string& text = "hf://owner/repo") {
    try {
      get(text);
    } catch (const Failure& error) {
      EXPECT_EQ(error.code(), ExitCode::cells_not_ok);
      return error.what();
    }
    return "";
  }

  std::filesystem::path repository() const { return settings.cache / "models--owner--repo"; }
  std::filesystem::path blob(const std::string& name) const {
    return repository() / "blobs" / hub.etag(name);
  }
  std::filesystem::path part() const { return blob("model.safetensors").string() + ".incomplete"; }
  std::string fetched(const std::string& name) const {
    return earshot::testing::text_of(repository() / "snapshots" / hub.commit / name);
  }
  Weights found(const std::string& text = "hf://owner/repo") const {
    return find_in_cache(settings.cache, parse_hub_source(text));
  }

  /// The first `times` requests for the model get the answer from `make`.
  void trouble(int times, std::function<Answer(const Request&)> make) {
    hub.cdn_trouble = [times, make](const Request& request) mutable {
      return times-- > 0 ? std::optional(make(request)) : std::nullopt;
    };
  }
  Answer normal(const Request& request) const {
    return earshot::testing::FakeHub::content(request, content);
  }

  const std::string content = earshot::testing::noise(300'000);
  earshot::testing::TemporaryFolder folder{};
  earshot::testing::FakeHub hub{};
  HubSettings settings{};
  std::vector<std::string> notes{};
  std::vector<FetchProgress> seen{};
};

}  // namespace earshot::host
