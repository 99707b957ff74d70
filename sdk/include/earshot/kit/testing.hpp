#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <earshot/kit/random.hpp>
#include <earshot/trial.hpp>

// For testing components without a host: a trial with synthetic items, and memory that must not be
// written to. `runner check-plugin` uses the same.

namespace earshot::kit {

/// Describes a synthetic trial.
struct SyntheticTrialSpec {
  std::uint64_t seed = 0;                         ///< of items, features, codes and audio
  std::uint64_t cell_seed = 0;                    ///< what Trial::seed() derives from
  std::array<std::int64_t, 3> sizes{60, 30, 30};  ///< items by Split
  std::int64_t clips = 1;                         ///< of each item: 1 or 2
  bool other_test_truth = false;  ///< labels and answers of test items differ, nothing else
  bool read_only = false;         ///< features(), codes() and audio() return read_only() memory
  std::int64_t stop_after = -1;   ///< calls of progress() after which stop() is true; -1: never
  AudioNeeds needs{};             ///< of audio()

  // The cell's components; null: it has none. The mapper is connected to feature_spec().
  Encoder* encoder = nullptr;
  Codec* codec = nullptr;  ///< null: one that only decodes the result of codes(), to the same tones
  Learner* learner = nullptr;
  Mapper* mapper = nullptr;
  LanguageModel* language_model = nullptr;
};

/// A trial whose items are distinguished by their features, their codes and their audio:
///   label "kind"   one of the classes "low", "middle", "high"; dimension 0, 1 or 2 is raised by 2;
///                  the tone has 300, 600 or 1200 Hz
///   label "level"  a number in [0, 4), in "dB"; it is the value of dimension 3
///   label "tags"   a set of the classes "x", "y", "z"; dimensions 4, 5, 6 are raised by 2
///   question       "Which kind is it?" with the three kinds as choices
///   group "clip", slice "half" ("even" or "odd")
/// Features are (T, 8) at 10 Hz, T from 5 to 12, with normal noise of deviation 0.3 on each value.
/// Codes have two codebooks of 16 entries; audio lasts as long as the features. If items have a
/// second clip, it is as long as the first and of the same truth, with other noise and other codes.
class SyntheticTrial : public Trial {
 public:
  explicit SyntheticTrial(const SyntheticTrialSpec& spec = {});
  ~SyntheticTrial() override;  ///< removes the artifacts

  static constexpr std::array<const char*, 3> label_names{"kind", "level", "tags"};

  std::int64_t size(Split split) const override;
  Item item(Split split, std::int64_t index) const override;
  LabelSpec label(std::string_view name) const override;
  FeatureSpec feature_spec() const override;
  FeatureBatch features(Split split, at::IntArrayRef items, std::int64_t clip = 0) override;
  CodeBatch codes(Split split, at::IntArrayRef items, std::int64_t clip = 0) override;
  AudioBatch audio(Split split, at::IntArrayRef items, std::int64_t clip = 0) override;
  Encoder& encoder() override;
  Codec& codec() override;
  Learner& learner() override;
  Mapper& mapper() override;
  LanguageModel& language_model() override;
  std::uint64_t seed(std::string_view stream, std::int64_t index = 0) const override;
  void predict(Prediction prediction) override;
  void report(std::string_view metric, double value, std::int64_t count) override;
  void point(std::string_view curve, std::int64_t step, double value) override;
  std::filesystem::path artifact(std::string_view name) override;
  void progress(std::int64_t done, std::int64_t total) override;
  bool stop() const override;
  void save(const State& own) override;
  std::optional<State> resume() override;

  // --- What was recorded.
  /// By test item. @throws ContractError from predict() for an item that is predicted twice.
  const std::map<std::int64_t, Prediction>& predictions() const { return records_.predictions; }
  const Numbers& reports() const { return records_.reports; }
  /// Continues from what `other`, a trial of the same spec, saved last: resume() then returns that.
  void continue_from(const SyntheticTrial& other);
  /// Ends fit() and begins predict(): resume() then returns nothing, as in a host.
  void end_stage();
  /// Gives every item a second clip from now on.
  void add_second_clips() { spec_.clips = 2; }

 private:
  struct Records {
    std::map<std::int64_t, Prediction> predictions{};
    Numbers reports{};
    std::map<std::string, std::vector<std::pair<std::int64_t, double>>, std::less<>> curves{};
  };
  struct Saved {
    State own{}, learner{}, mapper{}, language_model{};
    Records records{};
  };
  struct Heard;
  struct Example;

  const Example& example(Split split, std::int64_t index) const;
  std::vector<at::Tensor> gather(Split split, at::IntArrayRef items, std::int64_t clip,
                                 const std::function<at::Tensor(const Heard&)>& what) const;
  at::Tensor handed_out(const at::Tensor& tensor) const;

  SyntheticTrialSpec spec_;
  std::array<std::vector<Example>, 3> examples_;
  std::shared_ptr<Codec> own_codec_;
  Records records_{};
  std::optional<Saved> saved_{};
  std::int64_t steps_ = 0;
  std::filesystem::path artifacts_{};
};

/// A copy in memory that the system protects against writing: a component that writes to its
/// arguments crashes at that point.
at::Tensor read_only(const at::Tensor& tensor);

/// A deep copy, as the host makes of a state.
State clone(const State& state);

}  // namespace earshot::kit
