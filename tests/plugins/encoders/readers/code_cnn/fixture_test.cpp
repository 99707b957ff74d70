#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/optimiser.hpp>

#include "audio_case.hpp"
#include "encoders/code_cnn/code_cnn.hpp"
#include "sources.hpp"

// The network and its training against the published class.
namespace {

using namespace earshot;
using namespace earshot::testing;
using kit::CodeNetwork;
using Input = kit::CodeNetworkSizes::Input;
using Layout = kit::CodeNetworkSizes::Layout;

class CodeCnnFixture : public AudioCase {
 protected:
  /// (B, bands, T), as the published class takes it.
  static at::Tensor by_frames(const at::Tensor& x) { return x.transpose(1, 2).contiguous(); }
  bool reads_codes() const { return golden("in/x").scalar_type() == at::kLong; }
  /// As the model takes it.
  at::Tensor input() const { return reads_codes() ? golden("in/x") : by_frames(golden("in/x")); }

  struct Loaded {
    kit::Parameters parameters;
    CodeNetwork network;
  };
  /// With the weights of the case.
  Loaded load(Layout layout) const {
    const kit::Checkpoint checkpoint(folder / "model.safetensors");
    const auto prefix = kit::code_network_prefix(checkpoint);
    auto sizes = kit::stored_code_network(checkpoint, prefix);
    sizes.layout = layout;
    kit::Parameters parameters(at::kCPU, checkpoint);
    CodeNetwork network(sizes, parameters);
    kit::NameMap names;
    names.under(prefix).ignore("num_batches_tracked$").ignore(R"(^(head|teacher)\.)");
    parameters.load(checkpoint, names);
    return {std::move(parameters), std::move(network)};
  }
  static at::Tensor lengths(const CodeNetwork& model, const at::Tensor& x) {
    const auto frames = x.size(model.sizes().input == Input::features ? 1 : 2);
    return at::full({x.size(0)}, frames, at::kLong);
  }
};

TEST_P(CodeCnnFixture, branches_and_features_are_the_reference_s) {
  const at::NoGradGuard no_grad;
  const auto loaded = load(Layout::published);
  const auto& net = loaded.network;
  const auto x = input();
  const auto frames = lengths(net, x)[0].item<std::int64_t>();
  const auto channels = net.channels(x, 0, frames);
  for (std::size_t n = 0; n < net.sizes().kernels.size(); ++n)
    expect_near("mid/branch" + std::to_string(net.sizes().kernels[n]), net.branch(n, channels),
                true);
  expect_near("mid/pooled", net.pooled(x), true);
  expect_near("out/features", net.evaluate(x, lengths(net, x)), true);
}

TEST_P(CodeCnnFixture, layout_transposed_is_what_the_published_view_was_meant_to_be) {
  if (!reads_codes()) GTEST_SKIP() << "features have one layout";
  const at::NoGradGuard no_grad;
  const auto loaded = load(Layout::transposed);
  const auto& net = loaded.network;
  expect_near("out/features_transposed", net.evaluate(input(), lengths(net, input())), true);
}

TEST_P(CodeCnnFixture, the_older_input_of_one_frame_is_the_reference_s) {
  if (reads_codes()) GTEST_SKIP() << "codes have no such form";
  const at::NoGradGuard no_grad;
  const auto loaded = load(Layout::transposed);
  const auto& net = loaded.network;
  const auto x = golden("in/legacy").unsqueeze(1);
  expect_near("out/features_legacy", net.evaluate(x, lengths(net, x)), true);
}

TEST_P(CodeCnnFixture, gradients_are_the_reference_s) {
  const c10::AutoGradMode grad(true);
  const auto loaded = load(Layout::published);
  const auto& net = loaded.network;
  const auto& tensors = loaded.parameters.tensors();
  for (const auto& [name, tensor] : tensors)
    if (!kit::BatchNorm::is_statistic(name)) tensor.set_requires_grad(true);
  const auto x = input();
  (net.train(x, lengths(net, x), 0) * golden("in/cotangent")).sum().backward();
  const std::string beginning = "out/train/grad/";
  for (const auto& name : goldens->names())
    if (name.starts_with(beginning)) {
      const auto gradient = tensors.at(name.substr(beginning.size())).grad();
      expect_near(name, gradient.narrow(0, 0, golden(name).size(0)));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, CodeCnnFixture,
    audio_cases_with_threads("written out here (seed 001; names of giblet-responses)"),
    audio_case_name);

/// Ten steps of the published class with a head for five classes.
class CodeCnnTrainingFixture : public AudioCase {
 protected:
  CodeBatch codes(std::int64_t step) const {
    const auto c = config();
    const auto x = golden("in/x")[step];
    const std::vector<std::int64_t> sizes(c.at("input_codebooks").get<std::size_t>(),
                                          c.at("vocab_size").get<std::int64_t>());
    return {.codes = x,
            .lengths = at::full({x.size(0)}, x.size(2), at::kLong),
            .spec = {.frame_rate = 75, .sizes = sizes}};
  }
  FeatureBatch mels(std::int64_t step) const {
    const auto x = golden("in/x")[step].transpose(1, 2).contiguous();
    return {.values = x,
            .lengths = at::full({x.size(0)}, x.size(1), at::kLong),
            .spec = {.frame_rate = 43, .dim = x.size(2)}};
  }
  bool reads_codes() const { return golden("in/x").scalar_type() == at::kLong; }
  SourceBatch source(std::int64_t step) const {
    if (reads_codes()) return codes(step);
    return mels(step);
  }
  LearnerBatch batch(std::int64_t step) const {
    return {.sources = {source(step)},
            .targets = at::one_hot(golden("in/labels")[step], classes).to(at::kFloat)};
  }

  std::unique_ptr<code_cnn::CodeCnn> learner(const std::string& layout) const {
    const auto file = folder / "model.safetensors";
    const Options options(code_cnn::CodeCnn::options(),
                          {{"weights", Weights{.source = file.string(), .path = file}},
                           {"input", std::string(reads_codes() ? "embedded_codes" : "features")},
                           {"layout", layout},
                           {"dropout", config().at("dropout").get<double>()}});
    auto made = std::make_unique<code_cnn::CodeCnn>(options, Context{.device = at::kCPU});
    if (reads_codes())
      connect(*made, codes(0));
    else
      connect(*made, mels(0));
    made->prepare({.goal = Objective::Goal::classes, .classes = {"a", "b", "c", "d", "e"}});
    auto state = made->state();
    const kit::Checkpoint checkpoint(file);
    for (const auto* part : {"head.weight", "head.bias"})
      state.tensors[part] = checkpoint.get(part);
    made->load_state(state);
    return made;
  }

  static constexpr std::int64_t classes = 5;
};

/// The golden's first rows of a tensor of ours.
at::Tensor rows_like(const at::Tensor& golden, const at::Tensor& ours) {
  return ours.dim() == 0 ? ours : ours.narrow(0, 0, golden.size(0));
}

TEST_P(CodeCnnTrainingFixture, losses_gradients_and_weights_of_ten_steps_are_the_reference_s) {
  const auto c = config();
  for (const std::string layout : {"published", "transposed"}) {
    const auto out = "out/" + layout + "/";
    if (!goldens->contains(out + "loss")) continue;
    // Features have no layout; their golden has the name of the published one.
    const auto net = learner(reads_codes() ? layout : "transposed");
    kit::AdamW optimiser(net->parameters(), {.weight_decay = 1e-5});
    std::vector<float> losses, norms;
    net->train(true);
    for (std::int64_t step = 0; step < c.at("steps").get<std::int64_t>(); ++step) {
      const c10::AutoGradMode grad(true);
      const auto loss = net->loss(batch(step), {.step = step, .steps = c.at("steps")});
      loss.total.backward();
      EXPECT_EQ(loss.weight, c.at("batch").get<double>());
      losses.push_back(loss.total.item<float>());
      const auto first = out + "first/grad/";
      for (const auto& [name, parameter] : net->parameters())
        if (step == 0 && goldens->contains(first + name))
          expect_near(first + name, rows_like(golden(first + name), parameter.grad()));
      norms.push_back(
          static_cast<float>(kit::clip_gradients(net->parameters(), c.at("clip").get<double>())));
      optimiser.step(1e-3);
      optimiser.zero_gradients();
    }
    expect_near(out + "loss", at::tensor(losses));
    expect_near(out + "grad_norm", at::tensor(norms));
    net->train(false);
    for (const auto& [name, tensor] : net->state().tensors)
      if (goldens->contains(out + "final/" + name))
        expect_near(out + "final/" + name, rows_like(golden(out + "final/" + name), tensor));
    const at::NoGradGuard no_grad;
    const auto first = source(0);
    expect_near(out + "features_after", net->read({&first, 1}).values.squeeze(1));
  }
}

// On one thread, as the reference ran. On two, sums have another order, which changes the losses of
// the mel case by 1e-8 at the first step, and by ten times more with each step from the fifth on.
INSTANTIATE_TEST_SUITE_P(
    Cases, CodeCnnTrainingFixture,
    ::testing::Combine(::testing::ValuesIn(audio_cases("jeremymanning/giblet-responses 5ed01cc "
                                                       "AudioEncoder",
                                                       "training")),
                       ::testing::Values(1)),
    audio_case_name);

}  // namespace
