#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include <ATen/ATen.h>

#include "worker/conformance/batches.hpp"
#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/conformance/made_up_sources.hpp"
#include "worker/plugin/facts.hpp"

namespace earshot::worker {

namespace {

std::string in_digits(double number) {
  return protocol::Json(number).dump();
}

/// A reader that is connected to made-up sources.
struct ConnectedReader {
  explicit ConnectedReader(const Subject& subject)
      : made(subject.make()), sources(connect_to_made_up(made)) {}
  /// To these; throws what the reader does.
  ConnectedReader(const Subject& subject, MadeUpSources given)
      : made(subject.make()), sources(std::move(given)) {
    connect_to(sources, made);
  }

  FeatureBatch read(const std::vector<MadeUpClip>& clips) const {
    return made.require<Reader>().read(sources.batch(clips));
  }
  CodeBatch read_codes(const std::vector<MadeUpClip>& clips) const {
    return made.require<Reader>().read_codes(sources.batch(clips));
  }

  ComponentInstance made;
  MadeUpSources sources;
};

/// Calls `check(reader)` with each set of made-up sources that the reader takes, one at least.
template <class Check>
void with_all_sources(const Subject& subject, const Check& check) {
  const ConnectedReader any(subject);  // skips where it takes none
  for (const auto& sources : made_up_sources(any.made.require<Reader>().reads())) {
    std::optional<ConnectedReader> reader;
    try {
      reader.emplace(subject, sources);
    } catch (const ConfigError&) {
      continue;  // these are not for it
    }
    check(*reader);
  }
}

std::string rates_of(const MadeUpSources& sources) {
  std::string rates;
  for (const auto& source : sources.specs)
    rates += (rates.empty() ? "" : " and ") +
             std::visit([](const auto& spec) { return in_digits(spec.frame_rate); }, source);
  return rates + " Hz";
}

bool has_rate(const MadeUpSources& sources) {
  return std::any_of(sources.specs.begin(), sources.specs.end(), [](const auto& source) {
    return std::visit([](const auto& spec) { return spec.frame_rate > 0; }, source);
  });
}

void constant_reads(const Subject& subject) {
  auto made = subject.make();
  auto& reader = made.require<Reader>();
  const auto said = reader.reads();
  expect(!said.empty(), "reads() names no source; expected one or more");
  expect(subject.make().require<Reader>().reads() == said,
         "reads() of another object with the same options differs; expected the same");
  connect_to_made_up(made);
  expect(reader.reads() == said, "reads() changes after connect(); expected the same");
}

void reader_shape(const Subject& subject) {
  with_all_sources(subject, [](const ConnectedReader& reader) {
    facts(reader.made);
    const std::vector<MadeUpClip> clips{{0, 0.5}, {1, 1.2}};
    const auto batch = reader.read(clips);
    const auto what = "two clips of sources at " + rates_of(reader.sources);
    const auto spec = reader.made.require<Encoder>().spec();
    expect(spec.frame_rate == 0 || has_rate(reader.sources),
           what + ": spec() has a rate of " + in_digits(spec.frame_rate) +
               " Hz, although no source has one; expected 0, one frame per clip");
    check_batch(batch, spec, 2, what);
    expect(same_bits(batch.values, reader.read(clips).values),
           what + ": a second read() gives other features; expected equal bits");
  });
}

/// Whether each clip of a batch lasts as long as one of its sources, or something between.
void check_frames(const at::Tensor& lengths, double rate, const std::vector<SourceBatch>& sources,
                  const std::string& what) {
  if (rate == 0) return;
  for (std::int64_t clip = 0; clip < lengths.size(0); ++clip) {
    double least = std::numeric_limits<double>::infinity(), most = 0;
    for (const auto& source : sources)
      std::visit(
          [&](const auto& batch) {
            if (batch.spec.frame_rate == 0) return;
            const auto seconds =
                batch.lengths[clip].template item<double>() / batch.spec.frame_rate;
            least = std::min(least, seconds * rate);
            most = std::max(most, seconds * rate);
          },
          source);
    constexpr double one_frame = 1 + 1e-6;
    const auto frames = lengths[clip].item<std::int64_t>();
    const auto count = static_cast<double>(frames);
    expect(count >= std::max(1.0, least - one_frame) && count <= std::max(1.0, most) + one_frame,
           what + ": a clip has " + std::to_string(frames) + " frames; its sources last " +
               in_digits(least) + " to " + in_digits(most) + " frames at " + in_digits(rate) +
               " Hz, plus or minus one");
  }
}

void reader_frames(const Subject& subject) {
  with_all_sources(subject, [](const ConnectedReader& reader) {
    const std::vector<MadeUpClip> clips{{0, 0.1}, {1, 1.0}, {2, 3.7}};
    const auto batch = reader.read(clips);
    check_frames(batch.lengths, reader.made.require<Encoder>().spec().frame_rate,
                 reader.sources.batch(clips), "sources at " + rates_of(reader.sources));
  });
}

void reader_padding(const Subject& subject) {
  with_all_sources(subject, [](const ConnectedReader& reader) {
    const auto together = reader.read({{0, 0.7}, {1, 2.3}});
    expect_same(valid_frames(reader.read({{0, 0.7}}), 0), valid_frames(together, 0),
                "a clip in a batch with a longer one");
  });
}

void reader_batch_order(const Subject& subject) {
  const ConnectedReader reader(subject);
  const auto forward = reader.read({{0, 0.7}, {1, 1.1}, {2, 0.9}});
  const auto backward = reader.read({{2, 0.9}, {0, 0.7}, {1, 1.1}});
  expect_same(valid_frames(forward, 2), valid_frames(backward, 0), "clip 3 of 3 put first");
  expect_same(valid_frames(forward, 0), valid_frames(backward, 1), "clip 1 of 3 put second");
}

void reader_codes(const Subject& subject) {
  if (!subject.component().faces.contains(Codec::contract)) skip("it gives no codes");
  with_all_sources(subject, [](const ConnectedReader& reader) {
    auto& codec = reader.made.require<Codec>();
    const std::vector<MadeUpClip> clips{{0, 0.7}, {1, 1.9}};
    const auto batch = reader.read_codes(clips);
    expect(batch.spec == codec.code_spec(), "the batch's spec differs from code_spec()");
    batch.check();
    check_frames(batch.lengths, batch.spec.frame_rate, reader.sources.batch(clips),
                 "codes of sources at " + rates_of(reader.sources));
    expect_same_codes(valid_frames(reader.read_codes({{0, 0.7}}), 0), valid_frames(batch, 0),
                      "a clip in a batch with a longer one");
  });
}

void expect_unsupported(const std::string& function, const std::function<void()>& call) {
  try {
    call();
  } catch (const Unsupported&) {
    return;
  } catch (const std::exception& error) {
    fail(function + " throws '" + error.what() + "'; expected Unsupported");
  }
  fail(function + " takes audio; expected Unsupported");
}

void reader_audio(const Subject& subject) {
  const ConnectedReader reader(subject);
  const auto audio = test_audio({}, {0.5});
  expect_unsupported("encode()", [&] { reader.made.require<Encoder>().encode(audio); });
  if (auto* codec = reader.made.as<Codec>())
    expect_unsupported("quantize()", [&] { codec->quantize(audio); });
}

}  // namespace

std::vector<Check> reader_checks() {
  constexpr auto face = Reader::contract;
  return {
      {"reads", face, "an experiment is checked against it before anything is computed",
       constant_reads},
      {"reader_shape", face, "everything after the reader relies on (B, T, D) with its spec",
       reader_shape},
      {"reader_frames", face, "time in features is measured by the frame rate", reader_frames},
      {"reader_padding", face, "what is read of a clip must not depend on its batch's padding",
       reader_padding},
      {"reader_batch_order", face,
       "what is read of a clip must not depend on other clips in the batch", reader_batch_order},
      {"reader_codes", face, "codes are indices: one out of range reads foreign memory",
       reader_codes},
      {"reader_audio", face, "a reader that is given audio has been put in the wrong place",
       reader_audio},
  };
}

}  // namespace earshot::worker
