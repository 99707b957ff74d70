#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include <earshot/kit/random.hpp>
#include <earshot/plugin.hpp>

namespace {

using namespace earshot;

/// Items with labels. As generated: synthesized tones against noise. A dataset of files lists them
/// in Item::clips, lists its tables in sources(), and has no synthesize().
class PluginClass final : public Dataset {
 public:
  PluginClass(const Options& options, const Context&)
      : clips_(options.integer("clips")), world_(options.integer("world")) {}

  static OptionSchema options() {
    return {{.name = "clips",
             .value = std::int64_t{120},
             .help = "Number of items",
             .min = 12,
             .max = 100000},
            {.name = "world",
             .value = std::int64_t{0},
             .help = "Seed of the items; another world has other items",
             .min = 0}};
  }

  std::int64_t size() const override { return clips_; }

  std::vector<LabelSpec> labels() const override {
    return {{.name = "sound", .type = std::string(), .classes = {"noise", "tone"}},
            {.name = "pitch", .type = 0.0, .unit = "Hz"}};
  }

  Item item(std::int64_t index) const override {
    const bool tone = index % 2 == 1;
    Item item{.id = "item-" + std::to_string(index), .split = split(index)};
    item.clips = {Clip{.duration = 0.5}};
    item.groups["clip"] = item.id;
    item.labels["sound"] = tone ? "tone" : "noise";
    if (tone) item.labels["pitch"] = pitch(index);
    return item;
  }

  AudioBatch synthesize(std::int64_t index, std::int64_t) const override {
    constexpr std::int64_t rate = 16000, samples = rate / 2;
    kit::Random random(kit::derive(static_cast<std::uint64_t>(world_), "samples", index));
    auto wave = at::empty({1, 1, samples}, at::kFloat);
    for (std::int64_t n = 0; n < samples; ++n) {
      const double phase = 2 * std::numbers::pi * pitch(index) * static_cast<double>(n) / rate;
      const double value = index % 2 == 1 ? 0.5 * std::sin(phase) : 0.2 * random.normal();
      wave.mutable_data_ptr<float>()[n] = static_cast<float>(value);
    }
    return {wave, at::full({1}, samples, at::kLong), rate};
  }

 private:
  static Split split(std::int64_t index) {
    const auto sixth = index / 2 % 6;
    return sixth < 3 ? Split::train : sixth == 3 ? Split::validation : Split::test;
  }
  double pitch(std::int64_t index) const {
    return kit::Random(kit::derive(static_cast<std::uint64_t>(world_), "pitch", index))
        .uniform(200, 1000);
  }

  std::int64_t clips_, world_;
};

}  // namespace

EARSHOT_PLUGIN("plugin_name", "0.1.0", "Tones and noises") {
  registrar.add<PluginClass>("plugin_name", "Tones against noise, with the pitch of the tones");
}
