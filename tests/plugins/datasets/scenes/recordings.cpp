#include "recordings.hpp"

#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe.hpp"
#include "sound_file.hpp"
#include "temporary_folder.hpp"

namespace earshot::scenes {
namespace {

namespace fs = std::filesystem;

class RecordingsTest : public ::testing::Test {
 protected:
  void write(const std::string& name, int channels, int sample_rate, const Signal& frames) const {
    fs::create_directories((root_ / name).parent_path());
    earshot::testing::write_sound(root_ / name, frames, sample_rate, channels,
                                  SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  }
  /// Decaying noise, used both as a source and as a response.
  Signal decay(std::uint64_t seed, double seconds) const {
    kit::Random random(seed);
    Signal result(static_cast<std::size_t>(1.2 * seconds * rate));
    for (std::size_t n = 0; n < result.size(); ++n)
      result[n] = static_cast<float>(random.normal() *
                                     std::pow(10, -3 * static_cast<double>(n) / (seconds * rate)));
    return result;
  }
  void write_classes(const std::string& folder, int classes) const {
    for (int c = 0; c < classes; ++c)
      for (int k = 0; k < 4; ++k)
        write(folder + "/class" + std::to_string(c) + "/" + std::to_string(k) + ".wav", 1, 16000,
              decay(static_cast<std::uint64_t>(10 * c + k), 0.3 + 0.2 * c));
  }
  earshot::testing::TemporaryFolder folder_{};
  const fs::path root_ = folder_.path();
};

TEST_F(RecordingsTest, are_assigned_to_splits_without_overlap) {
  write_classes("dry", 3);
  const Recordings found = find_recordings(root_ / "dry", 1);
  EXPECT_THAT(found.names(), ::testing::ElementsAre("class0", "class1", "class2"));
  std::set<fs::path> all;
  for (const auto& one : found.classes)
    for (const auto& files : one.files) {
      EXPECT_FALSE(files.empty());
      all.insert(files.begin(), files.end());
    }
  EXPECT_EQ(all.size(), 12);
  EXPECT_EQ(found.files().size(), 12);
}

TEST_F(RecordingsTest, are_mixed_down_and_brought_to_the_rate_of_scenes) {
  Signal stereo(2 * 48000);
  for (std::size_t n = 0; n < 48000; ++n) {
    stereo[2 * n] = 0.8F * std::sin(0.05F * static_cast<float>(n));
    stereo[2 * n + 1] = 0;
  }
  write("a.wav", 2, 48000, stereo);
  const Signal mono = read_recording(root_ / "a.wav");
  EXPECT_EQ(mono.size(), 16000);
  EXPECT_NEAR(power(mono), 0.4 * 0.4 / 2, 1e-3);
}

TEST_F(RecordingsTest, that_are_missing_or_not_audio_are_named) {
  EXPECT_THROW(find_recordings(root_ / "nowhere", 1), DataError);
  std::ofstream(root_ / "text.wav") << "this is no sound";
  write("silent.wav", 1, 16000, Signal(100, 0.0F));
  for (const char* name : {"text.wav", "silent.wav"}) {
    try {
      read_recording(root_ / name);
      ADD_FAILURE() << name << " was read";
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr(name));
    }
  }
}

TEST_F(RecordingsTest, must_be_at_least_three_per_class) {
  write("few/dog/1.wav", 1, 16000, decay(1, 0.2));
  write("few/dog/2.wav", 1, 16000, decay(2, 0.2));
  EXPECT_THROW(find_recordings(root_ / "few", 1), DataError);
}

TEST_F(RecordingsTest, take_the_place_of_synthetic_events) {
  write_classes("dry", 4);
  const Scenes scenes = make_scenes(24, {{"sources", Path{root_ / "dry"}}, {"seconds", 1.0}});
  EXPECT_EQ(scenes.sources().size(), 16);
  EXPECT_THAT(scenes.labels()[0].classes,
              ::testing::ElementsAre("class0", "class1", "class2", "class3"));
  const Item item = scenes.item(3);
  const Scene scene = scenes.scene(3, 0);
  EXPECT_EQ(scene.recording.parent_path().filename(),
            std::get<std::string>(item.labels.at("event")));
  EXPECT_EQ(item.groups.at("source"),
            scene.recording.parent_path().filename() / scene.recording.filename());
  const auto audio = scenes.synthesize(3, 0);
  EXPECT_NO_THROW(audio.check());
}

TEST_F(RecordingsTest, without_folders_carry_no_event) {
  for (int k = 0; k < 6; ++k)
    write("dry/" + std::to_string(k) + ".wav", 1, 16000, decay(static_cast<std::uint64_t>(k), 0.5));
  const Scenes scenes = make_scenes(12, {{"sources", Path{root_ / "dry"}}});
  EXPECT_FALSE(scenes.item(0).labels.contains("event"));
  EXPECT_NE(scenes.labels()[0].name, "event");
}

TEST_F(RecordingsTest, of_impulse_responses_bring_their_measured_reverberation_time) {
  write_classes("rirs", 3);
  const Scenes scenes = make_scenes(36, {{"rirs", Path{root_ / "rirs"}}, {"seconds", 1.0}});
  for (std::int64_t i = 0; i < 36; ++i) {
    const Item item = scenes.item(i);
    const std::string room = std::get<std::string>(item.labels.at("room"));
    EXPECT_NEAR(std::get<double>(item.labels.at("rt60")), 0.3 + 0.2 * (room.back() - '0'), 0.03);
    EXPECT_FALSE(item.labels.contains("distance_class"));
  }
  const auto audio = scenes.synthesize(0, 0);
  EXPECT_NO_THROW(audio.check());
}

TEST_F(RecordingsTest, of_impulse_responses_have_no_steps_of_distance_and_reverberation) {
  write_classes("rirs", 3);
  const Scenes scenes = make_scenes(
      6, {{"rirs", Path{root_ / "rirs"}}, {"pairs", std::string("steps")}, {"seconds", 1.0}});
  EXPECT_EQ(scenes.size(), 6 * 5);
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const auto quantity = scenes.item(i).slices.at("quantity");
    EXPECT_NE(quantity, "distance");
    EXPECT_NE(quantity, "reverberation");
  }
  EXPECT_NO_THROW(scenes.synthesize(0, 1).check());
}

TEST_F(RecordingsTest, of_impulse_responses_cannot_be_compared_by_distance) {
  write_classes("rirs", 2);
  EXPECT_THROW(
      make_scenes(12, {{"rirs", Path{root_ / "rirs"}}, {"pairs", std::string("distance")}}),
      ConfigError);
}

}  // namespace
}  // namespace earshot::scenes
