#include "probe.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <lib/learn/linear.hpp>
#include <lib/learn/metrics.hpp>

#include <earshot/kit/log_mel.hpp>

#include "convolution.hpp"

namespace earshot::scenes {

namespace {

constexpr Split parts[] = {Split::train, Split::validation, Split::test};

/// The items of one split that have the label.
struct Part {
  at::Tensor x{};
  std::vector<std::int64_t> truth{};
};

Part part(const Table& table, const LabelSpec& label, Split split) {
  std::vector<std::int64_t> chosen;
  Part result;
  for (std::size_t i = 0; i < table.items.size(); ++i) {
    const Item& item = table.items[i];
    if (item.split != split) continue;
    const auto& value = std::get<std::string>(item.labels.at(label.name));
    chosen.push_back(static_cast<std::int64_t>(i));
    result.truth.push_back(std::find(label.classes.begin(), label.classes.end(), value) -
                           label.classes.begin());
  }
  result.x = table.rows.index_select(0, at::tensor(chosen));
  return result;
}

double score(const kit::LinearModel& model, const Part& part, std::int64_t classes) {
  const at::Tensor best = model.outputs(part.x).argmax(1).contiguous();
  const std::vector<std::int64_t> said(best.data_ptr<std::int64_t>(),
                                       best.data_ptr<std::int64_t>() + best.numel());
  return kit::balanced_accuracy(kit::confusion(part.truth, said, classes), classes);
}

}  // namespace

Scenes make_scenes(std::int64_t clips, std::map<std::string, OptionValue> more) {
  more["clips"] = clips;
  return {Options(Scenes::options(), more), Context{.device = at::kCPU}};
}

std::vector<double> log_mel(const Signal& signal) {
  static const kit::LogMel mel([] {
    kit::LogMelOptions options{.sample_rate = 16000};
    options.spectrogram.window = 512;
    return options;
  }());
  const std::int64_t frames = mel.frames(std::ssize(signal)), bins = mel.options().mels;
  std::vector<float> values(static_cast<std::size_t>(frames * bins));
  mel.compute(signal, values.data());
  const at::Tensor all = at::from_blob(values.data(), {frames, bins}, at::kFloat).to(at::kDouble);
  const at::Tensor both = at::cat({all.mean(0), all.std(0, false)});
  return {both.data_ptr<double>(), both.data_ptr<double>() + both.numel()};
}

std::vector<double> level(const Signal& signal) {
  const auto peak = [](const Signal& any) {
    const auto [low, high] = std::minmax_element(any.begin(), any.end());
    return 20 * std::log10(std::max(-*low, *high));
  };
  return {10 * std::log10(power(signal)), peak(signal), peak(raise_rate(signal, 2))};
}

Table table(const Scenes& scenes,
            const std::function<std::vector<double>(const Scene&, std::size_t)>& features) {
  Table result;
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(scenes.size()));
  at::parallel_for(0, scenes.size(), 8, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i)
      rows[static_cast<std::size_t>(i)] = features(scenes.scene(i, 0), scenes.length());
  });
  std::vector<at::Tensor> stacked;
  for (std::int64_t i = 0; i < scenes.size(); ++i) {
    result.items.push_back(scenes.item(i));
    stacked.push_back(at::tensor(rows[static_cast<std::size_t>(i)], at::kDouble));
  }
  result.rows = at::stack(stacked);
  return result;
}

double probe(const Table& table, const LabelSpec& label) {
  const auto classes = std::ssize(label.classes);
  Part train = part(table, label, parts[0]), validation = part(table, label, parts[1]),
       test = part(table, label, parts[2]);
  const auto scale = kit::Standardiser::of(train.x);
  for (Part* one : {&train, &validation, &test})
    one->x = scale.apply(one->x).contiguous();
  at::Tensor truth = at::zeros({std::ssize(train.truth), classes}, at::kDouble);
  for (std::size_t n = 0; n < train.truth.size(); ++n)
    truth[static_cast<std::int64_t>(n)][train.truth[n]] = 1;
  double best = -1, result = 0;
  for (const double c : {1e-3, 1e-2, 1e-1}) {
    const auto model = kit::fit_logistic(train.x, truth, c, kit::Link::softmax);
    const double found = score(model, validation, classes);
    if (found <= best) continue;
    best = found;
    result = score(model, test, classes);
  }
  return result;
}

}  // namespace earshot::scenes
