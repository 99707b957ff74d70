#include <earshot/lookup.hpp>

#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/plugin/facts.hpp"

namespace earshot::worker {

namespace {

void unknown_clip(const Subject& subject) {
  const auto made = subject.make();
  facts(made);
  const ClipName clip{.items = {"an item that no data set has, 7c1e"}, .file = "7c1e.wav"};
  try {
    made.require<Lookup>().look_up(clip);
  } catch (const DataError&) {
    return;
  } catch (const std::exception& error) {
    fail(std::string("for an unknown clip it throws '") + error.what() +
         "'; expected a DataError, so that only this clip is lost");
  }
  fail("it returns features for an unknown clip; expected a DataError");
}

void deaf(const Subject& subject) {
  const auto made = subject.make();
  auto& encoder = made.require<Encoder>();
  try {
    encoder.encode(test_audio(encoder.needs(), {0.5}));
  } catch (const Unsupported&) {
    return;
  }
  fail("encode() returns features for audio; expected Unsupported");
}

}  // namespace

std::vector<Check> lookup_checks() {
  constexpr auto face = Lookup::contract;
  return {
      {"unknown_clip", face,
       "a clip without computed features must be noticed, not get invented ones", unknown_clip},
      {"deaf", face, "an encoder that needs no audio gets none", deaf},
  };
}

}  // namespace earshot::worker
