#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>

#include <earshot/plugin.hpp>

namespace {

using namespace earshot;
using testing::HasSubstr;
using testing::ThrowsMessage;

template <class Batch>
void expect_refused(const Batch& batch, const std::string& field, const std::string& expected) {
  EXPECT_THAT([&] { batch.check(); },
              ThrowsMessage<ContractError>(
                  testing::AllOf(testing::StartsWith(field), HasSubstr("expected " + expected))));
}

AudioBatch audio() {
  return {.samples = at::zeros({2, 1, 8}),
          .lengths = at::tensor({std::int64_t{8}, std::int64_t{3}}),
          .sample_rate = 16000};
}

TEST(AudioBatch, names_the_field_that_breaks_its_rule) {
  EXPECT_NO_THROW(audio().check());
  expect_refused(AudioBatch{}, "samples is undefined", "float32 (B, C, N)");
  auto batch = audio();
  batch.samples = at::zeros({2, 8});
  expect_refused(batch, "samples", "float32 (B, C, N)");
  batch = audio();
  batch.samples = at::zeros({8, 1, 2}).transpose(0, 2);
  expect_refused(batch, "samples", "contiguous");
  batch = audio();
  batch.sample_rate = 0;
  expect_refused(batch, "sample_rate is 0 Hz", "more than 0 Hz");
  batch = audio();
  batch.lengths = at::tensor({std::int64_t{8}, std::int64_t{9}});
  expect_refused(batch, "lengths[1] is 9", "1 to 8 samples");
  batch.lengths = at::tensor({std::int64_t{8}, std::int64_t{0}});
  expect_refused(batch, "lengths[1] is 0", "1 to 8 samples");
  batch.lengths = at::tensor({8, 3}, at::kInt);
  expect_refused(batch, "lengths", "int64 [2] on the CPU");
}

TEST(FeatureBatch, names_the_field_that_breaks_its_rule) {
  const FeatureBatch good{.values = at::zeros({1, 4, 3}),
                          .lengths = at::tensor({std::int64_t{2}}),
                          .spec = {.frame_rate = 12.5, .dim = 3}};
  EXPECT_NO_THROW(good.check());
  auto batch = good;
  batch.spec.dim = 5;
  expect_refused(batch, "values", "D = 5");
  batch = good;
  batch.spec.frame_rate = 0;
  expect_refused(batch, "values", "T = 1");
  batch = good;
  batch.spec.frame_rate = -1;
  expect_refused(batch, "spec.frame_rate", "0 or more");
  batch = good;
  batch.values = at::zeros({1, 4, 3}, at::kLong);
  expect_refused(batch, "values", "floating-point (B, T, D)");
}

TEST(CodeBatch, names_the_field_that_breaks_its_rule) {
  const CodeBatch good{.codes = at::tensor({0, 1, 2, 9}, at::kLong).view({1, 2, 2}),
                       .lengths = at::tensor({std::int64_t{2}}),
                       .spec = {.frame_rate = 50, .sizes = {4, 10}}};
  EXPECT_NO_THROW(good.check());
  auto batch = good;
  batch.spec.sizes = {4, 9};
  expect_refused(batch, "codes of level 1 is 2 to 9", "0 to 8");
  batch.spec.sizes = {4};
  expect_refused(batch, "codes", "Q = 1");
  batch = good;
  batch.side = at::zeros({3, 1});
  expect_refused(batch, "side", "float32 (B, S) or undefined");
}

TEST(CodeSpec, computes_its_rate_and_takes_the_coarsest_levels) {
  const CodeSpec spec{.frame_rate = 12.5, .sizes = {2048, 1024}};
  EXPECT_DOUBLE_EQ(spec.bits_per_second(), 12.5 * 21);
  EXPECT_DOUBLE_EQ(spec.first(1).bits_per_second(), 12.5 * 11);
  EXPECT_THROW(spec.first(3), ContractError);
}

TEST(Errors, keep_their_kind_through_the_base) {
  for (const auto& [kind, raise] : std::map<Error::Kind, void (*)()>{
           {Error::Kind::config, [] { throw ConfigError("x"); }},
           {Error::Kind::data, [] { throw DataError("x"); }},
           {Error::Kind::contract, [] { throw ContractError("x"); }},
           {Error::Kind::unsupported, [] { throw Unsupported("x"); }}}) {
    try {
      raise();
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      EXPECT_STREQ(error.what(), "x");
    }
  }
}

class Scale final : public Trainable {
 public:
  Scale() { weight.requires_grad_(true); }
  NamedTensors parameters() const override { return {{"weight", weight}}; }
  at::Tensor weight = at::ones({2});
};

TEST(Trainable, puts_its_parameters_back_and_says_what_does_not_fit) {
  Scale trained, fresh;
  const at::NoGradGuard no_grad;
  trained.weight.fill_(3);
  fresh.load_state(trained.state());
  EXPECT_TRUE(at::equal(fresh.weight, trained.weight));
  EXPECT_TRUE(fresh.weight.requires_grad());
  auto state = trained.state();
  state.tensors["weight"] = at::ones({3});
  EXPECT_THAT([&] { fresh.load_state(state); },
              ThrowsMessage<DataError>("tensor 'weight' of the state is [3]; expected [2]"));
  state.tensors.clear();
  EXPECT_THAT([&] { fresh.load_state(state); },
              ThrowsMessage<DataError>("state lacks tensor 'weight'"));
  state = trained.state();
  state.tensors["more"] = at::ones({1});
  EXPECT_THROW(fresh.load_state(state), DataError);
}

class Stateless final : public Stateful {};

TEST(Stateful, without_a_state_takes_only_an_empty_one) {
  Stateless object;
  EXPECT_TRUE(object.state().tensors.empty());
  EXPECT_NO_THROW(object.load_state({}));
  EXPECT_THROW(object.load_state({.tensors = {{"x", at::ones({1})}}, .text = {}}), DataError);
}

/// An encoder with both abilities: three bases, so that each is at a different address.
class Everything final : public Encoder, public Codec, public Learner {
 public:
  static OptionSchema options() { return {{.name = "rate", .value = std::int64_t{16000}}}; }
  Everything(const Options& options, const Context&) : rate_(options.integer("rate")) {}
  AudioNeeds needs() const override { return {.sample_rate = rate_}; }
  FeatureSpec spec() const override { return {.dim = 1}; }
  FeatureBatch encode(const AudioBatch&) override { throw Unsupported("encode"); }
  CodeSpec code_spec() const override { return {.frame_rate = 7, .sizes = {2}}; }
  CodeBatch quantize(const AudioBatch&) override { throw Unsupported("quantize"); }
  FeatureBatch embed(const CodeBatch&) override { throw Unsupported("embed"); }
  AudioBatch decode(const CodeBatch&) override { throw Unsupported("decode"); }
  NamedTensors parameters() const override { return {}; }
  void prepare(const Objective&) override {}
  Losses loss(const LearnerBatch&, const Turn&) override { return {at::ones({}), {}}; }

 private:
  std::int64_t rate_;
};

class Collect final : public Registrar {
 public:
  std::vector<Component> all{};

 private:
  void accept(Component component) override { all.push_back(std::move(component)); }
};

/// Reads one encoder's features, twice as loud.
class Louder final : public Encoder, public Reader {
 public:
  AudioNeeds needs() const override { throw Unsupported("needs"); }
  FeatureSpec spec() const override { return spec_; }
  FeatureBatch encode(const AudioBatch&) override { throw Unsupported("encode"); }
  std::vector<Reads> reads() const override { return {Reads::features}; }
  void connect(std::span<const SourceSpec> sources) override {
    spec_ = std::get<FeatureSpec>(sources[0]);
  }
  FeatureBatch read(std::span<const SourceBatch> sources) override {
    const auto& batch = std::get<FeatureBatch>(sources[0]);
    return {2 * batch.values, batch.lengths, spec_};
  }

 private:
  FeatureSpec spec_{};
};

TEST(Reader, gives_features_but_no_codes_unless_it_says_so) {
  Louder reader;
  const FeatureSpec spec{.frame_rate = 10, .dim = 2};
  reader.connect(std::vector<SourceSpec>{spec});
  EXPECT_EQ(reader.spec(), spec);
  const std::vector<SourceBatch> sources{
      FeatureBatch{at::ones({1, 3, 2}), at::tensor({std::int64_t{3}}), spec}};
  EXPECT_TRUE(at::equal(reader.read(sources).values, at::full({1, 3, 2}, 2.0)));
  EXPECT_THROW(reader.read_codes(sources), Unsupported);
}

TEST(Learner, has_one_group_of_all_parameters_unless_it_says_so) {
  Everything learner(Options(Everything::options(), {}), {.device = at::kCPU});
  ASSERT_EQ(learner.groups().size(), 1U);
  EXPECT_EQ(learner.groups()[0].name, "model");
  EXPECT_TRUE(learner.step_sums().empty());
  learner.finish_step(0);
}

TEST(Vector, is_equal_to_one_with_the_same_values) {
  const Vector a{at::tensor({1.F, 2.F})};
  EXPECT_EQ(a, (Vector{at::tensor({1.F, 2.F})}));
  EXPECT_NE(a, (Vector{at::tensor({1.F, 3.F})}));
  EXPECT_NE(a, (Vector{at::tensor({1.F})}));
  EXPECT_NE(a, Vector{});
  EXPECT_EQ(Vector{}, Vector{});
}

// Regression: a float32 vector was equal to a float64 or int64 one with the same values.
TEST(Vector, differs_from_one_of_another_dtype_or_shape) {
  const Vector a{at::tensor({1.F, 2.F})};
  EXPECT_NE(a, (Vector{at::tensor({1.0, 2.0}, at::kDouble)}));
  EXPECT_NE(a, (Vector{at::tensor({1, 2}, at::kLong)}));
  EXPECT_NE(a, (Vector{at::tensor({1.F, 2.F}).view({1, 2})}));
}

TEST(Component, gives_each_base_of_its_object_at_the_right_address) {
  Collect registrar;
  registrar.add<Everything>("everything", "All abilities");
  const auto& component = registrar.all.at(0);
  EXPECT_EQ(component.kind, "encoder");
  EXPECT_EQ(component.options.size(), 1U);
  EXPECT_EQ(component.faces.size(), 3U);
  const auto object = component.make(Options(component.options, {{"rate", std::int64_t{8000}}}),
                                     {.device = at::kCPU});
  EXPECT_EQ(component.as<Encoder>(object)->needs().sample_rate, 8000);
  EXPECT_EQ(component.as<Codec>(object)->code_spec().frame_rate, 7);
  EXPECT_TRUE(component.as<Learner>(object)->loss({}, {}).total.defined());
  EXPECT_NE(static_cast<void*>(component.as<Encoder>(object)),
            static_cast<void*>(component.as<Codec>(object)));
  EXPECT_EQ(component.as<Mapper>(object), nullptr);
}

}  // namespace
