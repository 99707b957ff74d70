#include "worker/conformance/made_up_sources.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/ATen.h>

#include <earshot/kit/random.hpp>

#include "worker/conformance/check.hpp"

namespace earshot::worker {

namespace {

// Rates of published encoders: HuBERT, EnCodec, Mimi, spectrograms of 10 ms, one vector a clip.
const std::array<FeatureSpec, 4> feature_grids{
    {{50, 0.0125, 8}, {12.5, 0.04, 16}, {100, 0.005, 64}, {0, 0, 32}}};
// Alphabets of published codecs, and small ones.
const std::array<CodeSpec, 6> code_grids{{{50, 0.0125, {16, 16}},
                                          {75, 0, std::vector<std::int64_t>(8, 1024)},
                                          {12.5, 0.04, std::vector<std::int64_t>(8, 2048)},
                                          {50, 0, std::vector<std::int64_t>(4, 1024)},
                                          {75, 0, std::vector<std::int64_t>(16, 1024)},
                                          {12.5, 0.04, {64}}}};
constexpr std::size_t set_count = 6;  // of the longer of these lists

SourceSpec made_up_spec(Reads reads, std::size_t number) {
  if (reads == Reads::codes) return code_grids[number % code_grids.size()];
  return feature_grids[number % feature_grids.size()];
}

std::int64_t rounded_frames(double seconds, double rate, bool up) {
  if (rate == 0) return 1;
  const auto frames = up ? std::ceil(seconds * rate) : std::floor(seconds * rate);
  return std::max<std::int64_t>(1, std::llround(frames));
}

/// Row b of each of these has the frames of clip b, and then zeros.
at::Tensor padded_rows(const std::vector<at::Tensor>& rows, std::int64_t dimension) {
  std::int64_t longest = 0;
  for (const auto& row : rows)
    longest = std::max(longest, row.size(dimension));
  std::vector<at::Tensor> filled;
  for (const auto& row : rows) {
    auto shape = row.sizes().vec();
    shape[static_cast<std::size_t>(dimension)] = longest - row.size(dimension);
    filled.push_back(at::cat({row, at::zeros(shape, row.options())}, dimension));
  }
  return at::stack(filled).contiguous();
}

FeatureBatch drawn(const FeatureSpec& spec, const std::vector<std::int64_t>& lengths,
                   const std::vector<std::uint64_t>& seeds) {
  std::vector<at::Tensor> rows;
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    kit::Random random(seeds[b]);
    rows.push_back(at::empty({lengths[b], spec.dim}, at::kFloat));
    auto* values = rows.back().mutable_data_ptr<float>();
    std::generate_n(values, rows.back().numel(),
                    [&] { return static_cast<float>(random.normal()); });
  }
  return {padded_rows(rows, 0), at::tensor(lengths, at::kLong), spec};
}

CodeBatch drawn(const CodeSpec& spec, const std::vector<std::int64_t>& lengths,
                const std::vector<std::uint64_t>& seeds) {
  std::vector<at::Tensor> rows;
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    kit::Random random(seeds[b]);
    rows.push_back(at::empty({spec.codebooks(), lengths[b]}, at::kLong));
    auto* code = rows.back().mutable_data_ptr<std::int64_t>();
    for (const auto size : spec.sizes)
      for (std::int64_t t = 0; t < lengths[b]; ++t)
        *code++ = random.below(size);
  }
  return {padded_rows(rows, 1), at::tensor(lengths, at::kLong), spec, {}};
}

}  // namespace

std::vector<SourceBatch> MadeUpSources::batch(const std::vector<MadeUpClip>& clips) const {
  std::vector<SourceBatch> batches;
  for (std::size_t i = 0; i < specs.size(); ++i)
    std::visit(
        [&](const auto& spec) {
          std::vector<std::int64_t> lengths;
          std::vector<std::uint64_t> seeds;
          for (const auto& clip : clips) {
            lengths.push_back(rounded_frames(clip.seconds, spec.frame_rate, i % 2 == 1));
            seeds.push_back(kit::derive(static_cast<std::uint64_t>(i), "source", clip.number));
          }
          batches.emplace_back(drawn(spec, lengths, seeds));
        },
        specs[i]);
  return batches;
}

std::vector<MadeUpSources> made_up_sources(const std::vector<Reads>& reads) {
  std::vector<MadeUpSources> all;
  for (std::size_t set = 0; set < set_count; ++set)
    for (const std::size_t step : {1, 0}) {  // of different rates, and all alike
      if (step == 0 && reads.size() < 2) continue;
      auto& sources = all.emplace_back();
      for (std::size_t i = 0; i < reads.size(); ++i)
        sources.specs.push_back(made_up_spec(reads[i], set + i * step));
    }
  return all;
}

void connect_to(const MadeUpSources& sources, ComponentInstance& reader) {
  at::manual_seed(2);
  reader.require<Reader>().connect(sources.specs);
  reader.connected = true;
}

MadeUpSources connect_to_made_up(ComponentInstance& reader) {
  std::string reason = "it reads nothing";
  for (auto& sources : made_up_sources(reader.require<Reader>().reads())) {
    try {
      connect_to(sources, reader);
      return std::move(sources);
    } catch (const ConfigError& error) {
      reason = error.what();
    }
  }
  skip("it refuses all sources that the checks have: " + reason);
}

std::vector<at::Tensor> tensors_of(const std::vector<SourceBatch>& sources) {
  std::vector<at::Tensor> tensors;
  for (const auto& source : sources) {
    if (const auto* batch = std::get_if<FeatureBatch>(&source))
      tensors.insert(tensors.end(), {batch->values, batch->lengths});
    if (const auto* batch = std::get_if<CodeBatch>(&source))
      tensors.insert(tensors.end(), {batch->codes, batch->lengths});
  }
  return tensors;
}

}  // namespace earshot::worker
