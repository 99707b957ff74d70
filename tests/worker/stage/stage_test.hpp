#pragma once
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "protocol/frame.hpp"
#include "protocol/stages.hpp"
#include "sound_file.hpp"
#include "temporary_folder.hpp"
#include "worker/requests/session.hpp"

namespace earshot::worker {

using protocol::Json;
using testing::TemporaryFolder;

/// Runs a stage with a session whose events are recorded.
class Events {
 public:
  template <class Stage>
  explicit Events(Stage&& stage) {
    const testing::TemporaryFolder folder;
    const int fd = ::open((folder / "events").c_str(), O_RDWR | O_CREAT, 0600);
    protocol::Channel channel(-1, fd);
    Session session(channel, 7);
    stage(session);
    ::close(fd);
    std::ifstream stream(folder / "events", std::ios::binary);
    std::ostringstream all;
    all << stream.rdbuf();
    protocol::FrameReader reader;
    reader.feed(all.str());
    while (auto message = reader.next())
      messages_.push_back(std::move(*message));
  }

  std::vector<protocol::Message> of(const std::string& type) const {
    std::vector<protocol::Message> chosen;
    for (const auto& message : messages_)
      if (message.header.at("type") == type) chosen.push_back(message);
    return chosen;
  }

  /// Everything that must not differ between runs: all except progress and seconds.
  std::string canonical() const {
    std::string text;
    std::map<std::string, Json> points;  // how many are sent at a time depends on the clock
    for (const auto& message : messages_) {
      if (message.header.at("type") == "progress") continue;
      auto header = message.header;
      if (header.at("type") == "curve") {
        auto& all = points.try_emplace(header.at("curve"), Json::array()).first->second;
        all.insert(all.end(), header.at("points").begin(), header.at("points").end());
        continue;
      }
      for (const auto* varies : {"seconds", "reused", "path"})
        header.erase(varies);
      text += header.dump() + message.binary + "\n";
    }
    for (const auto& [curve, all] : points)
      text += curve + all.dump() + "\n";
    return text;
  }

 private:
  std::vector<protocol::Message> messages_;
};

inline protocol::ComponentRef component(const std::string& name, Json options = Json::object()) {
  const auto defaults = std::map<std::string, Json>{
      {"tones", {{"folder", ""}, {"items", 240}}},
      {"frames", {{"defect", ""}, {"rate", 8000}}},
      {"named", {{"frame_rate", 0.0}, {"unknown", ""}}},
      {"units", {{"units", 8}}},
      {"counts", Json::object()},
      {"source_layer", {{"dim", 2}}},
      {"steps", {{"steps", 20}, {"stop_at", -1}, {"defect", ""}, {"log", ""}}},
      {"linear_layer", {{"dim", 2}}},
      {"descent",
       {{"target", "pitch"}, {"steps", 40}, {"stop_at", -1}, {"prepares", true}, {"log", ""}}}};
  auto all = defaults.at(name);
  all.update(options);
  return {STAGE_FIXTURE, name, all};
}

inline protocol::FeaturesRequest features_request(const std::filesystem::path& cache,
                                                  Json dataset = Json::object(),
                                                  Json encoder = Json::object()) {
  protocol::FeaturesRequest request;
  request.dataset.component = component("tones", dataset);
  request.dataset.key = "dataset-key" + dataset.dump();
  request.sources = {{.encoder = component("frames", encoder), .key = "source" + encoder.dump()}};
  request.cache = cache.string();
  request.threads = 2;
  return request;
}

/// Writes 0.wav, 1.wav, ... with the tones of the dataset, each a little longer.
inline void write_tones(const TemporaryFolder& folder, int files) {
  for (int i = 0; i < files; ++i)
    testing::write_sound(folder / (std::to_string(i) + ".wav"),
                         testing::tone(800 + 40 * i, (i / 6 + i) % 2 == 1 ? 900 : 300, 8000), 8000);
}

/// All files below a folder, except indices of clips.
inline std::vector<std::filesystem::path> shards_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> shards;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().extension() != ".clips")
      shards.push_back(entry.path());
  std::sort(shards.begin(), shards.end());
  return shards;
}

inline std::string content(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream all;
  all << stream.rdbuf();
  return all.str();
}

}  // namespace earshot::worker
