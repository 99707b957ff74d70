#include <ATen/ATen.h>

#include "worker/conformance/batches.hpp"
#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/plugin/facts.hpp"

namespace earshot::worker {

namespace {

double frame_seconds(const Codec& codec) {
  return 1 / codec.code_spec().frame_rate;
}

void codes(const Subject& subject) {
  const auto made = subject.make();
  facts(made);
  auto& codec = made.require<Codec>();
  const auto audio = test_audio(listener(made).needs(), {0.7, 1.9});
  const auto batch = codec.quantize(audio);
  expect(batch.spec == codec.code_spec(), "the batch's spec differs from code_spec()");
  batch.check();
  for (std::int64_t b = 0; b < 2; ++b) {
    const auto frames = batch.lengths[b].item<double>();
    const auto expected = audio.lengths[b].item<double>() / static_cast<double>(audio.sample_rate) /
                          frame_seconds(codec);
    // Codecs that code overlapping chunks round in each of them: half a frame more.
    expect(std::abs(frames - expected) <= 1.5 + 1e-6,
           "a clip has " + protocol::Json(frames).dump() + " frames of codes; expected " +
               protocol::Json(expected).dump() + " plus or minus one and a half");
  }
}

void code_padding(const Subject& subject) {
  const auto made = subject.make();
  auto& codec = made.require<Codec>();
  const auto needs = listener(made).needs();
  const auto alone = codec.quantize(test_audio(needs, {0.7}));
  const auto together = codec.quantize(test_audio(needs, {0.7, 1.9}));
  expect_same_codes(valid_frames(alone, 0), valid_frames(together, 0),
                    "a clip in a batch with a longer one");
}

void embed(const Subject& subject) {
  const auto made = subject.make();
  auto& codec = made.require<Codec>();
  const auto batch = codec.quantize(test_audio(listener(made).needs(), {0.7, 1.9}));
  const auto features = codec.embed(batch);
  features.check();
  expect(at::equal(features.lengths, batch.lengths), "embed() changes the number of frames");
  expect(at::isfinite(features.values).all().item<bool>(),
         "embed() gives values that are not finite");
  const auto levels = batch.spec.codebooks();
  if (levels < 2) return;
  auto first = batch;
  first.spec = batch.spec.first(1);
  first.codes = batch.codes.narrow(1, 0, 1).contiguous();
  try {
    const auto coarse = codec.embed(first);
    coarse.check();
    expect(coarse.spec.dim == features.spec.dim,
           "one level is embedded in " + std::to_string(coarse.spec.dim) + " dimensions, all in " +
               std::to_string(features.spec.dim) + "; expected the same");
  } catch (const Unsupported&) {
    return;  // it may need all levels
  }
}

void decode(const Subject& subject) {
  const auto made = subject.make();
  auto& codec = made.require<Codec>();
  const auto audio = test_audio(listener(made).needs(), {0.7, 1.9});
  const auto decoded = codec.decode(codec.quantize(audio));
  decoded.check();
  expect(at::isfinite(decoded.samples).all().item<bool>(),
         "decode() gives samples that are not finite");
  for (std::int64_t b = 0; b < 2; ++b) {
    const auto before = audio.lengths[b].item<double>() / static_cast<double>(audio.sample_rate);
    const auto after = decoded.lengths[b].item<double>() / static_cast<double>(decoded.sample_rate);
    expect(std::abs(after - before) <= frame_seconds(codec) + 1e-6,
           protocol::Json(before).dump() + " s are decoded to " + protocol::Json(after).dump() +
               " s; expected the same within one frame (" +
               protocol::Json(frame_seconds(codec)).dump() + " s)");
  }
}

}  // namespace

std::vector<Check> codec_checks() {
  constexpr auto face = Codec::contract;
  return {
      {"codes", face, "codes are indices: one out of range reads foreign memory", codes},
      {"code_padding", face, "a clip's codes must not depend on its batch", code_padding},
      {"embed", face, "probes of codes use their embeddings, frame by frame", embed},
      {"decode", face, "decoded audio is compared with the original sample by sample", decode},
  };
}

}  // namespace earshot::worker
