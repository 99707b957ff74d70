#include "declaration.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>

namespace torchscript {

namespace {

using Json = nlohmann::json;
using earshot::ConfigError;
using earshot::DataError;

constexpr const char* from_file = "file";

/// The content of the model's extra file.
class About {
 public:
  About(const std::string& text, const std::filesystem::path& file)
      : where_(file.string() + ", its extra file earshot.json: ") {
    if (text.empty()) return;
    json_ = Json::parse(text, nullptr, false);
    if (!json_.is_object()) throw DataError(where_ + "is not a JSON object");
  }

  bool has(const std::string& name) const { return json_.contains(name); }

  void read(const std::string& name, double& value) const {
    if (has(name)) value = number(name);
  }
  void read(const std::string& name, std::int64_t& value) const {
    if (!has(name)) return;
    const auto given = number(name);
    if (given != std::floor(given) || given > 1e9)
      throw DataError(where_ + "'" + name + "' is " + json_.at(name).dump() +
                      "; expected an integer");
    value = static_cast<std::int64_t>(given);
  }
  void read(const std::string& name, std::string& value,
            const std::vector<std::string>& allowed) const {
    if (!has(name)) return;
    const auto& given = json_.at(name);
    for (const auto& word : allowed)
      if (given == word && word != from_file) {
        value = word;
        return;
      }
    throw DataError(where_ + "'" + name + "' is " + given.dump() +
                    "; allowed values are those of the option with this name");
  }

 private:
  double number(const std::string& name) const {
    const auto& given = json_.at(name);
    if (!given.is_number() || !std::isfinite(given.get<double>()) || given.get<double>() < 0)
      throw DataError(where_ + "'" + name + "' is " + given.dump() +
                      "; expected a number, 0 or more");
    return given.get<double>();
  }

  std::string where_;
  Json json_ = Json::object();
};

const std::vector<std::string> inputs{from_file, "bcn", "bn"};
const std::vector<std::string> layouts{from_file, "btd", "bdt", "bd"};

}  // namespace

earshot::OptionSchema declaration_options() {
  const auto whole = [](const char* name, const char* help, const char* unit) {
    return earshot::OptionSpec{
        .name = name, .value = std::int64_t{-1}, .help = help, .unit = unit, .min = -1};
  };
  const auto number = [](const char* name, const char* help, const char* unit) {
    return earshot::OptionSpec{.name = name, .value = -1.0, .help = help, .unit = unit, .min = -1};
  };
  return {
      whole("sample_rate", "Sample rate of the model's input; -1: from its file", "Hz"),
      whole("channels", "1 or 2; -1: from its file, or else 1", ""),
      whole("dim", "Values per frame; -1: from its file, or else from its output", ""),
      number("frame_rate", "0: one vector per clip; -1: from its file", "Hz"),
      number("first_frame", "Centre of the first frame; -1: from its file, or else 0", "s"),
      number("min_seconds",
             "Shorter audio is zero-padded, for models that need a minimum length; -1: from its "
             "file, or else 0",
             "s"),
      {.name = "input",
       .value = std::string(from_file),
       .help = "Shape of its input; file: from its file, or else (B, C, N)",
       .choices = inputs},
      {.name = "layout",
       .value = std::string(from_file),
       .help = "Shape of its output; file: from its file, or else (B, T, D)",
       .choices = layouts},
  };
}

Declaration declaration(const earshot::Options& options, const std::string& text,
                        const std::filesystem::path& file) {
  const About about(text, file);
  Declaration result{.input = "bcn", .layout = "btd"};
  const auto whole = [&](const char* name, std::int64_t& value) {
    about.read(name, value);
    if (options.integer(name) >= 0) value = options.integer(name);
  };
  const auto number = [&](const char* name, double& value) {
    about.read(name, value);
    if (options.number(name) >= 0) value = options.number(name);
  };
  const auto word = [&](const char* name, std::string& value,
                        const std::vector<std::string>& allowed) {
    about.read(name, value, allowed);
    if (options.text(name) != from_file) value = options.text(name);
  };
  whole("sample_rate", result.sample_rate);
  whole("channels", result.channels);
  whole("dim", result.dim);
  number("frame_rate", result.frame_rate);
  number("first_frame", result.first_frame);
  number("min_seconds", result.min_seconds);
  word("input", result.input, inputs);
  word("layout", result.layout, layouts);

  const auto expect = [&](bool fits, const std::string& what) {
    if (!fits) throw ConfigError(file.string() + ": " + what);
  };
  expect(result.sample_rate > 0,
         "sample_rate is unknown; give the option, or save the model with an extra file");
  expect(about.has("frame_rate") || options.number("frame_rate") >= 0,
         "frame_rate is unknown; give the option (0: one vector per clip), or save the model with "
         "an extra file");
  expect(result.channels == 1 || result.channels == 2,
         "channels is " + std::to_string(result.channels) + "; allowed are 1 and 2");
  expect(result.input == "bcn" || result.channels == 1,
         "an input of (B, N) has one channel, but channels is 2");
  expect(result.layout != "bd" || result.frame_rate == 0,
         "an output of (B, D) has no frames; expected frame_rate = 0");
  return result;
}

}  // namespace torchscript
