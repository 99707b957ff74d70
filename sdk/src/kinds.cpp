#include <earshot/evaluator.hpp>
#include <earshot/plugin.hpp>

// Destructors are out of line: each contract has one vtable and one typeinfo in the process. This
// file also has the default behaviour of optional functions.

namespace earshot {

Dataset::~Dataset() = default;
AudioBatch Dataset::synthesize(std::int64_t, std::int64_t) const {
  throw Unsupported("the dataset has a clip without a file and cannot synthesize it");
}
std::vector<std::filesystem::path> Dataset::sources() const {
  return {};
}

Encoder::~Encoder() = default;
Codec::~Codec() = default;
Learner::~Learner() = default;
Lookup::~Lookup() = default;
Sized::~Sized() = default;
Tokenized::~Tokenized() = default;
Mapper::~Mapper() = default;

LanguageModel::~LanguageModel() = default;
void LanguageModel::connect(const CodeSpec&) {
  throw Unsupported("the language model does not read audio codes");
}

Trial::~Trial() = default;
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
