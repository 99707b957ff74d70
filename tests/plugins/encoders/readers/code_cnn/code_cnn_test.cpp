#include "encoders/code_cnn/code_cnn.hpp"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/optimiser.hpp>

#include "exported_weights.hpp"
#include "sources.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using code_cnn::CodeCnn;
using ::testing::HasSubstr;
using Given = std::map<std::string, OptionValue>;
using Goal = Objective::Goal;

/// Small sizes, to be fast.
const Given small = {
    {"embedding", std::int64_t{6}}, {"width", std::int64_t{10}}, {"outputs", std::int64_t{12}}};

CodeCnn make_net(Given given = {}) {
  given.insert(small.begin(), small.end());
  return {Options(CodeCnn::options(), given), Context{.device = at::kCPU}};
}

/// Connected to `source`.
template <class Batch>
CodeCnn reader_of(const Batch& source, const Given& given = {}) {
  auto made = make_net(given);
  connect(made, source);
  return made;
}

CodeCnn published(const Given& given, const SourceSpec& source) {
  CodeCnn made(Options(CodeCnn::options(), given), Context{.device = at::kCPU});
  made.connect({&source, 1});
  return made;
}

const Objective three_classes = {.goal = Goal::classes, .classes = {"a", "b", "c"}};

/// The classes of clips 0, 1, 2 ...: a, b, c, a ...
at::Tensor targets(std::int64_t clips) {
  return at::one_hot(at::arange(clips, at::kLong).remainder(3), 3).to(at::kFloat);
}

/// A step of AdamW.
double take_step(CodeCnn& learner, kit::AdamW& optimiser, const LearnerBatch& batch,
                 std::int64_t step) {
  const c10::AutoGradMode grad(true);
  at::manual_seed(static_cast<std::uint64_t>(step));
  const auto total = learner.loss(batch, {.step = step, .steps = 100}).total;
  total.backward();
  optimiser.step(1e-2);
  optimiser.zero_gradients();
  return total.item<double>();
}

CodeSpec books(std::size_t count, std::int64_t size = 1024) {
  return {.frame_rate = 75, .sizes = std::vector<std::int64_t>(count, size)};
}

TEST(CodeCnn, has_as_many_parameters_as_published) {
  EXPECT_EQ(published({}, books(8)).parameter_count(), 1'214'592);
  EXPECT_EQ(published({{"input", std::string("features")}},
                      FeatureSpec{.frame_rate = 22050. / 512, .dim = 2048})
                .parameter_count(),
            2'082'368);
  // A head of training does not count.
  auto net = published({}, books(8));
  net.prepare(three_classes);
  EXPECT_EQ(net.parameter_count(), 1'214'592);
}

TEST(CodeCnn, gives_one_vector_of_256_for_4_8_or_16_codebooks_and_any_number_of_frames) {
  for (const std::int64_t count : {4, 8, 16}) {
    auto net = published({}, books(static_cast<std::size_t>(count)));
    EXPECT_EQ(net.spec(), (FeatureSpec{.dim = 256}));
    for (const std::int64_t frames : {1, 2, 112, 500}) {
      const auto features = read(net, CodeBatch{.codes = random_codes({frames}, count, 1024).codes,
                                                .lengths = at::tensor({frames}),
                                                .spec = books(static_cast<std::size_t>(count))});
      features.check();
      EXPECT_EQ(features.values.sizes(), at::IntArrayRef({1, 1, 256}));
      EXPECT_TRUE(at::isfinite(features.values).all().item<bool>());
    }
  }
}

TEST(CodeCnn, reads_the_coarsest_levels_that_it_is_asked_for) {
  const auto codes = random_codes({20}, 8, 16);
  auto net = reader_of(codes, {{"levels", std::int64_t{4}}});
  auto others = codes;
  others.codes = codes.codes.clone();
  others.codes.narrow(1, 4, 4).fill_(3);
  EXPECT_TRUE(at::equal(read(net, codes).values, read(net, others).values));
  others.codes.narrow(1, 3, 1).fill_(3);
  EXPECT_FALSE(at::equal(read(net, codes).values, read(net, others).values));
}

TEST(CodeCnn, a_source_with_one_vector_per_clip_is_a_clip_of_one_frame) {
  auto clips = random_features({1, 1}, 5);
  clips.spec.frame_rate = 0;
  auto net = reader_of(clips, {{"input", std::string("features")}});
  auto frames = random_features({1, 1}, 5);
  auto other = reader_of(frames, {{"input", std::string("features")}});
  EXPECT_TRUE(at::equal(read(net, clips).values, read(other, frames).values));
}

TEST(CodeCnn, codes_as_numbers_are_features_of_these_numbers) {
  const auto codes = random_codes({30, 17}, 4, 1024);
  auto numbers = reader_of(codes, {{"input", std::string("code_indices")}});
  const FeatureBatch same{.values = codes.codes.transpose(1, 2).to(at::kFloat),
                          .lengths = codes.lengths,
                          .spec = {.frame_rate = 75, .first_frame = 0.5 / 75, .dim = 4}};
  auto features = reader_of(same, {{"input", std::string("features")}});
  EXPECT_TRUE(at::equal(read(numbers, codes).values, read(features, same).values));
}

TEST(CodeCnn, the_published_layout_mixes_time_and_the_transposed_one_does_not) {
  const auto codes = random_codes({40}, 4, 16);
  // Once more of the same brings no new maxima, if time stays time.
  auto three_times = codes;
  three_times.codes = at::cat({codes.codes, codes.codes, codes.codes}, 2);
  three_times.lengths = codes.lengths * 3;
  auto four_times = three_times;
  four_times.codes = at::cat({three_times.codes, codes.codes}, 2);
  four_times.lengths = codes.lengths * 4;
  for (const std::string layout : {"transposed", "published"}) {
    auto net = reader_of(codes, {{"layout", layout}});
    EXPECT_EQ(at::allclose(read(net, three_times).values, read(net, four_times).values, 1e-4, 1e-6),
              layout == "transposed")
        << layout;
  }
}

TEST(CodeCnn, a_clip_comes_out_the_same_alone_and_beside_longer_ones) {
  for (const std::string layout : {"transposed", "published"}) {
    const auto batch = random_codes({33, 80, 1, 33}, 4, 16);
    auto net = reader_of(batch, {{"layout", layout}});
    const auto together = read(net, batch);
    for (std::int64_t b = 0; b < 4; ++b) {
      const auto length = batch.lengths[b].item<std::int64_t>();
      auto alone = batch;
      alone.codes = batch.codes.narrow(0, b, 1).narrow(2, 0, length).contiguous();
      alone.lengths = batch.lengths.narrow(0, b, 1);
      EXPECT_TRUE(at::allclose(read(net, alone).values[0], together.values[b], 1e-5, 1e-6))
          << layout << " " << b;
    }
  }
}

TEST(CodeCnn, what_follows_a_clip_has_no_influence_on_it) {
  for (const std::string input : {"embedded_codes", "code_indices"}) {
    const auto batch = random_codes({33, 80}, 4, 16);
    auto net = reader_of(batch, {{"input", input}});
    auto noisy = batch;
    noisy.codes = batch.codes.clone();
    noisy.codes[0].narrow(1, 33, 47).fill_(7);
    EXPECT_TRUE(at::equal(read(net, batch).values, read(net, noisy).values)) << input;
  }
}

TEST(CodeCnn, a_long_clip_is_computed_in_pieces_as_if_at_once) {
  const at::NoGradGuard no_grad;
  const std::int64_t frames = 9000;
  for (const std::string layout : {"transposed", "published"}) {
    const auto codes = random_codes({frames}, 3, 16);
    Given given = small;
    given["layout"] = layout;
    const Options options(CodeCnn::options(), given);
    kit::Parameters parameters(at::kCPU);
    const kit::CodeNetwork model(kit::code_network_sizes(options, "", std::nullopt, {}, codes.spec),
                                 parameters);
    parameters.randomize(0);
    model.draw_embedding(0);
    const auto whole = model.channels(codes.codes, 0, frames);
    std::vector<at::Tensor> maxima;
    for (std::size_t n = 0; n < 3; ++n)
      maxima.push_back(model.branch(n, whole).amax(2));
    EXPECT_TRUE(at::allclose(model.pooled(codes.codes), at::cat(maxima, 1), 1e-5, 1e-6)) << layout;
    EXPECT_TRUE(at::equal(model.channels(codes.codes, 4000, 4100),
                          whole.narrow(2, 4000, 100 + 2 * model.sizes().reach())))
        << layout;
  }
}

TEST(CodeCnn, a_code_outside_of_the_vocabulary_is_refused_with_its_clip_and_value) {
  const auto good = random_codes({20, 30}, 4, 16);
  auto net = reader_of(good);
  for (const std::int64_t value : {16, -1, 1023}) {
    auto bad = good;
    bad.codes = good.codes.clone();
    bad.codes[1][2][17] = value;
    const auto message = refusal<DataError>([&] { read(net, bad); });
    EXPECT_THAT(message, HasSubstr("clip 1 of the batch has the code " + std::to_string(value) +
                                   " in codebook 2 at frame 17; allowed: 0 to 15"));
  }
}

// Regression: codes of books that are not read were compared with the vocabulary of those that are.
TEST(CodeCnn, books_that_it_does_not_read_may_have_more_entries_than_its_vocabulary) {
  auto codes = random_codes({20}, 4, 16);
  codes.spec.sizes = {16, 16, 64, 64};
  codes.codes.narrow(1, 2, 2).fill_(60);
  auto net = reader_of(codes, {{"levels", std::int64_t{2}}});
  EXPECT_TRUE(at::isfinite(read(net, codes).values).all().item<bool>());
}

TEST(CodeCnn, sources_that_it_cannot_read_are_refused) {
  const auto codes = random_codes({20}, 4, 16);
  const auto features = random_features({20}, 5);
  const auto of_codes = [&](const Given& given) {
    return refusal<ConfigError>([&] { reader_of(codes, given); });
  };
  EXPECT_THAT(refusal<ConfigError>([&] { reader_of(features); }), HasSubstr("codes"));
  EXPECT_THAT(of_codes({{"input", std::string("features")}}), HasSubstr("features"));
  EXPECT_THAT(of_codes({{"levels", std::int64_t{5}}}), HasSubstr("up to 4"));
  EXPECT_THAT(of_codes({{"vocabulary", std::int64_t{15}}}), HasSubstr("16 entries"));
  EXPECT_THAT(of_codes({{"kernels", std::vector<double>{3, 4}}}), HasSubstr("odd"));
  EXPECT_THAT(of_codes({{"kernels", std::vector<double>{}}}), HasSubstr("empty"));
  EXPECT_THAT(
      of_codes({{"input", std::string("code_indices")}, {"layout", std::string("published")}}),
      HasSubstr("embedded codes"));
  auto net = reader_of(codes);
  EXPECT_THAT(refusal<ContractError>([&] { read(net, features); }), HasSubstr("connect()"));
  EXPECT_THAT(refusal<Unsupported>([&] { net.encode({}); }), HasSubstr("takes no audio"));
}

/// A reader after a few steps, and one with what it exports as weights and the same other options.
template <class Batch>
void expect_the_same_of_exported(const Batch& source, const Given& given) {
  const TemporaryFolder folder;
  auto trained = reader_of(source, given);
  at::manual_seed(1);
  trained.prepare(three_classes);
  kit::AdamW optimiser(trained.parameters());
  trained.train(true);
  for (std::int64_t step = 0; step < 3; ++step)
    take_step(trained, optimiser, {.sources = {source}, .targets = targets(source.lengths.size(0))},
              step);
  trained.train(false);
  auto same = given;
  same["weights"] = exported_weights(trained, folder / "exported");
  auto loaded = reader_of(source, same), untrained = reader_of(source, given);
  EXPECT_TRUE(at::equal(read(trained, source).values, read(loaded, source).values));
  EXPECT_FALSE(at::equal(read(trained, source).values, read(untrained, source).values));
}

TEST(CodeCnn, exports_weights_that_give_the_same_vectors) {
  const auto codes = random_codes({20, 31, 25}, 4, 16);
  expect_the_same_of_exported(codes, {});
  expect_the_same_of_exported(codes,
                              {{"layout", std::string("published")}, {"levels", std::int64_t{3}}});
  expect_the_same_of_exported(codes, {{"input", std::string("code_indices")}});
  expect_the_same_of_exported(random_features({20, 31, 25}, 5),
                              {{"input", std::string("features")}});
}

// Regression: branches of a checkpoint were always joined by size, so that weights of kernels in
// another order were refused.
TEST(CodeCnn, exports_weights_of_kernels_in_any_order) {
  expect_the_same_of_exported(random_codes({20, 31}, 4, 16),
                              {{"kernels", std::vector<double>{9, 1, 3}}});
}

TEST(CodeCnn, weights_have_sizes_of_their_own) {
  const TemporaryFolder folder;
  const auto codes = random_codes({20, 31}, 4, 16);
  auto trained = reader_of(codes, {{"kernels", std::vector<double>{1, 9}}});
  trained.prepare(three_classes);
  const auto file = folder / "model.safetensors";
  kit::save_safetensors(file, trained.state().tensors);  // with heads, which are ignored
  const auto load = [&](Given given) {
    given["weights"] = Weights{.source = file.string(), .path = file};
    CodeCnn made(Options(CodeCnn::options(), given), Context{.device = at::kCPU});
    connect(made, codes);
    return made;
  };
  auto loaded = load({{"kernels", std::vector<double>{1, 9}}});
  EXPECT_TRUE(at::equal(read(trained, codes).values, read(loaded, codes).values));
  const auto refused = [&](const Given& given) {
    return refusal<ConfigError>([&] { load(given); });
  };
  EXPECT_THAT(refused({}), HasSubstr("the checkpoint has 1 9"));
  Given both = {{"kernels", std::vector<double>{1, 9}}};
  both["width"] = std::int64_t{11};
  EXPECT_THAT(refused(both), HasSubstr("the checkpoint has 10"));
  both["width"] = std::int64_t{0};
  both["levels"] = std::int64_t{3};
  EXPECT_THAT(refused(both), HasSubstr("trained on 24"));
  both["levels"] = std::int64_t{0};
  both["input"] = std::string("code_indices");
  EXPECT_THAT(refused(both), HasSubstr("embedding of codes"));
}

TEST(CodeCnn, learns_classes_from_embedded_codes_numbers_and_features) {
  for (const std::string input : {"embedded_codes", "code_indices", "features"}) {
    // The class of a clip is what its codes leave when divided by 3 (except 7, which stands for 8),
    // or the value that is raised.
    auto codes = random_codes({25, 40, 31, 25, 40, 31}, 2, 8);
    auto features = random_features({25, 40, 31, 25, 40, 31}, 5);
    for (std::int64_t b = 0; b < 6; ++b) {
      codes.codes[b].div_(3, "floor").mul_(3).add_(b % 3).clamp_max_(7);
      features.values[b].select(1, b % 3).add_(2);
    }
    auto net = input == "features" ? reader_of(features, {{"input", input}})
                                   : reader_of(codes, {{"input", input}});
    at::manual_seed(1);
    net.prepare(three_classes);
    SourceBatch source = codes;
    if (input == "features") source = features;
    const LearnerBatch batch{.sources = {source}, .targets = targets(6)};
    kit::AdamW optimiser(net.parameters());
    net.train(true);
    const auto before = take_step(net, optimiser, batch, 0);
    double after = 0;
    for (std::int64_t step = 1; step < 40; ++step)
      after = take_step(net, optimiser, batch, step);
    EXPECT_LT(after, 0.5 * before) << input;
    net.train(false);
    const at::NoGradGuard no_grad;
    const auto losses = net.loss(batch, {});
    EXPECT_EQ(losses.parts.at(1).first, "accuracy");
    EXPECT_EQ(losses.parts.at(1).second.item<float>(), 1) << input;
  }
}

/// Statistics come from valid frames alone, and so do maxima.
TEST(CodeCnn, padding_takes_no_part_in_training) {
  for (const std::string layout : {"transposed", "published"}) {
    const auto batch = random_codes({20, 33}, 4, 16);
    auto padded = batch;
    padded.codes = at::constant_pad_nd(batch.codes, {0, 50}, 5);
    padded.codes[0].narrow(1, 20, 13).fill_(9);
    std::vector<at::Tensor> totals, means;
    for (const auto& codes : {batch, padded}) {
      const c10::AutoGradMode grad(true);
      auto net = reader_of(codes, {{"layout", layout}, {"dropout", 0.0}});
      at::manual_seed(1);
      net.prepare(three_classes);
      net.train(true);
      const auto total = net.loss({.sources = {codes}, .targets = targets(2)}, {}).total;
      total.backward();
      totals.push_back(total.detach());
      means.push_back(net.state().tensors.at("bn_k5.running_mean"));
    }
    EXPECT_TRUE(at::equal(totals[0], totals[1])) << layout;
    EXPECT_TRUE(at::equal(means[0], means[1])) << layout;
    EXPECT_GT(means[0].abs().max().item<double>(), 0);
  }
}

TEST(CodeCnn, statistics_of_unequal_clips_are_those_of_their_frames_together) {
  const auto batch = random_codes({20, 33}, 4, 16);
  auto net = reader_of(batch, {{"dropout", 0.0}});
  net.prepare(three_classes);
  net.train(true);
  net.loss({.sources = {batch}, .targets = targets(2)}, {});
  // The same convolutions, by hand.
  const auto weights = net.state().tensors;
  auto frames =
      at::embedding(weights.at("code_embedding.weight"), batch.codes).transpose(2, 3).flatten(1, 2);
  frames[0].narrow(1, 20, 13).zero_();
  const std::vector<std::int64_t> one = {1}, two = {2};
  const auto x = at::conv1d(frames, weights.at("temporal_conv_k5.weight"),
                            weights.at("temporal_conv_k5.bias"), one, two);
  const auto valid = at::cat({x[0].narrow(1, 0, 20), x[1]}, 1);
  EXPECT_TRUE(at::allclose(weights.at("bn_k5.running_mean"), 0.1 * valid.mean(1), 1e-4, 1e-6));
  EXPECT_TRUE(at::allclose(weights.at("bn_k5.running_var"), 0.9 + 0.1 * valid.var(1), 1e-4, 1e-6));
}

TEST(CodeCnn, a_state_restores_training_bit_for_bit) {
  const auto codes = random_codes({20, 33, 20}, 4, 16);
  const LearnerBatch batch{.sources = {codes}, .targets = targets(3)};
  const auto fresh = [&] {
    auto net = reader_of(codes);
    at::manual_seed(1);
    net.prepare(three_classes);
    net.train(true);
    return net;
  };
  auto undisturbed = fresh(), resumed = fresh();
  kit::AdamW first(undisturbed.parameters()), second(resumed.parameters());
  for (std::int64_t step = 0; step < 3; ++step)
    take_step(undisturbed, first, batch, step);
  State optimiser;
  first.save(optimiser, "");
  second.load(optimiser, "");
  resumed.load_state(undisturbed.state());
  for (std::int64_t step = 3; step < 6; ++step)
    EXPECT_EQ(take_step(undisturbed, first, batch, step), take_step(resumed, second, batch, step));
}

TEST(CodeCnn, validation_leaves_its_state_unchanged_and_is_without_dropout) {
  const auto codes = random_codes({20, 33, 20}, 4, 16);
  auto net = reader_of(codes, {{"dropout", 0.9}});
  net.prepare(three_classes);
  const auto before = read(net, codes).values;
  const auto mean = net.state().tensors.at("bn_k3.running_mean").clone();
  net.train(true);
  net.train(false);
  const LearnerBatch batch{.sources = {codes}, .targets = targets(3)};
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(at::equal(net.loss(batch, {}).total, net.loss(batch, {}).total));
  EXPECT_TRUE(at::equal(mean, net.state().tensors.at("bn_k3.running_mean")));
  EXPECT_TRUE(at::equal(before, read(net, codes).values));
}

TEST(CodeCnn, training_that_makes_no_sense_is_refused) {
  const auto codes = random_codes({20, 33}, 4, 16);
  auto net = reader_of(codes);
  EXPECT_THAT(refusal<Unsupported>([&] { net.prepare({.goal = Goal::reconstruction}); }),
              HasSubstr("classes, values or from a teacher"));
  EXPECT_THAT(
      refusal<ConfigError>([&] { net.prepare({.goal = Goal::classes, .classes = {"only"}}); }),
      HasSubstr("1 classes; at least 2"));
  net.prepare(three_classes);
  net.train(true);
  const auto one = random_codes({20}, 4, 16);
  EXPECT_THAT(
      refusal<ConfigError>([&] { net.loss({.sources = {one}, .targets = targets(1)}, {}); }),
      HasSubstr("Raise the batch size"));
  EXPECT_THAT(refusal<DataError>([&] { net.load_state({}); }), HasSubstr("lacks tensor"));
}

}  // namespace
