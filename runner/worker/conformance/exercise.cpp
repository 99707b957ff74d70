#include "worker/conformance/exercise.hpp"

#include <algorithm>
#include <cstring>
#include <numbers>

#include <ATen/ATen.h>

#include <earshot/kit/random.hpp>
#include <earshot/kit/testing.hpp>

#include "protocol/hash.hpp"
#include "worker/audio/policy.hpp"
#include "worker/conformance/check.hpp"
#include "worker/conformance/made_up_sources.hpp"
#include "worker/conformance/trial_run.hpp"
#include "worker/dataset/listing.hpp"

namespace earshot::worker {

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  if (!a.defined() || !b.defined()) return a.defined() == b.defined();
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
  const auto x = a.contiguous(), y = b.contiguous();
  return std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}

bool same_bits(const Results& a, const Results& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const at::Tensor& x, const at::Tensor& y) { return same_bits(x, y); });
}

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  if (a.numel() == 0) return 0;
  const auto scale = a.abs().max().item<double>() + 1e-12;
  return (a - b).abs().max().item<double>() / scale;
}

at::Tensor valid_frames(const FeatureBatch& batch, std::int64_t clip) {
  return batch.values[clip].narrow(0, 0, batch.lengths[clip].item<std::int64_t>());
}

std::string describe(const at::Tensor& tensor) {
  if (!tensor.defined()) return "undefined";
  return c10::str(tensor.sizes(), " ", c10::toString(tensor.scalar_type()));
}

AudioBatch test_audio(const AudioNeeds& needs, const std::vector<double>& seconds) {
  std::vector<std::vector<float>> recordings;
  for (auto length : seconds) {
    length = std::max(length, needs.min_seconds);
    if (needs.max_seconds > 0) length = std::min(length, needs.max_seconds);
    const auto rate = static_cast<double>(needs.sample_rate);
    const auto number = static_cast<std::int64_t>(recordings.size());
    kit::Random random(kit::derive(1, "test audio", number));
    const auto pitch = random.uniform(200, 400);
    auto& samples = recordings.emplace_back(static_cast<std::size_t>(std::lround(length * rate)));
    for (std::size_t n = 0; n < samples.size(); ++n) {
      const auto t = 2 * std::numbers::pi * static_cast<double>(n) / rate;
      const auto swell = 0.5 + 0.5 * std::sin(3 * t);
      samples[n] = static_cast<float>(0.3 * swell * std::sin(pitch * t) +
                                      0.1 * std::sin(5.3 * pitch * t) + 0.05 * random.normal());
    }
  }
  return to_batch(recordings, needs);
}

namespace {

/// Compares arguments with what they were when it was made.
class Untouched {
 public:
  explicit Untouched(std::vector<at::Tensor> arguments) : arguments_(std::move(arguments)) {
    for (const auto& argument : arguments_)
      copies_.push_back(argument.clone());
  }
  void check(const std::string& function) const {
    expect(same_bits(arguments_, copies_),
           function + " changes its arguments; expected them to be unchanged");
  }

 private:
  Results arguments_, copies_;
};

void use(Encoder& encoder, Codec* codec, Results& results) {
  const auto audio = test_audio(encoder.needs(), {0.5, 1.2});
  const Untouched untouched({audio.samples, audio.lengths});
  const auto features = encoder.encode(audio);
  untouched.check("encode()");
  results.insert(results.end(), {features.values, features.lengths});
  if (codec == nullptr) return;
  const auto codes = codec->quantize(audio);
  untouched.check("quantize()");
  const Untouched codes_untouched({codes.codes, codes.lengths});
  const auto embedded = codec->embed(codes);
  codes_untouched.check("embed()");
  const auto decoded = codec->decode(codes);
  codes_untouched.check("decode()");
  results.insert(results.end(), {codes.codes, codes.lengths, embedded.values, decoded.samples});
}

void use(const ComponentInstance& reader, Results& results) {
  auto connected = reader;
  const auto sources = connect_to_made_up(connected).batch({{0, 0.5}, {1, 1.2}});
  const Untouched untouched(tensors_of(sources));
  const auto features = reader.require<Reader>().read(sources);
  untouched.check("read()");
  results.insert(results.end(), {features.values, features.lengths});
  if (reader.as<Codec>() == nullptr) return;
  const auto codes = reader.require<Reader>().read_codes(sources);
  untouched.check("read_codes()");
  results.insert(results.end(), {codes.codes, codes.lengths});
}

void use(Mapper& mapper, Results& results) {
  kit::SyntheticTrial trial;
  at::manual_seed(2);
  mapper.connect(trial.feature_spec(), 12);
  const auto features = trial.features(Split::train, {0, 1, 2});
  const Untouched untouched({features.values, features.lengths});
  const auto mapped = mapper.map(features);
  untouched.check("map()");
  results.insert(results.end(), {mapped.values.detach(), mapped.lengths});
}

void use(LanguageModel& model, Results& results) {
  at::manual_seed(2);
  const auto embeddings = at::randn({4, model.spec().embedding_dim}) * 0.02;
  const std::vector<Prompt> prompts{{std::string("A dog barks. Question: what barks?")},
                                    {Embeddings{embeddings}, std::string("What do you hear?")}};
  const std::vector<std::string> answers{"dog", "rain"};
  const Untouched untouched({embeddings});
  const auto likelihood = model.log_prob(prompts, answers);
  untouched.check("log_prob()");
  results.insert(results.end(), {likelihood.log_prob.detach(), likelihood.tokens});
  for (const auto& text : model.generate(prompts, {.max_tokens = 8}))
    results.push_back(at::scalar_tensor(static_cast<std::int64_t>(protocol::hash64(text)),
                                        at::TensorOptions(at::kLong)));
  untouched.check("generate()");
}

void use(const Dataset& dataset, Results& results) {
  const auto info = list_dataset(dataset, [](const std::string&) {});
  results.push_back(at::scalar_tensor(static_cast<std::int64_t>(protocol::hash64(info.items_hash)),
                                      at::TensorOptions(at::kLong)));
  if (info.items == 0) return;
  const auto clips = dataset.item(0).clips;
  if (clips.front().file.empty()) results.push_back(dataset.synthesize(0, 0).samples);
}

void use(Evaluator& evaluator, Results& results) {
  CheckTrial trial;
  for (const auto& [index, prediction] : run_trial(evaluator, trial))
    results.push_back(fingerprint(prediction));
}

}  // namespace

Encoder& listener(const ComponentInstance& made) {
  if (made.as<Lookup>() != nullptr) skip("it looks features up and takes no audio");
  if (made.as<Reader>() != nullptr) skip("it reads other encoders and takes no audio");
  return made.require<Encoder>();
}

Results exercise(const ComponentInstance& made) {
  Results results;
  if (made.as<Reader>() != nullptr)
    use(made, results);
  else if (made.as<Encoder>() != nullptr)
    use(listener(made), made.as<Codec>(), results);
  if (auto* mapper = made.as<Mapper>()) use(*mapper, results);
  if (auto* model = made.as<LanguageModel>()) use(*model, results);
  if (auto* dataset = made.as<Dataset>()) use(*dataset, results);
  if (auto* evaluator = made.as<Evaluator>()) use(*evaluator, results);
  return results;
}

Results exercise(const Subject& subject) {
  return exercise(subject.make(workable(subject).front()));
}

}  // namespace earshot::worker
