#pragma once
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "worker/audio/clip_audio.hpp"
#include "worker/requests/session.hpp"
#include "worker/stage/cell_components.hpp"
#include "worker/stage/cell_items.hpp"
#include "worker/stage/records.hpp"
#include "worker/stage/source_features.hpp"

namespace earshot::worker {

/// What a cell offers its evaluator: the dataset's items, features from the cache, the components,
/// and records that are kept with every save().
class HostTrial final : public Trial {
 public:
  enum class Stage { fit, predict };

  /// @param metrics  names that may be reported
  /// @throws DataError if more clips are lost than the dataset allows, or features are missing.
  HostTrial(const protocol::CellRequest& request, const Uses& uses,
            std::vector<std::string> metrics, Session& session);

  // --- For the stages of the cell.
  /// Begins a stage: no records, and what save() writes and resume() reads is this stage's.
  void begin(Stage stage);
  /// Sends what the stage has recorded, under this name; what save() kept is not needed any more.
  void end(const std::string& name, double seconds, bool reused);
  /// File with the last save() of the current stage; "" if the request keeps none.
  std::filesystem::path partial_file() const;
  const Records& records() const { return records_; }
  void load_records(const State& state) {
    records_.load_state(state);
    sent_.clear();
  }
  CellComponents& components() { return components_; }
  const CellItems& items() const { return items_; }
  /// The evaluator has been told to stop, so that its stage is unfinished.
  bool stopped() const { return stopped_; }

  // --- For the evaluator.
  std::int64_t size(Split split) const override { return items_.size(split); }
  Item item(Split split, std::int64_t index) const override { return items_.item(split, index); }
  LabelSpec label(std::string_view name) const override;
  FeatureSpec feature_spec() const override;
  FeatureBatch features(Split split, at::IntArrayRef items, std::int64_t clip) override;
  CodeBatch codes(Split split, at::IntArrayRef items, std::int64_t clip) override;
  AudioBatch audio(Split split, at::IntArrayRef items, std::int64_t clip) override;
  std::vector<SourceSpec> source_specs() const override;
  std::vector<SourceBatch> sources(Split split, at::IntArrayRef items, std::int64_t clip) override;
  Encoder& encoder() override { return components_.encoder(); }
  Codec& codec() override { return components_.codec(); }
  Learner& learner() override { return components_.learner(); }
  Mapper& mapper() override { return components_.mapper(feature_spec()); }
  Mapper& mapper_for(const FeatureSpec& in) override { return components_.mapper(in); }
  LanguageModel& language_model() override { return components_.language_model(); }
  std::uint64_t seed(std::string_view stream, std::int64_t index) const override;
  void predict(Prediction prediction) override;
  void report(std::string_view metric, double value, std::int64_t count) override;
  void point(std::string_view curve, std::int64_t step, double value) override;
  std::filesystem::path artifact(std::string_view name) override;
  void progress(std::int64_t done, std::int64_t total) override;
  bool stop() const override;
  void save(const State& own) override;
  std::optional<State> resume() override;

 private:
  std::shared_ptr<const FeatureReader> open_reader(bool codes) const;
  std::optional<SourceFeatures> open_sources() const;
  std::vector<std::string> reasons();
  const FeatureReader& reader(bool codes) const;
  /// Sends the points of curves that the runner does not have yet: every few seconds while a model
  /// trains, so that users can watch it, and at the end.
  void send_curves();

  const protocol::CellRequest& request_;
  Uses uses_;
  std::vector<std::string> metrics_;
  Session& session_;
  c10::Device device_;
  std::shared_ptr<OpenDataset> dataset_;
  std::shared_ptr<const FeatureReader> features_, codes_;  ///< null when the cell has none
  std::optional<SourceFeatures> sources_;                  ///< of a reader that is trained
  ClipAudio clip_audio_;
  CellItems items_;
  CellComponents components_;
  Stage stage_ = Stage::fit;
  Records records_;
  std::map<std::string, std::size_t> sent_;  ///< points by curve
  std::chrono::steady_clock::time_point curves_sent_ = std::chrono::steady_clock::now();
  mutable bool stopped_ = false;
};

}  // namespace earshot::worker
