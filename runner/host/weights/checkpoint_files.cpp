#include "host/weights/checkpoint_files.hpp"

#include <algorithm>
#include <set>

#include "host/base/failure.hpp"
#include "protocol/json.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

namespace {

using protocol::Json;
using Names = std::set<std::string>;
using ReadText = std::function<std::string(const std::string&)>;

constexpr const char* weight_files[] = {"model.safetensors.index.json", "model.safetensors",
                                        "pytorch_model.bin.index.json", "pytorch_model.bin",
                                        "adapter_model.safetensors",    "adapter_model.bin"};

constexpr const char* beside_file[] = {"config.json", "preprocessor_config.json"};

constexpr const char* beside_folder[] = {"config.json",
                                         "preprocessor_config.json",
                                         "processor_config.json",
                                         "generation_config.json",
                                         "adapter_config.json",
                                         "tokenizer.json",
                                         "tokenizer_config.json",
                                         "special_tokens_map.json",
                                         "added_tokens.json",
                                         "chat_template.jinja",
                                         "vocab.json",
                                         "vocab.txt",
                                         "merges.txt",
                                         "tokenizer.model",
                                         "spiece.model"};

[[noreturn]] void refuse(const std::string& problem) {
  throw Failure(ExitCode::cells_not_ok, problem);
}

/// "a, b, c and 12 others"
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t most = 8;
  if (names.size() <= most) return protocol::join(names);
  return protocol::join({names.begin(), names.begin() + most}) + " and " +
         std::to_string(names.size() - most) + " others";
}

bool is_checkpoint(const std::string& name) {
  for (const auto* ending : {".safetensors", ".pth", ".pt", ".ckpt", ".bin"})
    if (name.ends_with(ending)) return true;
  return false;
}

/// The files that an index of shards names; throws if one does not exist.
std::vector<std::string> shards(const std::string& folder, const std::string& index,
                                const Names& names, const ReadText& text) {
  const auto content = Json::parse(text(folder + index), nullptr, false);
  const auto map = content.is_object() ? content.value("weight_map", Json()) : Json();
  Names files;
  for (const auto& [tensor, file] : map.items())
    files.insert(file.is_string() ? folder + file.get<std::string>() : "");
  if (files.empty() || files.contains(""))
    refuse("'" + folder + index +
           "' is not an index of shards; expected a JSON object with a weight_map of file names");
  for (const auto& file : files)
    if (!names.contains(file))
      refuse("'" + folder + index + "' names '" + file + "', which is missing");
  return {files.begin(), files.end()};
}

std::string weights_in(const std::string& folder, const Names& names) {
  for (const auto* name : weight_files)
    if (names.contains(folder + name)) return name;
  std::vector<std::string> found, others;
  for (const auto& name : names) {
    if (!name.starts_with(folder)) continue;
    const auto inner = name.substr(folder.size());
    if (inner.find('/') == std::string::npos && is_checkpoint(inner)) found.push_back(inner);
    others.push_back(name);
  }
  if (found.size() == 1) return found.front();
  const auto place = folder.empty() ? std::string("it") : "'" + folder + "'";
  if (!found.empty())
    refuse(place + " has several checkpoints: " + some_of(found) +
           "; choose one of them, as in hf://owner/repo/" + folder + found.front());
  refuse(place + " has no weights that can be read; looked for model.safetensors, " +
         "pytorch_model.bin, and files that end in .safetensors, .pth, .pt, .ckpt, .bin. It has " +
         (others.empty() ? "nothing" : some_of(others)));
}

}  // namespace

std::vector<std::string> checkpoint_files(const std::vector<std::string>& list,
                                          const std::string& path, const ReadText& text) {
  const Names names(list.begin(), list.end());
  const bool is_file = names.contains(path);
  auto folder = path.empty() ? path : path + "/";
  if (is_file) folder = path.substr(0, path.rfind('/') + 1);
  const bool is_folder =
      path.empty() || std::any_of(names.begin(), names.end(),
                                  [&](const auto& name) { return name.starts_with(folder); });
  if (!is_file && !is_folder) {
    const auto guess = protocol::did_you_mean(path, list);
    refuse("there is no '" + path + "' in it" +
           (guess.empty() ? "; it has " + (list.empty() ? "nothing" : some_of(list)) : guess));
  }
  std::vector<std::string> files;
  const auto take = [&](const auto& candidates) {
    for (const auto* name : candidates)
      if (names.contains(folder + name)) files.push_back(folder + name);
  };
  is_file ? take(beside_file) : take(beside_folder);
  const auto weights = is_file ? path.substr(folder.size()) : weights_in(folder, names);
  std::erase(files, folder + weights);
  files.push_back(folder + weights);
  if (weights.ends_with(".index.json")) {
    const auto more = shards(folder, weights, names, text);
    files.insert(files.end(), more.begin(), more.end());
  }
  return files;
}

}  // namespace earshot::host
