#include "worker/conformance/batches.hpp"

#include <ATen/ATen.h>

#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"

namespace earshot::worker {

namespace {

constexpr double least_share_of_codes = 0.99;

std::string digits_of(double number) {
  return protocol::Json(number).dump();
}

void expect_same_shape(const at::Tensor& alone, const at::Tensor& other, const std::string& what) {
  expect(alone.sizes() == other.sizes(),
         what + ": " + describe(other) + " instead of " + describe(alone));
}

}  // namespace

void check_batch(const FeatureBatch& batch, const FeatureSpec& spec, std::int64_t clips,
                 const std::string& what) {
  expect(batch.spec == spec, what + ": the batch's spec differs from spec()");
  expect(batch.values.defined() && batch.values.scalar_type() == at::kFloat,
         what + ": values are " + describe(batch.values) + "; expected float32 (B, T, D)");
  batch.check();
  expect(batch.values.size(0) == clips, what + ": values are " + describe(batch.values) +
                                            "; expected " + std::to_string(clips) + " clips");
  expect(at::isfinite(batch.values).all().item<bool>(),
         what + ": values are not all finite; expected numbers");
}

at::Tensor valid_frames(const CodeBatch& batch, std::int64_t clip) {
  return batch.codes[clip].narrow(1, 0, batch.lengths[clip].item<std::int64_t>());
}

void expect_same(const at::Tensor& alone, const at::Tensor& other, const std::string& what) {
  expect_same_shape(alone, other, what);
  const auto difference = relative_difference(alone, other);
  expect(difference <= tolerance, what + ": valid frames differ by " + digits_of(difference) +
                                      " of the largest value; allowed: " + digits_of(tolerance));
}

void expect_same_codes(const at::Tensor& alone, const at::Tensor& other, const std::string& what) {
  expect_same_shape(alone, other, what);
  const auto equal = (alone == other).to(at::kDouble).mean().item<double>();
  expect(equal >= least_share_of_codes, what + " keeps only " + digits_of(100 * equal) +
                                            " % of its codes; expected " +
                                            digits_of(100 * least_share_of_codes));
}

}  // namespace earshot::worker
