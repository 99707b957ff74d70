#include <ATen/ATen.h>

#include <earshot/evaluator.hpp>
#include <earshot/plugin.hpp>

// Destructors are out of line: each contract has one vtable and one typeinfo in the process. This
// file also has the default behaviour of optional functions.

namespace earshot {

bool Vector::operator==(const Vector& other) const {
  if (!values.defined() || !other.values.defined())
    return values.defined() == other.values.defined();
  // at::equal() compares shape and values, whatever the dtypes.
  return values.scalar_type() == other.values.scalar_type() && at::equal(values, other.values);
}

Dataset::~Dataset() = default;
AudioBatch Dataset::synthesize(std::int64_t, std::int64_t) const {
  throw Unsupported("the dataset has a clip without a file and cannot synthesize it");
}
std::vector<std::filesystem::path> Dataset::sources() const {
  return {};
}
LeftOutRows Dataset::left_out() const {
  return {};
}
std::map<SliceRole, std::string> Dataset::slice_roles() const {
  return {};
}

Encoder::~Encoder() = default;
Codec::~Codec() = default;
Lookup::~Lookup() = default;
Synthesizer::~Synthesizer() = default;
Sized::~Sized() = default;
Tokenized::~Tokenized() = default;
Mapper::~Mapper() = default;

Reader::~Reader() = default;
CodeBatch Reader::read_codes(std::span<const SourceBatch>) {
  throw Unsupported("the encoder reads other encoders, but gives no codes");
}

Learner::~Learner() = default;
std::vector<ParameterGroup> Learner::groups() const {
  return {{"model", parameters()}};
}
std::vector<at::Tensor> Learner::step_sums() {
  return {};
}
void Learner::finish_step(std::int64_t) {}
State Learner::export_weights() const {
  return state();
}

LanguageModel::~LanguageModel() = default;
void LanguageModel::connect(const CodeSpec&) {
  throw Unsupported("the language model does not read audio codes");
}

Trial::~Trial() = default;
std::vector<SourceSpec> Trial::source_specs() const {
  return {};
}
std::vector<SourceBatch> Trial::sources(Split, at::IntArrayRef, std::int64_t) {
  throw Unsupported("the trial has no encoder that reads others and is trained");
}
Mapper& Trial::mapper_for(const FeatureSpec& in) {
  if (in != feature_spec())
    throw Unsupported("the trial can connect its mapper only to unchanged features");
  return mapper();
}

Evaluator::~Evaluator() = default;
void Evaluator::fit(Trial&) {}
void Evaluator::predict(Trial&) {}
Numbers Evaluator::mark(const Item&, const Prediction& prediction) const {
  return prediction.measures;
}
Numbers Evaluator::score(std::span<const Outcome>) const {
  return {};
}

Registrar::~Registrar() = default;

}  // namespace earshot
