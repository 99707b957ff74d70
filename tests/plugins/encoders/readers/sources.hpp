#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include <earshot/error.hpp>
#include <earshot/kit/random.hpp>
#include <earshot/reader.hpp>

namespace earshot::testing {

/// Random codes at 75 Hz: 0 after each clip's length.
inline CodeBatch random_codes(const std::vector<std::int64_t>& lengths, std::int64_t books,
                              std::int64_t size, std::uint64_t seed = 0) {
  const auto longest = *std::max_element(lengths.begin(), lengths.end());
  auto codes = at::zeros({std::ssize(lengths), books, longest}, at::kLong);
  for (std::size_t b = 0; b < lengths.size(); ++b)
    for (std::int64_t q = 0; q < books; ++q) {
      kit::Random random(kit::derive(seed + b, "codes", q));
      auto* code = codes[static_cast<std::int64_t>(b)][q].mutable_data_ptr<std::int64_t>();
      for (std::int64_t t = 0; t < lengths[b]; ++t)
        code[t] = random.below(size);
    }
  return {.codes = codes,
          .lengths = at::tensor(lengths, at::kLong),
          .spec = {.frame_rate = 75,
                   .first_frame = 0.5 / 75,
                   .sizes = std::vector<std::int64_t>(static_cast<std::size_t>(books), size)}};
}

/// Normal features at 50 Hz: 0 after each clip's length.
inline FeatureBatch random_features(const std::vector<std::int64_t>& lengths, std::int64_t dim,
                                    std::uint64_t seed = 0) {
  const auto longest = *std::max_element(lengths.begin(), lengths.end());
  auto values = at::zeros({std::ssize(lengths), longest, dim});
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    kit::Random random(seed + b);
    auto* value = values[static_cast<std::int64_t>(b)].mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < lengths[b] * dim; ++i)
      value[i] = static_cast<float>(random.normal());
  }
  return {.values = values,
          .lengths = at::tensor(lengths, at::kLong),
          .spec = {.frame_rate = 50, .first_frame = 0.01, .dim = dim}};
}

/// Tells a reader of one source what it will read.
template <class Batch>
void connect(Reader& reader, const Batch& source) {
  const SourceSpec grid = source.spec;
  reader.connect({&grid, 1});
}

template <class Batch>
FeatureBatch read(Reader& reader, const Batch& source) {
  const SourceBatch batch = source;
  return reader.read({&batch, 1});
}

/// The message of the error of this kind, or what happens instead.
template <class Error, class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("(another error: ") + error.what() + ")";
  }
  return "(not refused)";
}

}  // namespace earshot::testing
