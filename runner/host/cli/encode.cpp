#include <algorithm>
#include <filesystem>
#include <iostream>
#include <thread>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/component.hpp"
#include "host/cli/meters.hpp"
#include "host/cli/shared_options.hpp"
#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"
#include "protocol/unique_names.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
namespace po = program_options;

const std::vector<std::string> formats{"safetensors", "npy", "csv"};

Syntax syntax_of_encode() {
  Syntax syntax{
      "encode", "ENCODER FILE...",
      "Writes an encoder's features of audio files, or with --codes the codes of a codec, for\n"
      "numpy.load, safetensors.numpy.load_file or a spreadsheet. ENCODER is a component, or\n"
      "FILE.toml:LABEL for one as an experiment configures it. An encoder that reads others must\n"
      "be given by such a file, which names them. Recordings are mixed down to one channel, as in\n"
      "experiments. Each recording is named after its file without the extension, plus a number\n"
      "if two names are equal, ignoring case. Frame t of the features (T, D) or codes (Q, T) is\n"
      "centred at first_frame + t / frame_rate seconds; both values are written with them. If a\n"
      "file cannot be encoded, this is reported, the others continue, and the exit code is 1."};
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  auto add = syntax.options.add_options();
  add("to", text("FILE"), "output file; for npy a folder, or x.npy for a single recording");
  add("format", text("FORMAT"),
      "safetensors, npy or csv; by default from the ending of --to, or else npy");
  add("codes", "writes the codes of a codec instead of features");
  add("decode", text("FOLDER"),
      "writes the recordings decoded from the codec's codes, as float32 WAV of the original "
      "length, to listen to");
  add("device", text("NAME")->default_value("cpu"), "cpu, cuda or cuda:N");
  add("threads", po::value<std::int64_t>()->value_name("N"),
      "number of threads; by default all processors");
  add_value_option(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"encoder", 1}, {"file", -1}};
  syntax.examples =
      "  runner encode log_mel a.wav b.flac --to features.safetensors\n"
      "  runner encode mimi --option levels=8 *.wav --codes --to codes/ --decode heard\n"
      "  runner encode mimi --option weights=random --option preset=tiny a.wav --to a.csv\n"
      "  runner encode experiments/ablation.toml:mimi_full a.wav --to features.safetensors\n";
  return syntax;
}

std::string format_of_arguments(const Arguments& given) {
  if (given.has("format")) {
    auto name = given.text("format");
    if (std::find(formats.begin(), formats.end(), name) == formats.end())
      refuse_usage("encode", "--format '" + name + "'; allowed are " +
                                 protocol::join(formats, true) +
                                 protocol::did_you_mean(name, formats));
    return name;
  }
  const auto ending = fs::path(given.text("to")).extension().string();
  for (const auto& format : formats)
    if (ending == "." + format) return format;
  if (!ending.empty())
    refuse_usage("encode",
                 "--to '" + given.text("to") +
                     "' does not determine the format; allowed are files that end in .safetensors, "
                     ".csv or .npy, and a folder for several .npy files. Give --format");
  return "npy";
}

/// Stems of the files, followed by "-2", "-3" if they occurred before, ignoring case; quotes,
/// commas and control characters, which tables or file names cannot contain, are replaced.
/// "<key>.side" is reserved for the side data of codes.
std::vector<std::string> keys_of(const std::vector<std::string>& files) {
  std::vector<std::string> keys;
  protocol::UniqueNames names;
  for (const auto& file : files) {
    auto stem = protocol::path_text(protocol::path_of(file).stem());
    std::replace_if(
        stem.begin(), stem.end(),
        [](char c) { return c == ',' || c == '"' || (c >= 0 && c < ' '); }, '_');
    keys.push_back(names.take(stem, ".side"));
  }
  return keys;
}

protocol::EncodeRequest encode_request(const Arguments& given) {
  protocol::EncodeRequest request;
  for (const auto& file : given.texts("file"))
    request.files.push_back(protocol::path_text(fs::absolute(file)));
  if (request.files.empty()) refuse_usage("encode", "ENCODER or FILE is missing");
  request.keys = keys_of(request.files);
  request.codes = given.has("codes");
  request.device = given.text("device");
  request.threads =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::thread::hardware_concurrency()));
  if (given.has("threads")) request.threads = given.get<std::int64_t>("threads");
  if (request.threads < 1) refuse_usage("encode", "--threads must be at least 1");
  if (given.has("decode")) request.decode = protocol::path_text(fs::absolute(given.text("decode")));
  if (given.has("to")) {
    request.format = format_of_arguments(given);
    request.to = protocol::path_text(fs::absolute(given.text("to")));
    if (request.format == "npy" && request.to.ends_with(".npy") && request.files.size() > 1)
      refuse_usage("encode", "--to '" + given.text("to") + "' holds one recording, but " +
                                 std::to_string(request.files.size()) +
                                 " are given; allowed is a folder, with one file per recording");
  } else if (request.decode.empty()) {
    refuse_usage("encode", "no output given; use --to or --decode");
  }
  return request;
}

/// The sources of a reader, for the file that is written.
Json described(const std::vector<protocol::FeatureSource>& sources) {
  auto list = Json::array();
  for (const auto& source : sources) {
    list.push_back({{"encoder", source.encoder.component},
                    {"options", source.encoder.options},
                    {"reads", source.codes ? "codes" : "features"}});
    if (!source.from.empty()) list.back()["from"] = described(source.from);
  }
  return list;
}

ExitCode run_encode(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_encode(), arguments);
  if (!given) return ExitCode::ok;
  auto request = encode_request(*given);
  const auto encoder = one_component(*given, "encode", Table::encoder, given->text("encoder"));
  request.encoder = encoder.ref;
  request.from = encoder.from;
  request.about = {{"encoder", encoder.id}, {"options", protocol::json_text(encoder.settings)}};
  if (!encoder.from.empty()) request.about["from"] = protocol::json_text(described(encoder.from));

  CountMeter meter("encoded");
  std::size_t lost = 0;
  WorkerProcess worker(plan_settings_of(*given).worker);
  const auto result = ask<protocol::verb::Encode>(
      worker, request, until_done,
      protocol::Overloaded{[&](const protocol::event::Progress& progress) { meter.show(progress); },
                           [&](const protocol::event::Lost& file) {
                             ++lost;
                             meter.note(file.file + ": " + file.reason);
                           }});
  meter.clear();
  std::cout << "encoded " << result.written.size() << " of " << request.files.size() << " files";
  for (const auto* name : {"to", "decode"})
    if (given->has(name))
      std::cout << (std::string(name) == "to" ? " into " : "; audio in ") << given->text(name);
  std::cout << '\n';
  return lost == 0 ? ExitCode::ok : ExitCode::cells_not_ok;
}

}  // namespace

const Command encode_command{"encode", Group::models,
                             "writes an encoder's features or codes for audio files", run_encode};

}  // namespace earshot::host
