#include "scenes.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe.hpp"

namespace earshot::scenes {
namespace {

std::string text(const Item& item, const char* label) {
  return std::get<std::string>(item.labels.at(label));
}

double number(const Item& item, const char* label) {
  return std::get<double>(item.labels.at(label));
}

TEST(Scenes, gives_valid_audio_at_each_rate_and_the_same_at_every_call) {
  for (const std::int64_t sample_rate : {16000, 32000, 48000}) {
    const Scenes scenes = make_scenes(12, {{"sample_rate", sample_rate}});
    const AudioBatch first = scenes.synthesize(5, 0), again = scenes.synthesize(5, 0);
    EXPECT_NO_THROW(first.check());
    EXPECT_EQ(first.sample_rate, sample_rate);
    EXPECT_EQ(first.samples.size(2), 10 * sample_rate);
    EXPECT_TRUE(at::equal(first.samples, again.samples));
    EXPECT_LE(first.samples.abs().max().item<float>(), 1);
    EXPECT_FALSE(at::equal(first.samples, scenes.synthesize(6, 0).samples));
  }
  EXPECT_THROW(make_scenes(12, {{"sample_rate", std::int64_t{44100}}}), ConfigError);
}

TEST(Scenes, has_nothing_above_eight_kilohertz) {
  const Scenes scenes = make_scenes(72);
  for (std::int64_t i = 0; i < 72; i += 7) {
    const at::Tensor samples = scenes.synthesize(i, 0).samples.view({-1});
    const at::Tensor energy = at::fft_rfft(samples).abs().square();
    const std::int64_t border = energy.numel() / 2;
    const double share = energy.slice(0, border).sum().item<double>() / energy.sum().item<double>();
    EXPECT_LT(10 * std::log10(share), -60) << i;
  }
}

TEST(Scenes, differs_from_world_to_world) {
  const Scenes a = make_scenes(12), b = make_scenes(12, {{"world", std::int64_t{1}}});
  EXPECT_NE(a.item(0).id, b.item(0).id);
  EXPECT_FALSE(at::equal(a.synthesize(0, 0).samples, b.synthesize(0, 0).samples));
}

TEST(Scenes, labels_every_item_within_its_declared_classes) {
  const Scenes scenes = make_scenes(432);
  const auto specs = scenes.labels();
  std::set<std::string> ids;
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const Item item = scenes.item(i);
    ids.insert(item.id);
    EXPECT_THAT(item.groups, testing::SizeIs(3));
    const bool outside = text(item, "room") == "outdoors";
    EXPECT_EQ(text(item, "setting"), outside ? "outdoor" : "indoor");
    for (const LabelSpec& spec : specs) {
      const auto label = item.labels.find(spec.name);
      if (label == item.labels.end()) {  // without walls there is no reverberation
        EXPECT_TRUE(outside && (spec.name == "rt60" || spec.name == "distance_critical"));
        continue;
      }
      ASSERT_EQ(label->second.index(), spec.type.index()) << spec.name;
      if (spec.classes.empty()) continue;
      EXPECT_THAT(spec.classes, testing::Contains(std::get<std::string>(label->second)));
    }
  }
  EXPECT_EQ(ids.size(), 432);
}

TEST(Scenes, labels_the_distance_that_it_renders) {
  const Scenes scenes = make_scenes(144);
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const Item item = scenes.item(i);
    const Scene scene = scenes.scene(i, 0);
    EXPECT_EQ(number(item, "distance"), scene.distance);
    if (scene.room.kind == outdoors) continue;
    EXPECT_NEAR(number(item, "distance_critical") * scene.room.critical_distance(), scene.distance,
                1e-9);
    EXPECT_EQ(number(item, "rt60"), scene.room.rt60());
  }
}

TEST(Scenes, shares_no_room_source_noise_or_recorder_between_splits) {
  const Scenes scenes = make_scenes(1728);
  std::map<std::string, std::set<Split>> splits;  // by value
  std::set<std::string> test_rooms, test_sources;
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const Item item = scenes.item(i);
    const Scene scene = scenes.scene(i, 0);
    const auto seen = [&](const std::string& what) { splits[what].insert(item.split); };
    seen("room " + item.groups.at("room"));
    seen("source " + item.groups.at("source"));
    seen("geometry " + std::to_string(scene.room.size[0]) + " " +
         std::to_string(scene.room.air[3]) + " " + std::to_string(scene.room.log_reflection[2]));
    seen("parameters " + std::to_string(scene.source.event) + " " +
         std::to_string(scene.source.parameters[0]) + " " +
         std::to_string(scene.source.parameters[1]));
    seen("noise " + std::to_string(scene.noise));
    seen("recorder " + std::to_string(scene.recorder.severity) + " " +
         std::to_string(scene.recorder.high_cut));
    if (item.split != Split::test) continue;
    test_rooms.insert(item.groups.at("room"));
    test_sources.insert(item.groups.at("source"));
  }
  for (const auto& [what, in] : splits)
    EXPECT_EQ(in.size(), 1) << what;
  EXPECT_GE(test_rooms.size(), 40);
  EXPECT_GE(test_sources.size(), 40);
}

TEST(Scenes, uses_each_test_room_and_source_about_equally_often) {
  const Scenes scenes = make_scenes(1728);
  std::map<std::string, int> uses;
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const Item item = scenes.item(i);
    if (item.split != Split::test) continue;
    ++uses["room " + item.groups.at("room")];
    ++uses["source " + item.groups.at("source")];
  }
  for (const auto& [what, count] : uses)
    EXPECT_EQ(count, what.starts_with("room") ? 9 : 6) << what;
}

TEST(ScenesSeenRooms, tests_in_rooms_of_the_training_at_other_positions) {
  const ScenesSeenRooms scenes(Options(Scenes::options()), Context{.device = at::kCPU});
  std::set<std::string> train;
  std::set<std::uint64_t> positions;
  for (std::int64_t i = 0; i < scenes.size(); ++i)
    if (scenes.item(i).split == Split::train) {
      train.insert(scenes.item(i).groups.at("room"));
      positions.insert(scenes.scene(i, 0).positions);
    }
  for (std::int64_t i = 0; i < scenes.size(); ++i)
    if (scenes.item(i).split == Split::test) {
      EXPECT_TRUE(train.contains(scenes.item(i).groups.at("room")));
      EXPECT_FALSE(positions.contains(scenes.scene(i, 0).positions));
    }
}

class Paired : public testing::TestWithParam<const char*> {};

TEST_P(Paired, clips_differ_in_one_factor_and_share_the_source) {
  const std::string factor = GetParam();
  const Scenes scenes = make_scenes(432, {{"pairs", factor}});
  int second = 0;
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const Item item = scenes.item(i);
    ASSERT_EQ(item.clips.size(), 2);
    const Scene a = scenes.scene(i, 0), b = scenes.scene(i, 1);
    EXPECT_EQ(a.performance, b.performance);
    EXPECT_EQ(a.source.parameters, b.source.parameters);
    EXPECT_EQ(a.snr, b.snr);
    EXPECT_EQ(a.room.size != b.room.size || a.room.air != b.room.air, factor == "room");
    if (factor != "room") {  // each room has its own scale
      EXPECT_EQ(a.distance != b.distance, factor == "distance");
    }
    EXPECT_EQ(a.recorder.severity != b.recorder.severity, factor == "quality");
    ASSERT_TRUE(item.question.has_value());
    EXPECT_EQ(item.question->answers, std::vector<std::string>{text(item, "pair")});
    const bool later = factor == "room"       ? b.room.rt60() > a.room.rt60()
                       : factor == "distance" ? b.distance > a.distance
                                              : b.recorder.severity > a.recorder.severity;
    EXPECT_EQ(text(item, "pair"), later ? "second" : "first");
    second += later ? 1 : 0;
  }
  EXPECT_NEAR(second / 432.0, 0.5, 0.07);
}

INSTANTIATE_TEST_SUITE_P(Factors, Paired, testing::Values("room", "distance", "quality"));

TEST(Scenes, refuses_clips_that_it_does_not_have) {
  const Scenes scenes = make_scenes(12);
  EXPECT_THROW(scenes.synthesize(12, 0), ContractError);
  EXPECT_THROW(scenes.synthesize(0, 1), ContractError);
  EXPECT_THROW(scenes.synthesize(-1, 0), ContractError);
}

}  // namespace
}  // namespace earshot::scenes
