#include <cstring>

#include <ATen/ATen.h>

#include <sys/mman.h>
#include <unistd.h>

#include <earshot/kit/testing.hpp>

#include "shared/enum_names.hpp"

namespace earshot::kit {

namespace {

constexpr std::int64_t dim = 8;
constexpr double frame_rate = 10;
constexpr std::array<const char*, 3> kinds{"low", "middle", "high"};
constexpr std::array<const char*, 3> tags{"x", "y", "z"};

CodeSpec code_spec() {
  return {.frame_rate = frame_rate, .first_frame = 0.05, .sizes = {16, 16}};
}

/// The true properties of an item.
struct Truth {
  std::int64_t kind = 0;
  double level = 0;
  std::array<bool, 3> tags{};
};

Truth draw_truth(Random random) {
  Truth truth{.kind = random.below(3), .level = random.uniform(0, 4)};
  for (auto& tag : truth.tags)
    tag = random.below(2) == 1;
  return truth;
}

at::Tensor make_features(const Truth& truth, std::int64_t frames, Random random) {
  auto values = at::empty({frames, dim});
  auto* value = values.mutable_data_ptr<float>();
  for (std::int64_t t = 0; t < frames; ++t)
    for (std::int64_t d = 0; d < dim; ++d) {
      double mean = d == truth.kind ? 2 : d == 3 ? truth.level : 0;
      if (d >= 4 && d < 7 && truth.tags[static_cast<std::size_t>(d - 4)]) mean += 2;
      *value++ = static_cast<float>(mean + 0.3 * random.normal());
    }
  return values;
}

at::Tensor make_codes(const Truth& truth, std::int64_t frames, Random random) {
  auto codes = at::empty({2, frames}, at::kLong);
  auto* code = codes.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < 2 * frames; ++i)
    *code++ = 5 * truth.kind + random.below(5);
  return codes;
}

double frequency(std::int64_t kind) {
  return 300 * static_cast<double>(1 << kind);  // Hz
}

/// A tone of amplitude 0.3 with a little noise.
at::Tensor make_audio(const Truth& truth, std::int64_t frames, const AudioNeeds& needs,
                      Random random) {
  const auto rate = static_cast<double>(needs.sample_rate);
  const auto samples = static_cast<std::int64_t>(static_cast<double>(frames) / frame_rate * rate);
  auto audio = at::empty({samples});
  auto* sample = audio.mutable_data_ptr<float>();
  const double step = 2 * 3.141592653589793 * frequency(truth.kind) / rate;
  for (std::int64_t n = 0; n < samples; ++n)
    *sample++ =
        static_cast<float>(0.3 * std::sin(step * static_cast<double>(n)) + 0.01 * random.normal());
  return audio.expand({needs.channels, samples}).contiguous();
}

/// Decodes the codes of an item to the tone of its kind.
class ToneCodec final : public Codec {
 public:
  explicit ToneCodec(const AudioNeeds& needs) : needs_(needs) {}

  CodeSpec code_spec() const override { return earshot::kit::code_spec(); }
  CodeBatch quantize(const AudioBatch&) override {
    throw Unsupported("the codec of a synthetic trial only decodes");
  }
  FeatureBatch embed(const CodeBatch&) override {
    throw Unsupported("the codec of a synthetic trial only decodes");
  }
  AudioBatch decode(const CodeBatch& codes) override {
    const auto rate = static_cast<double>(needs_.sample_rate);
    const auto samples = [&](const at::Tensor& frames) {
      return (frames.to(at::kDouble) / frame_rate * rate).to(at::kLong);
    };
    const auto longest = samples(codes.lengths.max()).item<std::int64_t>();
    auto audio = at::zeros({codes.codes.size(0), needs_.channels, longest});
    for (std::int64_t b = 0; b < audio.size(0); ++b) {
      const auto length = samples(codes.lengths[b]).item<std::int64_t>();
      const auto kind = codes.codes[b][0][0].item<std::int64_t>() / 5;
      const auto place = at::arange(length, at::kDouble);
      audio[b]
          .narrow(1, 0, length)
          .copy_((place * (2 * 3.141592653589793 * frequency(kind) / rate)).sin() * 0.3);
    }
    return {audio, samples(codes.lengths), needs_.sample_rate};
  }

 private:
  AudioNeeds needs_;
};

Item make_item(Split split, std::int64_t index, const Truth& truth) {
  const auto id = std::string(shared::name_of(split, shared::split_names)) + std::to_string(index);
  const std::string kind = kinds[static_cast<std::size_t>(truth.kind)];
  std::vector<std::string> set;
  for (std::size_t i = 0; i < tags.size(); ++i)
    if (truth.tags[i]) set.emplace_back(tags[i]);
  return {
      .id = id,
      .split = split,
      .groups = {{"clip", id}},
      .slices = {{"half", index % 2 == 0 ? "even" : "odd"}},
      .clips = {Clip{}},
      .labels = {{"kind", kind}, {"level", truth.level}, {"tags", set}},
      .question = Question{
          .text = "Which kind is it?", .choices = {kinds.begin(), kinds.end()}, .answers = {kind}}};
}

/// @throws Unsupported as specified by Trial.
template <class T>
T& require(T* component) {
  if (component == nullptr) throw Unsupported(std::string("the cell has no ") + T::contract);
  return *component;
}

}  // namespace

/// What is heard of one clip.
struct SyntheticTrial::Heard {
  at::Tensor features{}, codes{};
  std::function<at::Tensor()> audio{};  ///< made on demand: most are never needed
};

struct SyntheticTrial::Example {
  Item item{};
  std::array<Heard, 2> clips{};
};

SyntheticTrial::SyntheticTrial(const SyntheticTrialSpec& spec)
    : spec_(spec), own_codec_(std::make_shared<ToneCodec>(spec.needs)) {
  for (std::size_t s = 0; s < examples_.size(); ++s) {
    const auto split = static_cast<Split>(s);
    const auto own = derive(spec.seed, "split", static_cast<std::int64_t>(s));
    const auto other = derive(spec.seed, "other truth");
    const auto differs = spec.other_test_truth && split == Split::test;
    for (std::int64_t i = 0; i < spec.sizes[s]; ++i) {
      const auto truth = draw_truth(Random(derive(own, "truth", i)));
      const auto told = differs ? draw_truth(Random(derive(other, "truth", i))) : truth;
      const auto frames = 5 + Random(derive(own, "frames", i)).below(8);
      const auto heard = [&](std::uint64_t noise) {
        return Heard{
            .features = make_features(truth, frames, Random(derive(noise, "features", i))),
            .codes = make_codes(truth, frames, Random(derive(noise, "codes", i))),
            .audio = [truth, frames, needs = spec.needs, seed = derive(noise, "audio", i)] {
              return make_audio(truth, frames, needs, Random(seed));
            }};
      };
      examples_[s].push_back(
          {make_item(split, i, told), {heard(own), heard(derive(own, "second clip"))}});
    }
  }
}

SyntheticTrial::~SyntheticTrial() {
  std::error_code ignored;
  if (!artifacts_.empty()) std::filesystem::remove_all(artifacts_, ignored);
}

std::int64_t SyntheticTrial::size(Split split) const {
  return static_cast<std::int64_t>(examples_[static_cast<std::size_t>(split)].size());
}

const SyntheticTrial::Example& SyntheticTrial::example(Split split, std::int64_t index) const {
  if (index < 0 || index >= size(split))
    throw ContractError("item " + std::to_string(index) + "; allowed: 0 to " +
                        std::to_string(size(split) - 1));
  return examples_[static_cast<std::size_t>(split)][static_cast<std::size_t>(index)];
}

Item SyntheticTrial::item(Split split, std::int64_t index) const {
  auto item = example(split, index).item;
  item.clips.resize(static_cast<std::size_t>(spec_.clips));
  return item;
}

LabelSpec SyntheticTrial::label(std::string_view name) const {
  if (name == "kind")
    return {.name = "kind", .type = std::string(), .classes = {kinds.begin(), kinds.end()}};
  if (name == "level") return {.name = "level", .type = 0.0, .unit = "dB"};
  if (name == "tags")
    return {
        .name = "tags", .type = std::vector<std::string>(), .classes = {tags.begin(), tags.end()}};
  throw ConfigError("the dataset has no label '" + std::string(name) +
                    "'; labels: kind, level, tags");
}

FeatureSpec SyntheticTrial::feature_spec() const {
  return {.frame_rate = frame_rate, .first_frame = 0.05, .dim = dim};
}

std::vector<at::Tensor> SyntheticTrial::gather(
    Split split, at::IntArrayRef items, std::int64_t clip,
    const std::function<at::Tensor(const Heard&)>& what) const {
  if (clip < 0 || clip >= spec_.clips)
    throw DataError(std::string("items have ") + (spec_.clips == 1 ? "one clip" : "two clips") +
                    "; clip " + std::to_string(clip) + " was requested");
  std::vector<at::Tensor> tensors;
  for (const auto index : items)
    tensors.push_back(what(example(split, index).clips[static_cast<std::size_t>(clip)]));
  if (tensors.empty()) throw ContractError("an empty batch; expected at least one item");
  return tensors;
}

at::Tensor SyntheticTrial::handed_out(const at::Tensor& tensor) const {
  return spec_.read_only ? read_only(tensor) : tensor;
}

namespace {

/// Stacks tensors that differ in length along `axis`, padding the shorter ones with zeros.
std::pair<at::Tensor, at::Tensor> stack(const std::vector<at::Tensor>& parts, std::int64_t axis) {
  auto lengths = at::empty({static_cast<std::int64_t>(parts.size())}, at::kLong);
  for (std::size_t i = 0; i < parts.size(); ++i)
    lengths.mutable_data_ptr<std::int64_t>()[i] = parts[i].size(axis);
  auto shape = parts.front().sizes().vec();
  shape[static_cast<std::size_t>(axis)] = lengths.max().item<std::int64_t>();
  shape.insert(shape.begin(), lengths.size(0));
  auto all = at::zeros(shape, parts.front().options());
  for (std::size_t i = 0; i < parts.size(); ++i)
    all[static_cast<std::int64_t>(i)].narrow(axis, 0, parts[i].size(axis)).copy_(parts[i]);
  return {all, lengths};
}

}  // namespace

FeatureBatch SyntheticTrial::features(Split split, at::IntArrayRef items, std::int64_t clip) {
  const auto [values, lengths] = stack(gather(split, items, clip, &Heard::features), 0);
  return {handed_out(values), handed_out(lengths), feature_spec()};
}

CodeBatch SyntheticTrial::codes(Split split, at::IntArrayRef items, std::int64_t clip) {
  const auto [codes, lengths] = stack(gather(split, items, clip, &Heard::codes), 1);
  return {handed_out(codes), handed_out(lengths), code_spec()};
}

AudioBatch SyntheticTrial::audio(Split split, at::IntArrayRef items, std::int64_t clip) {
  const auto [samples, lengths] =
      stack(gather(split, items, clip, [](const Heard& heard) { return heard.audio(); }), 1);
  return {handed_out(samples), handed_out(lengths), spec_.needs.sample_rate};
}

Encoder& SyntheticTrial::encoder() {
  return require(spec_.encoder);
}
Codec& SyntheticTrial::codec() {
  return spec_.codec != nullptr ? *spec_.codec : *own_codec_;
}
Learner& SyntheticTrial::learner() {
  return require(spec_.learner);
}
Mapper& SyntheticTrial::mapper() {
  return require(spec_.mapper);
}
LanguageModel& SyntheticTrial::language_model() {
  return require(spec_.language_model);
}

std::uint64_t SyntheticTrial::seed(std::string_view stream, std::int64_t index) const {
  return derive(spec_.cell_seed, std::string(stream).c_str(), index);
}

void SyntheticTrial::predict(Prediction prediction) {
  const auto item = prediction.item;
  example(Split::test, item);  // throws if there is none
  if (!records_.predictions.emplace(item, std::move(prediction)).second)
    throw ContractError("test item " + std::to_string(item) + " is predicted twice");
}

void SyntheticTrial::report(std::string_view metric, double value, std::int64_t) {
  records_.reports[std::string(metric)] = value;
}

void SyntheticTrial::point(std::string_view curve, std::int64_t step, double value) {
  records_.curves[std::string(curve)].emplace_back(step, value);
}

std::filesystem::path SyntheticTrial::artifact(std::string_view name) {
  if (artifacts_.empty()) {
    auto folder =
        (std::filesystem::temp_directory_path() / "earshot-").string() + std::string(6, 'X');
    if (::mkdtemp(folder.data()) == nullptr)
      throw DataError(folder + ": the folder for artifacts cannot be created");
    artifacts_ = folder;
  }
  return artifacts_ / name;
}

void SyntheticTrial::progress(std::int64_t, std::int64_t) {
  ++steps_;
}

bool SyntheticTrial::stop() const {
  return spec_.stop_after >= 0 && steps_ >= spec_.stop_after;
}

void SyntheticTrial::save(const State& own) {
  const auto state_of = [](const Stateful* part) {
    return part == nullptr ? State{} : clone(part->state());
  };
  saved_ = Saved{clone(own), state_of(spec_.learner), state_of(spec_.mapper),
                 state_of(spec_.language_model), records_};
}

std::optional<State> SyntheticTrial::resume() {
  if (!saved_) return std::nullopt;
  if (spec_.learner != nullptr) spec_.learner->load_state(saved_->learner);
  if (spec_.mapper != nullptr) spec_.mapper->load_state(saved_->mapper);
  if (spec_.language_model != nullptr) spec_.language_model->load_state(saved_->language_model);
  records_ = saved_->records;
  return clone(saved_->own);
}

void SyntheticTrial::continue_from(const SyntheticTrial& other) {
  saved_ = other.saved_;
}

void SyntheticTrial::end_stage() {
  saved_.reset();
}

at::Tensor read_only(const at::Tensor& tensor) {
  const auto source = tensor.contiguous();
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto bytes = std::max<std::size_t>((source.nbytes() + page - 1) / page * page, page);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw DataError("no memory for a copy of " + std::to_string(bytes));
  std::memcpy(memory, source.const_data_ptr(), source.nbytes());
  ::mprotect(memory, bytes, PROT_READ);
  return at::from_blob(
      memory, source.sizes(), [bytes](void* start) { ::munmap(start, bytes); }, source.options());
}

State clone(const State& state) {
  State copy{.tensors = {}, .text = state.text};
  for (const auto& [name, tensor] : state.tensors)
    copy.tensors.emplace(name, tensor.detach().clone());
  return copy;
}

}  // namespace earshot::kit
