#include "steps.hpp"

#include <cmath>
#include <map>
#include <set>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include "gain.hpp"
#include "impulse_response.hpp"
#include "probe.hpp"

namespace earshot::scenes {
namespace {

Scenes stepped_scenes(std::int64_t clips, std::map<std::string, OptionValue> more = {}) {
  more["pairs"] = std::string("steps");
  return make_scenes(clips, std::move(more));
}

std::string quantity(const Item& item) {
  return std::get<std::string>(item.labels.at("quantity"));
}

Signal sound(const Scenes& scenes, std::int64_t item, std::int64_t clip) {
  const auto samples = scenes.synthesize(item, clip).samples.contiguous();
  const auto* first = samples.const_data_ptr<float>();
  return {first, first + samples.numel()};
}

/// The index of the first item of each quantity.
std::map<std::string, std::int64_t> first_items(const Scenes& scenes) {
  std::map<std::string, std::int64_t> first;
  for (std::int64_t i = 0; i < scenes.size(); ++i)
    first.try_emplace(quantity(scenes.item(i)), i);
  return first;
}

TEST(Steps, give_every_scene_an_item_of_each_quantity_that_it_has) {
  const Scenes scenes = stepped_scenes(72);
  std::map<std::string, std::set<std::string>> of_scene;
  std::set<std::string> ids;
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const Item item = scenes.item(i);
    ASSERT_EQ(item.clips.size(), 2U);
    EXPECT_EQ(item.split, Split::test);
    EXPECT_FALSE(item.question.has_value());
    EXPECT_EQ(item.slices.at("quantity"), quantity(item));
    EXPECT_FALSE(std::get<std::string>(item.labels.at("step")).empty());
    EXPECT_EQ(item.id, item.groups.at("clip") + "-" + quantity(item));
    of_scene[item.groups.at("clip")].insert(quantity(item));
    ids.insert(item.id);
    const bool outside = std::get<std::string>(item.labels.at("room")) == "outdoors";
    EXPECT_FALSE(outside && quantity(item) == "reverberation");
  }
  EXPECT_EQ(std::ssize(ids), scenes.size());
  EXPECT_EQ(of_scene.size(), 72U);
  // One of six places is outdoors, where nothing reverberates.
  EXPECT_EQ(scenes.size(), 72 * 7 - 12);
  for (const auto& [scene, quantities] : of_scene)
    EXPECT_GE(quantities.size(), 6U) << scene;
}

TEST(Steps, are_of_the_scenes_that_the_dataset_without_pairs_tests_on) {
  const Scenes pairs = stepped_scenes(12, {{"seconds", 1.0}});
  const Scenes plain = make_scenes(48, {{"seconds", 1.0}});
  std::map<std::string, Item> tested;
  for (std::int64_t i = 0; i < plain.size(); ++i)
    if (plain.item(i).split == Split::test) tested.emplace(plain.item(i).id, plain.item(i));
  EXPECT_EQ(tested.size(), 12U);
  for (std::int64_t i = 0; i < pairs.size(); ++i) {
    const Item item = pairs.item(i);
    ASSERT_TRUE(tested.contains(item.groups.at("clip")));
    const Item& same = tested.at(item.groups.at("clip"));
    EXPECT_EQ(item.groups, same.groups);
    for (const auto& [name, value] : same.labels)
      EXPECT_TRUE(item.labels.at(name) == value) << name;
  }
}

TEST(Steps, share_the_first_clip_of_a_scene_and_nothing_else) {
  const Scenes scenes = stepped_scenes(6, {{"seconds", 1.0}});
  std::map<std::string, std::int64_t> shared;
  std::map<std::int64_t, at::Tensor> sounds;
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const Item item = scenes.item(i);
    const auto number = item.clips[0].shared;
    EXPECT_GE(number, 0);
    EXPECT_EQ(item.clips[1].shared, -1);
    EXPECT_EQ(shared.try_emplace(item.groups.at("clip"), number).first->second, number);
    const auto samples = scenes.synthesize(i, 0).samples;
    EXPECT_TRUE(at::equal(sounds.try_emplace(number, samples).first->second, samples));
  }
  EXPECT_EQ(sounds.size(), 6U);
}

TEST(Steps, change_one_quantity_of_a_scene_and_no_random_stream) {
  const Scenes scenes = stepped_scenes(72);
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const auto what = quantity(scenes.item(i));
    const Scene a = scenes.scene(i, 0), b = scenes.scene(i, 1);
    EXPECT_EQ(a.source.parameters, b.source.parameters);
    EXPECT_EQ(a.distance, b.distance);
    for (const auto stream :
         {&Scene::performance, &Scene::positions, &Scene::tail, &Scene::noise, &Scene::gain})
      EXPECT_EQ(a.*stream, b.*stream);
    EXPECT_EQ(b.approach, what == "distance" ? 0.5 : 1);
    EXPECT_NEAR(a.snr - b.snr, what == "noise" ? 10 : 0, 1e-9);
    EXPECT_NEAR(std::abs(a.recorder.severity - b.recorder.severity),
                what == "recorder" ? 1.0 / 3 : 0, 1e-9);
    EXPECT_EQ(a.recorder.resonance, b.recorder.resonance);  // independent of the severity
    if (what != "recorder") {
      EXPECT_EQ(a.recorder.bits, b.recorder.bits);
    }
    EXPECT_EQ(a.room.size, b.room.size);
    EXPECT_EQ(a.room.surfaces, b.room.surfaces);
    EXPECT_EQ(a.room.air, b.room.air);
    for (std::size_t band = 0; band < bands; ++band)
      EXPECT_NEAR(b.room.rt60(band), a.room.rt60(band) * (what == "reverberation" ? 0.5 : 1), 1e-9);
  }
}

TEST(Steps, keep_the_severity_on_its_scale) {
  EXPECT_NEAR(stepped_severity(0.1), 0.1 + 1.0 / 3, 1e-12);
  EXPECT_NEAR(stepped_severity(0.9), 0.9 - 1.0 / 3, 1e-12);
  for (double severity = 0; severity <= 1; severity += 0.01) {
    EXPECT_GE(stepped_severity(severity), 0);
    EXPECT_LE(stepped_severity(severity), 1);
  }
}

TEST(Steps, move_the_source_towards_the_receiver_and_nowhere_else) {
  const Scenes scenes = stepped_scenes(12);
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    if (quantity(scenes.item(i)) != "distance") continue;
    const Scene near = scenes.scene(i, 1);
    auto expected = draw_positions(near.room, near.distance, kit::Random(near.positions));
    for (std::size_t axis = 0; axis < 3; ++axis)
      expected.source[axis] = (expected.source[axis] + expected.receiver[axis]) / 2;
    const auto moved = impulse_response(near.room, expected, near.tail);
    const auto response = response_of(near);
    ASSERT_EQ(response.size(), moved.size());
    for (std::size_t n = 0; n < response.size(); n += 97)
      EXPECT_NEAR(response[n], moved[n], 1e-3 * std::abs(moved[lead]));
  }
}

TEST(Steps, of_the_floor_change_no_more_than_they_say) {
  const Scenes scenes = stepped_scenes(6, {{"seconds", 1.0}, {"sample_rate", std::int64_t{16000}}});
  const auto first = first_items(scenes);
  const auto original = sound(scenes, first.at("same"), 0);
  EXPECT_EQ(sound(scenes, first.at("same"), 1), original);
  auto halved = original;
  for (float& x : halved)
    x *= 0.5F;
  EXPECT_EQ(sound(scenes, first.at("gain"), 1), halved);
  const auto earlier = sound(scenes, first.at("shift"), 1);
  for (std::size_t n = 32; n < original.size(); ++n)
    ASSERT_EQ(earlier[n], original[n - 32]) << n;
  EXPECT_GT(power(Signal(earlier.begin(), earlier.begin() + 32)), 0);
}

TEST(Steps, change_the_sound_but_not_its_level) {
  const Scenes scenes = stepped_scenes(12, {{"sample_rate", std::int64_t{16000}}});
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const auto what = quantity(scenes.item(i));
    if (what == "same") continue;
    const auto a = sound(scenes, i, 0), b = sound(scenes, i, 1);
    EXPECT_NE(a, b) << what;
    EXPECT_NEAR(10 * std::log10(power(b) / power(a)), what == "gain" ? -6.0206 : 0, 0.2) << what;
    if (what == "gain") continue;
    EXPECT_NEAR(crest_factor(a), crest_factor(b), 1) << what;
  }
}

TEST(Steps, of_distance_raise_the_direct_sound_over_the_reverberation) {
  const Scenes scenes = stepped_scenes(36);
  const auto direct_share = [](const Signal& response) {
    const Signal direct(response.begin(), response.begin() + 2 * lead);
    return power(direct) * static_cast<double>(direct.size()) /
           (power(response) * static_cast<double>(response.size()));
  };
  int raised = 0, all = 0;
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    const Item item = scenes.item(i);
    if (quantity(item) != "distance" || item.slices.at("setting") != "indoor") continue;
    ++all;
    if (direct_share(response_of(scenes.scene(i, 1))) >
        direct_share(response_of(scenes.scene(i, 0))))
      ++raised;
  }
  EXPECT_GT(all, 25);
  EXPECT_GE(raised, all * 95 / 100);
}

}  // namespace
}  // namespace earshot::scenes
