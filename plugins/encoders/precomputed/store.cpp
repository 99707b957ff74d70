#include "store.hpp"

#include <algorithm>
#include <system_error>
#include <vector>

#include <earshot/error.hpp>
#include <earshot/kit/npy.hpp>

namespace precomputed {

namespace {

namespace fs = std::filesystem;
using earshot::DataError;
using earshot::kit::Checkpoint;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->is_regular_file()) files.push_back(entry->path());
  if (error) throw DataError(folder.string() + ": cannot be read: " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Store::Store(const fs::path& path) : path_(path) {
  std::error_code error;
  if (!fs::exists(path, error)) throw DataError(path.string() + ": there is no such folder");
  if (!fs::is_directory(path)) {
    add_safetensors(path, true);
  } else {
    const auto files = files_in(path);
    const auto is_safetensors = [](const fs::path& file) {
      return file.extension() == ".safetensors";
    };
    const bool alone = std::count_if(files.begin(), files.end(), is_safetensors) == 1;
    for (const auto& file : files) {
      if (is_safetensors(file)) add_safetensors(file, alone);
      if (file.extension() == ".npy")
        add(fs::path(file).replace_extension().lexically_relative(path).generic_string(), {file});
    }
  }
  if (entries_.empty())
    throw DataError(path.string() + ": has no features; expected .npy or .safetensors files");
}

void Store::add_safetensors(const fs::path& file, bool alone) {
  const auto checkpoint = std::make_shared<const Checkpoint>(file);
  const auto& names = checkpoint->names();
  if (names.size() == 1 && !alone) {
    add(fs::path(file).replace_extension().lexically_relative(path_).generic_string(),
        {file, names.front()});
    return;
  }
  for (const auto& name : names)
    add(name, {file, name, checkpoint});
}

void Store::add(std::string name, Entry entry) {
  const auto [known, is_new] = entries_.try_emplace(std::move(name), std::move(entry));
  if (!is_new)
    throw DataError("'" + known->first + "' is there twice, in " + known->second.file.string() +
                    " and in " + entry.file.string() + "; expected each once");
}

at::Tensor Store::get(const std::string& name) const {
  const auto& entry = entries_.at(name);
  if (entry.tensor.empty()) return earshot::kit::read_npy(entry.file);
  if (entry.checkpoint) return entry.checkpoint->get(entry.tensor);
  return Checkpoint(entry.file).get(entry.tensor);
}

std::string Store::place(const std::string& name) const {
  const auto& entry = entries_.at(name);
  return entry.file.string() + (entry.checkpoint ? ", '" + entry.tensor + "'" : "");
}

}  // namespace precomputed
