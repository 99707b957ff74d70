#include "worker/stage/cell_stage.hpp"

#include <chrono>

#include <ATen/core/grad_mode.h>

#include "base/fault.hpp"
#include "protocol/path_text.hpp"
#include "worker/dataset/records.hpp"
#include "worker/plugin/device.hpp"
#include "worker/plugin/inputs.hpp"
#include "worker/plugin/leftovers.hpp"
#include "worker/plugin/shared_state.hpp"
#include "worker/stage/host_trial.hpp"
#include "worker/stage/imported_predictions.hpp"
#include "worker/stage/metrics.hpp"
#include "worker/stage/peak_memory.hpp"
#include "worker/stage/state_file.hpp"
#include "worker/stage/warnings.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;
using protocol::Json;

// Size of an event, far below the largest frame: a million bytes or one row more.
constexpr std::size_t rows_per_event = 500, bytes_per_event = 1 << 20;
constexpr std::size_t largest_row = 8 << 20;

class CellStage {
 public:
  CellStage(const protocol::CellRequest& request, Session& session)
      : request_(request),
        session_(session),
        made_(make(request.evaluator, open_device(request.device),
                   cell_seed(request.seed, "evaluator"))),
        evaluator_(made_.require<Evaluator>()),
        uses_(evaluator_.uses()),
        trial_(request, imported() ? Uses{} : uses_, metric_names(evaluator_), session) {}

  protocol::CellResult run() {
    result_.lost = trial_.items().lost();
    result_.complete = is_kept()    ? take_kept()
                       : imported() ? take_predictions()
                                    : fit() && predict();
    check_unchanged(request_);
    if (result_.complete) score();
    result_.peak_bytes = peak_memory();
    return result_;
  }

 private:
  /// The evaluator, and through the trial what it trains and asks.
  template <class Function>
  auto call(Function&& function) {
    return call_plugin([&] { return whom(); }, function);
  }

  std::string whom() const {
    std::string name = made_.name, others;
    for (const auto* ref : {&request_.mapper, &request_.language_model})
      if (!ref->plugin.empty()) others += ", '" + ref->component + "'";
    if (uses_.learner || uses_.audio || uses_.language_model)
      for (const auto& source : request_.features)
        others += ", '" + source.encoder.component + "'";
    return others.empty() ? name : name + ", or what it uses (" + others.substr(2) + "),";
  }

  bool imported() const { return !request_.predictions.empty(); }

  /// Whether it is a run's own predictions that are to be scored again.
  bool is_kept() const { return fs::path(request_.predictions).extension() == ".state"; }

  fs::path kept_file() const {
    const auto file = fit_file();
    // Only for language models: other predictions are cheap to repeat.
    if (file.empty() || !uses_.language_model) return {};
    return file.parent_path() / ("predictions-" + request_.predict + ".state");
  }

  bool take_kept() {
    const auto file = protocol::path_of(request_.predictions);
    trial_.begin(HostTrial::Stage::fit);
    if (const auto fitted = file.parent_path() / "fit.state"; fs::exists(fitted)) {
      trial_.load_records(take_part(read_state(fitted), "records/"));
      keep_reports();
    }
    trial_.begin(HostTrial::Stage::predict);
    trial_.load_records(read_state(file));
    keep_reports();
    result_.declared = trial_.items().declared(Split::test);
    check_complete(trial_.size(Split::test));
    return true;
  }

  /// Imported answers are marked like the evaluator's own. An evaluator that learns from features
  /// is first fitted on placeholder features: it marks by labels, which it knows after that.
  bool take_predictions() {
    if (uses_.features && !uses_.mapper && !uses_.language_model && !uses_.learner) {
      trial_.begin(HostTrial::Stage::fit);
      call([&] { evaluator_.fit(trial_); });
      if (trial_.stopped()) return false;
    }
    trial_.begin(HostTrial::Stage::predict);
    const auto& view = trial_.items().dataset().view;
    const auto items = test_items(view);
    const auto file = protocol::path_of(request_.predictions);
    const auto predictions = read_predictions(file, view, request_.evaluator);
    check_content(file, request_.predictions_sha256);
    for (const auto& given : predictions) {
      const auto item = items.find(given.item);
      if (given.seed != request_.seed || item == items.end()) continue;
      trial_.predict({.item = item->second,
                      .output = given.output,
                      .value = given.value,
                      .scores = given.scores});
    }
    result_.declared = trial_.items().declared(Split::test);
    result_.used = static_cast<std::int64_t>(trial_.records().predictions().size());
    return true;
  }

  fs::path fit_file() const {
    if (request_.state_folder.empty() || request_.fit_key.empty() || uses_.learner) return {};
    return protocol::path_of(request_.state_folder) / request_.fit_key / "fit.state";
  }

  double since(std::chrono::steady_clock::time_point start) const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  void end_stage(const std::string& name, double seconds, bool reused) {
    trial_.end(name, seconds, reused);
    keep_reports();
  }

  void keep_reports() {
    for (const auto& report : trial_.records().reports())
      reports_.push_back(report);
  }

  bool fit() {
    const auto start = std::chrono::steady_clock::now();
    trial_.begin(HostTrial::Stage::fit);
    const bool reused = reuse_fit();
    if (!reused) {
      call([&] { evaluator_.fit(trial_); });
      if (trial_.stopped()) return false;
      keep_fit();
    }
    result_.fit_seconds = since(start);
    end_stage("fit", result_.fit_seconds, reused);
    return true;
  }

  bool reuse_fit() {
    const auto file = fit_file();
    if (file.empty() || !fs::exists(file)) return false;
    State all;
    try {
      all = read_state(file);
    } catch (const std::exception&) {
      return false;  // damaged: fitted again, with the same result
    }
    try {
      call([&] {
        evaluator_.load_state(take_part(all, "evaluator/"));
        trial_.components().load_state(take_part(all, "components/"));
      });
      trial_.load_records(take_part(all, "records/"));
    } catch (...) {  // anything a plugin throws; a state half loaded is useless
      throw UnusableState{file};
    }
    return true;
  }

  void keep_fit() {
    const auto file = fit_file();
    if (file.empty()) return;
    check_unchanged(request_);
    State all;
    call([&] {
      add_part(all, "evaluator/", evaluator_.state());
      add_part(all, "components/", trial_.components().state());
    });
    add_part(all, "records/", trial_.records().state());
    write_state(file, all);
    base::fault_point("fit-state-written");
  }

  bool predict() {
    const auto start = std::chrono::steady_clock::now();
    trial_.begin(HostTrial::Stage::predict);
    result_.declared = trial_.items().declared(Split::test);
    const auto items = trial_.size(Split::test);
    if (items == 0)
      throw DataError("no " + request_.predict + " items; " + std::to_string(result_.declared) +
                      " are declared, and all of them are lost");
    call([&] { evaluator_.predict(trial_); });
    if (trial_.stopped()) return false;
    base::fault_point("predicted");
    check_complete(items);
    check_unchanged(request_);
    result_.predict_seconds = since(start);
    if (const auto file = kept_file(); !file.empty()) write_state(file, trial_.records().state());
    for (const auto& note : notes_in(protocol::bytes_of(request_.artifact_folder)))
      warn(note);
    end_stage("predict", result_.predict_seconds, false);
    return true;
  }

  void check_complete(std::int64_t items) {
    const auto& predictions = trial_.records().predictions();
    result_.used = static_cast<std::int64_t>(predictions.size());
    const bool only_trains =
        predictions.empty() && reports_.size() + trial_.records().reports().size() > 0;
    if (result_.used == items || only_trains) return;
    std::int64_t missing = 0;
    while (predictions.count(missing) != 0)
      ++missing;
    throw ContractError("predict() left " + std::to_string(items - result_.used) + " of " +
                        std::to_string(items) + " items without a prediction; the first is item " +
                        std::to_string(missing) + "; expected one per item");
  }

  void score() {
    const auto start = std::chrono::steady_clock::now();
    Outcomes outcomes;
    for (const auto& [index, prediction] : trial_.records().predictions()) {
      outcomes.items.push_back(trial_.item(Split::test, index));
      outcomes.predictions.push_back(prediction);
    }
    if (!imported() && uses_.features && !uses_.language_model) {
      const auto warning = constant_features(trial_, request_.features.back().encoder.component);
      warn(warning.empty() ? constant_predictions(outcomes) : warning);
    }
    outcomes.marks =
        call([&] { return mark_all(evaluator_, outcomes.items, outcomes.predictions); });
    send_predictions(outcomes);
    auto metrics = call([&] { return slice_metrics(evaluator_, outcomes, request_.replicates); });
    for (auto& [row, influences] : metrics)
      session_.send(protocol::event::Metric{.row = row, .binary = std::move(influences)});
    for (const auto& report : reports_)
      session_.send(
          protocol::event::Metric{.row = report_row(report.metric, report.value, report.count)});
    result_.score_seconds = since(start);
    session_.send(protocol::event::Stage{.stage = "score", .seconds = result_.score_seconds});
  }

  void warn(const std::string& text) {
    if (!text.empty()) session_.send(protocol::event::Warning{text});
  }

  void send_predictions(const Outcomes& outcomes) {
    protocol::event::Predictions event;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < outcomes.items.size(); ++i) {
      const auto& prediction = outcomes.predictions[i];
      protocol::event::PredictedItem row{
          .item = trial_.items().position(Split::test, prediction.item),
          .value = prediction.value ? to_json(*prediction.value) : Json(),
          .output = prediction.output,
          .marks = outcomes.marks[i],
          .scores = prediction.scores.size(),
          .candidates = prediction.candidates.empty() ? Json() : Json(prediction.candidates)};
      const auto size = protocol::json_text(row).size() + prediction.scores.size() * sizeof(float);
      if (size > largest_row)
        throw ContractError("the prediction of item '" + outcomes.items[i].id + "' has " +
                            std::to_string(size) +
                            " bytes; allowed: " + std::to_string(largest_row));
      event.rows.push_back(std::move(row));
      for (const auto score : prediction.scores) {
        const auto number = static_cast<float>(score);
        event.binary.append(reinterpret_cast<const char*>(&number), sizeof number);
      }
      bytes += size;
      if (event.rows.size() < rows_per_event && bytes < bytes_per_event &&
          i + 1 < outcomes.items.size())
        continue;
      session_.send(std::exchange(event, {}));
      bytes = 0;
    }
  }

  const protocol::CellRequest& request_;
  Session& session_;
  ComponentInstance made_;
  Evaluator& evaluator_;
  Uses uses_;
  HostTrial trial_;
  std::vector<Records::Report> reports_;  ///< of fit and predict
  protocol::CellResult result_;
};

}  // namespace

protocol::CellResult cell_stage(const protocol::CellRequest& request, Session& session) {
  const at::NoGradGuard no_grad;
  use_threads(static_cast<int>(std::max<std::int64_t>(1, request.threads)));
  reset_peak_memory();
  return with_fresh_start([&] { return CellStage(request, session).run(); });
}

}  // namespace earshot::worker
