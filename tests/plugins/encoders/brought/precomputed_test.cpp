#include "precomputed/precomputed.hpp"

#include <functional>
#include <limits>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>
#include <earshot/kit/npy.hpp>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using precomputed::Precomputed;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Values = std::map<std::string, OptionValue>;

class PrecomputedFeatures : public ::testing::Test {
 protected:
  Precomputed open(Values values = {}, const std::string& below = "") {
    values.try_emplace("folder", Path{folder.path() / below});
    return Precomputed(Options(Precomputed::options(), values), {.device = c10::kCPU});
  }
  Precomputed open_frames() { return open({{"frame_rate", 12.5}}); }

  void save(const std::string& name, const at::Tensor& array) {
    std::filesystem::create_directories((folder / name).parent_path());
    kit::write_npy(folder / name, array);
  }
  static std::string refusal(const std::function<void()>& function) {
    try {
      function();
    } catch (const DataError& error) {
      return error.what();
    }
    return "(not refused)";
  }
  std::string refusal_of(const std::string& item, Values values = {{"frame_rate", 12.5}}) {
    return refusal([&] { open(values).look_up({.items = {item}}); });
  }

  TemporaryFolder folder;
};

TEST_F(PrecomputedFeatures, are_the_arrays_of_a_folder_by_item_id) {
  save("a.npy", at::arange(8, at::kFloat).view({4, 2}));
  save("deep/b.wav.npy", at::ones({3, 2}, at::kDouble));
  auto encoder = open({{"frame_rate", 12.5}, {"first_frame", 0.04}});
  EXPECT_EQ(encoder.spec(), (FeatureSpec{12.5, 0.04, 2}));
  EXPECT_TRUE(at::equal(encoder.look_up({.items = {"a"}}), at::arange(8, at::kFloat).view({4, 2})));
  EXPECT_TRUE(at::equal(encoder.look_up({.items = {"deep/b.wav"}}), at::ones({3, 2})));
}

TEST_F(PrecomputedFeatures, may_be_one_vector_per_clip_of_half_precision) {
  save("a.npy", at::ones({3}, at::kHalf));
  save("b.npy", at::ones({1, 3}, at::kHalf));
  auto encoder = open();
  EXPECT_EQ(encoder.spec(), (FeatureSpec{0, 0, 3}));
  for (const auto* item : {"a", "b"})
    EXPECT_TRUE(at::equal(encoder.look_up({.items = {item}}), at::ones({1, 3})));
}

TEST_F(PrecomputedFeatures, may_be_tensors_of_one_safetensors_file) {
  kit::save_safetensors(folder / "all.safetensors",
                        {{"a", at::ones({2, 3})}, {"b", at::zeros({4, 3})}});
  EXPECT_EQ(open_frames().look_up({.items = {"b"}}).size(0), 4);
  auto by_name = open({{"frame_rate", 12.5}, {"folder", Path{folder / "all.safetensors"}}});
  EXPECT_EQ(by_name.look_up({.items = {"a"}}).size(0), 2);
}

TEST_F(PrecomputedFeatures, may_be_a_safetensors_file_for_each_item) {
  kit::save_safetensors(folder / "a.safetensors", {{"x", at::ones({2, 3})}});
  kit::save_safetensors(folder / "b.safetensors", {{"x", at::ones({4, 3})}});
  EXPECT_EQ(open_frames().look_up({.items = {"b"}}).size(0), 4);
}

TEST_F(PrecomputedFeatures, of_a_lone_file_with_one_tensor_have_the_tensor_s_name) {
  kit::save_safetensors(folder / "all.safetensors", {{"a", at::ones({2, 3})}});
  EXPECT_EQ(open_frames().look_up({.items = {"a"}}).size(0), 2);
}

TEST_F(PrecomputedFeatures, are_found_by_the_audio_file_on_demand) {
  save("dog.npy", at::ones({3}));
  auto encoder = open({{"names", std::string("file")}});
  EXPECT_EQ(encoder.look_up({.items = {"7"}, .file = "/data/dog.flac"}).size(1), 3);
  EXPECT_THAT(refusal([&] {
                encoder.look_up({{"7"}, "/data/dog.flac", 1.5, 2});
              }),
              HasSubstr("not a whole file"));
}

// Regression: two files of one name in different folders got the features of one array.
TEST_F(PrecomputedFeatures, called_by_file_are_not_those_of_a_second_file_of_that_name) {
  save("1.npy", at::ones({3}));
  auto encoder = open({{"names", std::string("file")}});
  const auto look_up = [&](const char* file) {
    return encoder.look_up({.items = {file}, .file = file});
  };
  EXPECT_NO_THROW(look_up("/data/a/1.wav"));
  EXPECT_NO_THROW(look_up("/data/a/1.wav"));
  EXPECT_THAT([&] { look_up("/data/b/1.wav"); },
              ::testing::ThrowsMessage<ConfigError>(
                  AllOf(HasSubstr("/data/a/1.wav and /data/b/1.wav"), HasSubstr("1.npy"))));
  EXPECT_THAT([&] { look_up("/data/a/1.flac"); }, ::testing::Throws<ConfigError>());
}

TEST_F(PrecomputedFeatures, called_by_file_are_told_apart_by_folders) {
  save("a/1.npy", at::ones({3}));
  save("b/1.npy", at::zeros({3}));
  auto encoder = open({{"names", std::string("file")}});
  const auto sum = [&](const char* file) {
    return encoder.look_up({.items = {"x"}, .file = file}).sum().item<double>();
  };
  EXPECT_EQ(sum("/data/a/1.wav"), 3);
  EXPECT_EQ(sum("/data/b/1.wav"), 0);
  EXPECT_THROW(sum("/data/b/deep/1.wav"), ConfigError) << "a second file for b/1.npy";
  EXPECT_EQ(open({{"names", std::string("file")}})
                .look_up({.items = {"x"}, .file = "/data/b/deep/1.wav"})
                .sum()
                .item<double>(),
            0)
      << "a folder that is part of the path";
}

TEST_F(PrecomputedFeatures, of_several_datasets_have_a_folder_each) {
  save("digits/1.npy", at::ones({3}));
  save("digits/only.npy", at::ones({3}));
  save("esc10/1.npy", at::zeros({3}));
  std::filesystem::create_directories(folder / "more");
  kit::save_safetensors(folder / "more/all.safetensors",
                        {{"2", at::ones({3}) * 2}, {"3", at::ones({3}) * 3}});
  auto encoder = open();
  const auto sum = [&](const char* item, const char* file) {
    return encoder.look_up({.items = {item}, .file = file}).sum().item<double>();
  };
  EXPECT_EQ(sum("1", "/data/digits/1.wav"), 3);
  EXPECT_EQ(sum("1", "/data/esc10/audio/1.wav"), 0);
  EXPECT_EQ(sum("2", "/data/x/2.wav"), 6);
  EXPECT_EQ(sum("digits/1", "/data/x/y.wav"), 3);
  EXPECT_THAT(refusal([&] { sum("only", "/data/esc10/only.wav"); }), HasSubstr("no features for"))
      << "those of another dataset";
  EXPECT_THAT(refusal([&] { sum("1", "/data/x/1.wav"); }),
              AllOf(HasSubstr("digits/1.npy"), HasSubstr("esc10/1.npy"), HasSubstr("twice")));
}

TEST_F(PrecomputedFeatures, of_items_with_one_clip_must_not_contradict_each_other) {
  save("a.npy", at::ones({3}));
  save("b.npy", at::ones({3}));
  save("c.npy", at::zeros({3}));
  auto encoder = open();
  EXPECT_NO_THROW(encoder.look_up({.items = {"missing", "a", "b"}}));
  EXPECT_THAT(refusal([&] {
                encoder.look_up({.items = {"a", "c"}});
              }),
              AllOf(HasSubstr("c.npy: other features than"), HasSubstr("a.npy")));
}

TEST_F(PrecomputedFeatures, that_are_missing_are_named) {
  save("a.npy", at::ones({2, 3}));
  EXPECT_THAT(refusal_of("x"), AllOf(HasSubstr("no features for 'x' in " + folder.path().string()),
                                     HasSubstr("'a'")));
}

TEST_F(PrecomputedFeatures, of_another_shape_or_type_are_refused_with_the_file) {
  save("a.npy", at::ones({2, 3}));
  save("wide.npy", at::ones({2, 4}));
  save("flat.npy", at::ones({3}));
  save("cube.npy", at::ones({1, 2, 3}));
  save("whole.npy", at::ones({2, 3}, at::kLong));
  save("empty.npy", at::ones({0, 3}));
  EXPECT_THAT(refusal_of("wide"),
              AllOf(HasSubstr("wide.npy: features of width 4; expected 3"), HasSubstr("a.npy")));
  EXPECT_THAT(refusal_of("flat"), HasSubstr("flat.npy: an array of shape (3); expected (T, D)"));
  EXPECT_THAT(refusal_of("cube"), HasSubstr("(1, 2, 3); expected (T, D)"));
  EXPECT_THAT(refusal_of("whole"), HasSubstr("numbers of type Long"));
  EXPECT_THAT(refusal_of("empty"), HasSubstr("without frames"));
  EXPECT_THAT(refusal_of("a", {}), HasSubstr("Give frame_rate"));
}

TEST_F(PrecomputedFeatures, that_are_not_finite_as_float32_are_refused) {
  save("a.npy", at::ones({2, 3}));
  save("nan.npy", at::full({2, 3}, std::numeric_limits<float>::quiet_NaN()));
  save("huge.npy", at::full({2, 3}, 1e300, at::kDouble));
  EXPECT_THAT(refusal_of("nan"), HasSubstr("nan.npy: a value that is not a finite float32"));
  EXPECT_THAT(refusal_of("huge"), HasSubstr("huge.npy: a value that is not a finite float32"));
}

TEST_F(PrecomputedFeatures, that_are_damaged_are_refused_with_the_file) {
  save("a.npy", at::ones({2, 3}));
  save("cut.npy", at::ones({2, 3}));
  std::filesystem::resize_file(folder / "cut.npy", 140);
  EXPECT_THAT(refusal_of("cut"), AllOf(HasSubstr("cut.npy: "), HasSubstr("cut off")));
}

TEST_F(PrecomputedFeatures, need_a_folder_that_has_some_each_once) {
  EXPECT_THAT(refusal([&] { open(); }), HasSubstr("has no features"));
  EXPECT_THAT(refusal([&] { open({}, "nowhere"); }), HasSubstr("no such folder"));
  save("a.npy", at::ones({3}));
  kit::save_safetensors(folder / "all.safetensors", {{"a", at::ones({3})}});
  EXPECT_THAT(refusal([&] { open(); }), AllOf(HasSubstr("'a' exists twice"), HasSubstr("a.npy"),
                                              HasSubstr("all.safetensors")));
}

TEST_F(PrecomputedFeatures, are_of_no_sound) {
  save("a.npy", at::ones({3}));
  EXPECT_THROW(open().encode({at::zeros({1, 1, 10}), at::full({1}, 10, at::kLong), 16000}),
               Unsupported);
}

}  // namespace
