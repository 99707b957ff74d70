#include "torchscript/torchscript.hpp"

#include <functional>

#include <torch/script.h>

#include <gmock/gmock.h>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using torchscript::TorchScript;
using Values = std::map<std::string, OptionValue>;

constexpr std::int64_t rate = 100;  // Hz
const std::string about = R"({"sample_rate": 100, "frame_rate": 10, "first_frame": 0.05})";

/// (B, C, N) to mean and largest value of frames of ten samples, (B, T, 2).
const std::string frames = R"(
def forward(self, x):
    frames = x.mean(1).unfold(1, 10, 10)
    return torch.stack([frames.mean(2), torch.amax(frames, [2])], 2)
)";

class Scripted : public ::testing::Test {
 protected:
  void save(const std::string& definition, const std::string& extra = about) {
    torch::jit::Module module("model");
    module.define(definition);
    torch::jit::ExtraFilesMap files;
    if (!extra.empty()) files["earshot.json"] = extra;
    module.save(file().string(), files);
  }
  TorchScript open(Values values = {}) {
    values.try_emplace("weights", Weights{"model.pt", file()});
    return TorchScript(Options(TorchScript::options(), values), {.device = c10::kCPU});
  }
  static AudioBatch audio(const std::vector<std::int64_t>& lengths, std::int64_t channels = 1) {
    const auto longest = *std::max_element(lengths.begin(), lengths.end());
    AudioBatch batch{at::zeros({static_cast<std::int64_t>(lengths.size()), channels, longest}),
                     at::tensor(lengths, at::kLong), rate};
    for (std::size_t b = 0; b < lengths.size(); ++b)
      batch.samples[static_cast<std::int64_t>(b)].narrow(1, 0, lengths[b]) =
          at::arange(lengths[b], at::kFloat) * 0.01;
    return batch;
  }
  template <class Exception>
  static std::string refusal(const std::function<void()>& function) {
    try {
      function();
    } catch (const Exception& error) {
      return error.what();
    }
    return "(not refused)";
  }
  std::string complaint(Values values = {}, std::int64_t samples = 100) {
    return refusal<DataError>([&] { open(values).encode(audio({samples})); });
  }
  std::filesystem::path file() const { return folder / "model.pt"; }

  TemporaryFolder folder;
};

TEST_F(Scripted, describes_itself_by_its_file) {
  save(frames);
  auto encoder = open();
  EXPECT_EQ(encoder.spec(), (FeatureSpec{10, 0.05, 2})) << "the width is seen";
  EXPECT_EQ(encoder.needs(), AudioNeeds{.sample_rate = 100});
  const auto batch = encoder.encode(audio({100}));
  batch.check();
  EXPECT_EQ(batch.values.sizes(), (at::IntArrayRef{1, 10, 2}));
  EXPECT_FLOAT_EQ(batch.values[0][1][1].item<float>(), 0.19F);
}

TEST_F(Scripted, is_described_by_options_which_win_over_its_file) {
  save(frames, "");
  EXPECT_THAT(refusal<ConfigError>([&] { open(); }),
              AllOf(HasSubstr("model.pt"), HasSubstr("sample_rate is unknown")));
  EXPECT_THAT(refusal<ConfigError>([&] {
                open({{"sample_rate", std::int64_t{100}}});
              }),
              HasSubstr("frame_rate is unknown"));
  const Values values{{"sample_rate", std::int64_t{100}}, {"frame_rate", 10.0}};
  EXPECT_EQ(open(values).spec(), (FeatureSpec{10, 0, 2}));
  save(frames);
  EXPECT_EQ(open({{"first_frame", 0.5}, {"dim", std::int64_t{2}}}).spec(),
            (FeatureSpec{10, 0.5, 2}));
}

TEST_F(Scripted, computes_clips_of_unequal_length_as_if_alone) {
  save(frames);
  auto encoder = open();
  const auto together = encoder.encode(audio({55, 100, 55, 37}));
  EXPECT_TRUE(at::equal(together.lengths, at::tensor({5, 10, 5, 3}, at::kLong)));
  const std::vector<std::int64_t> lengths{55, 100, 55, 37};
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    const auto alone = encoder.encode(audio({lengths[b]}));
    EXPECT_TRUE(
        at::equal(together.values[static_cast<std::int64_t>(b)].narrow(0, 0, alone.values.size(1)),
                  alone.values[0]));
  }
}

TEST_F(Scripted, gives_the_same_bits_at_every_call) {
  save(R"(
def forward(self, x):
    frames = x.mean(1).unfold(1, 10, 10)
    y = torch.sin(frames * 3.7) * torch.exp(frames) + torch.tanh(frames) / 3.0
    return torch.stack([y.mean(2), (y * y).sum(2)], 2)
)");
  auto encoder = open();
  const auto clip = audio({1000});
  const auto first = encoder.encode(clip).values;
  for (int call = 0; call < 4; ++call)
    EXPECT_TRUE(at::equal(encoder.encode(clip).values, first)) << call;
}

TEST_F(Scripted, takes_each_shape_of_input_and_output) {
  save("def forward(self, x):\n    return x.unfold(1, 10, 10).transpose(1, 2)\n");
  const Values flat{{"input", std::string("bn")}, {"layout", std::string("bdt")}};
  EXPECT_EQ(open(flat).encode(audio({100})).values.sizes(), (at::IntArrayRef{1, 10, 10}));
  save("def forward(self, x):\n    return (x.mean(2), x)\n");
  const Values single{
      {"layout", std::string("bd")}, {"frame_rate", 0.0}, {"channels", std::int64_t{2}}};
  EXPECT_EQ(open(single).spec(), (FeatureSpec{0, 0.05, 2})) << "of a tuple the first";
  EXPECT_EQ(open(single).encode(audio({70}, 2)).values.sizes(), (at::IntArrayRef{1, 1, 2}));
}

TEST_F(Scripted, is_told_apart_from_what_was_declared) {
  save(frames);
  EXPECT_THAT(complaint({{"frame_rate", 50.0}, {"dim", std::int64_t{2}}}),
              AllOf(HasSubstr("model.pt: the model gives 10 frames"), HasSubstr("50")));
  EXPECT_THAT(complaint({{"dim", std::int64_t{3}}}), HasSubstr("declared is a dim of 3"));
  EXPECT_THAT(complaint({{"layout", std::string("bdt")}, {"dim", std::int64_t{2}}}),
              HasSubstr("Is the layout 'bdt' right?"));
  EXPECT_THAT(complaint({{"layout", std::string("bd")}, {"frame_rate", 0.0}}),
              HasSubstr("the layout declared is 'bd'"));
  save("def forward(self, x):\n    return x.mean(1).unfold(1, 10, 10)[:1]\n");
  EXPECT_NO_THROW(open().encode(audio({100})));
  EXPECT_THAT(refusal<DataError>([&] {
                open().encode(audio({100, 100}));
              }),
              HasSubstr("Give batch = 1"));
  EXPECT_NO_THROW(open({{"batch", std::int64_t{1}}}).encode(audio({100, 100})));
}

TEST_F(Scripted, that_fails_says_on_what) {
  save(frames);
  EXPECT_THAT(complaint({}, 4), AllOf(HasSubstr("fails on an input of shape [1, 1, 4]")));
  const Values filled{{"min_seconds", 0.1}};
  EXPECT_EQ(open(filled).needs().min_seconds, 0.1);
  EXPECT_EQ(open(filled).needs().pad, Pad::zero);
  save("def forward(self, x):\n    return \"no tensor\"\n");
  EXPECT_THAT(complaint({{"dim", std::int64_t{2}}}), HasSubstr("expected a tensor"));
}

TEST_F(Scripted, refuses_options_that_do_not_fit) {
  save(frames);
  const auto complaint_of = [&](const Values& values) {
    return refusal<ConfigError>([&] { open(values); });
  };
  EXPECT_THAT(complaint_of({{"weights", Weights{"random", ""}}}), HasSubstr("'random'"));
  EXPECT_THAT(complaint_of({{"layout", std::string("bd")}}), HasSubstr("expected frame_rate = 0"));
  EXPECT_THAT(complaint_of({{"channels", std::int64_t{3}}}), HasSubstr("channels is 3"));
  EXPECT_THAT(complaint_of({{"channels", std::int64_t{2}}, {"input", std::string("bn")}}),
              HasSubstr("one channel"));
}

TEST_F(Scripted, refuses_files_that_are_damaged_or_say_nonsense) {
  write(file(), "no archive");
  EXPECT_THAT(complaint(), AllOf(HasSubstr("model.pt: not a TorchScript file")));
  save(frames);
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) / 2);
  EXPECT_THAT(complaint(), HasSubstr("not a TorchScript file, or damaged"));
  for (const auto* text : {"[1]", "{", R"({"sample_rate": "fast"})", R"({"sample_rate": 0.5})",
                           R"({"frame_rate": -2})", R"({"layout": "tbd"})", R"({"input": 3})"}) {
    save(frames, text);
    EXPECT_THAT(complaint(), HasSubstr("earshot.json: ")) << text;
  }
}

TEST_F(Scripted, counts_the_parameters_of_its_module) {
  torch::jit::Module module("model");
  module.register_parameter("w", at::ones({3, 2}), false);
  module.register_parameter("b", at::ones({2}), false);
  module.register_buffer("mean", at::ones({7}));
  module.define("def forward(self, x):\n    return x.mean(1).unfold(1, 10, 10) * self.w.sum()\n");
  torch::jit::ExtraFilesMap files{{"earshot.json", about}};
  module.save(file().string(), files);
  EXPECT_EQ(open().parameter_count(), 8);
  const Sized& sized = open();
  EXPECT_EQ(sized.parameter_count(), 8);
}

TEST_F(Scripted, counts_what_a_frozen_module_has_of_constants) {
  torch::jit::Module module("model");
  module.register_parameter("w", at::ones({10, 2}), false);
  module.define("def forward(self, x):\n    return x.mean(1).unfold(1, 10, 10).matmul(self.w)\n");
  module.eval();
  auto frozen = torch::jit::freeze(module);
  torch::jit::ExtraFilesMap files{{"earshot.json", about}};
  frozen.save(file().string(), files);
  EXPECT_EQ(open().parameter_count(), 20);
}

TEST_F(Scripted, says_of_a_state_dict_that_it_is_one) {
  kit::save_safetensors(folder / "model.pt", {{"a", at::ones({2})}, {"b", at::ones({2})}});
  EXPECT_THAT(complaint(), AllOf(HasSubstr("is a checkpoint: 2 tensors without a program"),
                                 HasSubstr("torch.jit.trace"), Not(HasSubstr("corrupted"))));
  write(file(), "GGUF" + std::string(64, '\1'));
  EXPECT_THAT(complaint(), HasSubstr("model.pt: is a GGUF file of llama.cpp"));
}

}  // namespace
