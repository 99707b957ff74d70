#include <algorithm>

#include <ATen/ATen.h>

#include <earshot/plugin.hpp>

namespace {

using namespace earshot;

/// A task. As generated: nearest class centroid of mean-pooled features.
class PluginClass final : public Evaluator {
 public:
  PluginClass(const Options& options, const Context&) : target_(options.text("target")) {}

  static OptionSchema options() {
    return {{.name = "target",
             .value = std::string(),
             .help = "Label to predict; its type must be a class",
             .required = true,
             .role = Role::target_label}};
  }

  /// Nothing is random: the seed has no effect, so only one run is made instead of several.
  Uses uses() const override { return {.features = true, .seed = false}; }

  std::vector<MetricSpec> metrics() const override {
    return {{.name = "accuracy", .help = "Share of items classified correctly", .primary = true}};
  }

  void fit(Trial& trial) override {
    const auto classes = classes_of(trial);
    const auto x = pooled(trial, Split::train);
    auto members = at::zeros({static_cast<std::int64_t>(classes.size()), x.size(0)}, x.options());
    for (std::int64_t i = 0; i < x.size(0); ++i) {
      const auto item = trial.item(Split::train, i);
      const auto& truth = std::get<std::string>(item.labels.at(target_));
      members[std::find(classes.begin(), classes.end(), truth) - classes.begin()][i] = 1;
    }
    centroids_ = members.mm(x) / members.sum(1, true).clamp_min(1);
  }

  void predict(Trial& trial) override {
    const auto classes = classes_of(trial);
    const auto x = pooled(trial, Split::test);
    const auto scores = (-at::cdist(x, centroids_)).to(at::kCPU, at::kDouble).contiguous();
    for (std::int64_t i = 0; i < x.size(0); ++i) {
      const auto* row = scores.const_data_ptr<double>() + i * scores.size(1);
      const auto best = std::max_element(row, row + scores.size(1)) - row;
      trial.predict({.item = i,
                     .value = classes[static_cast<std::size_t>(best)],
                     .scores = {row, row + scores.size(1)}});
      trial.progress(i + 1, x.size(0));
    }
  }

  Numbers mark(const Item& item, const Prediction& prediction) const override {
    return {{"accuracy", *prediction.value == item.labels.at(target_) ? 1.0 : 0.0}};
  }

  State state() const override { return {.tensors = {{"centroids", centroids_}}}; }
  void load_state(const State& state) override { centroids_ = state.tensors.at("centroids"); }

 private:
  std::vector<std::string> classes_of(const Trial& trial) const {
    const auto label = trial.label(target_);
    if (!std::holds_alternative<std::string>(label.type))
      throw ConfigError("label '" + target_ +
                        "' is not a class; this task needs one class per item");
    return label.classes;
  }

  /// (items, D): the mean over the valid frames of each item.
  static at::Tensor pooled(Trial& trial, Split split) {
    std::vector<at::Tensor> rows;
    for (std::int64_t i = 0; i < trial.size(split); ++i)
      rows.push_back(trial.features(split, i).values[0].mean(0));
    return at::stack(rows);
  }

  std::string target_;
  at::Tensor centroids_;
};

}  // namespace

EARSHOT_PLUGIN("plugin_name", "0.1.0", "Nearest centroid") {
  registrar.add<PluginClass>("plugin_name", "Nearest class centroid of mean-pooled features");
}
