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
    made.need<Lookup>().look_up(clip);
  } catch (const DataError&) {
    return;
  } catch (const std::exception& error) {
    fail(std::string("a clip that it cannot know: throws '") + error.what() +
         "'; expected a DataError, for that clip alone is then lost");
  }
  fail("a clip that it cannot know has features; expected a DataError");
}

void deaf(const Subject& subject) {
  const auto made = subject.make();
  auto& encoder = made.need<Encoder>();
  try {
    encoder.encode(test_audio(encoder.needs(), {0.5}));
  } catch (const Unsupported&) {
    return;
  }
  fail("encode() gives features of a sound; expected Unsupported");
}

}  // namespace

std::vector<Check> lookup_checks() {
  constexpr auto face = Lookup::contract;
  return {
      {"unknown_clip", face, "a clip that nobody computed must show, not get features of its own",
       unknown_clip},
      {"deaf", face, "what needs no audio is given none", deaf},
  };
}

}  // namespace earshot::worker
