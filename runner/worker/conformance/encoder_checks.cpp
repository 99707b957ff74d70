#include <functional>
#include <limits>

#include <ATen/ATen.h>

#include "worker/audio/policy.hpp"
#include "worker/conformance/batches.hpp"
#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/plugin/facts.hpp"

namespace earshot::worker {

namespace {

std::string text(double number) {
  return protocol::Json(number).dump();
}

void shape(const Subject& subject) {
  const auto made = subject.make();
  facts(made);
  auto& encoder = listener(made);
  check_batch(encoder.encode(test_audio(encoder.needs(), {0.5, 1.2})), encoder.spec(), 2,
              "two clips");
}

void frame_count(const Subject& subject) {
  const auto made = subject.make();
  auto& encoder = listener(made);
  const auto rate = encoder.spec().frame_rate;
  for (const double seconds : {0.1, 1.0, 3.7}) {
    const auto audio = test_audio(encoder.needs(), {seconds});
    const auto real = audio.lengths.item<double>() / static_cast<double>(audio.sample_rate);
    const auto frames = encoder.encode(audio).lengths.item<std::int64_t>();
    const auto expected = rate == 0 ? 1 : real * rate;
    expect(std::abs(static_cast<double>(frames) - expected) <= 1 + 1e-6 || frames == 1,
           text(real) + " s give " + std::to_string(frames) + " frames; expected " +
               text(expected) + " plus or minus one, at " + text(rate) + " Hz");
    expect(frames > 1 || expected <= 2 + 1e-6, text(real) + " s give one frame; expected " +
                                                   text(expected) + " at " + text(rate) + " Hz");
  }
}

AudioBatch pick(const AudioBatch& audio, std::vector<std::int64_t> clips, bool trim) {
  const auto index = at::tensor(clips, at::kLong);
  AudioBatch batch{audio.samples.index_select(0, index), audio.lengths.index_select(0, index),
                   audio.sample_rate};
  if (trim)
    batch.samples =
        batch.samples.narrow(2, 0, batch.lengths.max().item<std::int64_t>()).contiguous();
  return batch;
}

void padding_invariance(const Subject& subject) {
  const auto made = subject.make();
  auto& encoder = listener(made);
  const auto audio = test_audio(encoder.needs(), {0.7, 2.3});
  expect_same(valid_frames(encoder.encode(pick(audio, {0}, true)), 0),
              valid_frames(encoder.encode(audio), 0), "a clip in a batch with a longer one");
}

void batch_order(const Subject& subject) {
  const auto made = subject.make();
  auto& encoder = listener(made);
  const auto audio = test_audio(encoder.needs(), {0.7, 1.1, 0.9});
  const auto forward = encoder.encode(audio);
  const auto backward = encoder.encode(pick(audio, {2, 0, 1}, false));
  expect_same(valid_frames(forward, 2), valid_frames(backward, 0), "clip 3 of 3 put first");
  expect_same(valid_frames(forward, 0), valid_frames(backward, 1), "clip 1 of 3 put second");
}

void hard_inputs(const Subject& subject) {
  const auto made = subject.make();
  auto& encoder = listener(made);
  const auto needs = encoder.needs();
  const auto check = [&](const std::string& name, const std::function<float(std::size_t)>& sample,
                         std::size_t samples) {
    std::vector<float> recording(samples);
    for (std::size_t n = 0; n < samples; ++n)
      recording[n] = sample(n);
    check_batch(encoder.encode(to_batch({recording}, needs)), encoder.spec(), 1, name);
  };
  const auto usual = static_cast<std::size_t>(test_audio(needs, {1.0}).samples.size(2));
  check(
      "silence", [](std::size_t) { return 0.F; }, usual);
  check(
      "a full-scale square", [](std::size_t n) { return n / 50 % 2 == 0 ? 1.F : -1.F; }, usual);
  check(
      "a constant", [](std::size_t) { return 0.5F; }, usual);
  check(
      "denormal numbers",
      [](std::size_t n) {
        return (n % 2 == 0 ? 3 : -2) * std::numeric_limits<float>::denorm_min();
      },
      usual);
  check(
      "one impulse", [](std::size_t n) { return n == 0 ? 1.F : 0.F; }, usual);
  if (needs.min_seconds == 0 || needs.pad == Pad::none)
    check(
        "one sample", [](std::size_t) { return 0.5F; }, 1);
}

void expect_refused(const std::string& what, const std::function<void()>& call) {
  try {
    call();
  } catch (const ContractError&) {
    return;
  } catch (const std::exception& error) {
    const std::string words = error.what();
    fail(what + ": throws '" + words.substr(0, words.find('\n')) +
         "'; expected a ContractError. Call audio.check() first");
  }
  fail(what + ": is accepted; expected a ContractError. Call audio.check() first");
}

void bad_input(const Subject& subject) {
  const auto made = subject.make();
  auto& encoder = listener(made);
  const auto good = test_audio(encoder.needs(), {0.5, 0.8});
  auto bad = good;
  bad.samples = good.samples.mean(1);
  expect_refused("samples (B, N)", [&] { encoder.encode(bad); });
  bad.samples = good.samples.to(at::kDouble);
  expect_refused("samples of float64", [&] { encoder.encode(bad); });
  bad = good;
  bad.lengths = good.lengths + good.samples.size(2);
  expect_refused("lengths beyond the samples", [&] { encoder.encode(bad); });
}

}  // namespace

std::vector<Check> encoder_checks() {
  constexpr auto face = Encoder::contract;
  return {
      {"shape", face, "everything after the encoder relies on (B, T, D) with its spec", shape},
      {"frame_count", face, "time in features is measured by the frame rate", frame_count},
      {"padding_invariance", face, "a clip's features must not depend on its batch's padding",
       padding_invariance},
      {"batch_order", face, "a clip's features must not depend on other clips in the batch",
       batch_order},
      {"hard_inputs", face, "datasets contain silence, clipping and clips of one sample",
       hard_inputs},
      {"bad_input", face, "a mistake elsewhere must cause an error, not wrong features", bad_input},
  };
}

}  // namespace earshot::worker
