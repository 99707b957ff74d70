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
  const auto folder = fs::is_directory(path_) ? file.parent_path().lexically_relative(path_) : "";
  for (const auto& name : names)
    add(folder.empty() || folder == "." ? name : folder.generic_string() + "/" + name,
        {file, name, checkpoint});
}

void Store::add(std::string name, Entry entry) {
  const auto [known, is_new] = entries_.try_emplace(std::move(name), std::move(entry));
  if (is_new) {
    const auto& added = known->first;
    by_end_.emplace(added.substr(added.rfind('/') + 1), added);
    if (const auto slash = added.find('/'); slash != std::string::npos)
      folders_.insert(added.substr(0, slash));
    return;
  }
  throw DataError("'" + known->first + "' exists twice, in " + known->second.file.string() +
                  " and in " + entry.file.string() + "; expected each once");
}

std::vector<std::string> Store::called(const std::string& name) const {
  std::vector<std::string> found;
  const auto [first, last] = by_end_.equal_range(name.substr(name.rfind('/') + 1));
  for (auto entry = first; entry != last; ++entry)
    if (entry->second == name || entry->second.ends_with("/" + name))
      found.push_back(entry->second);
  return found;
}

bool Store::has_folder_of(const fs::path& file) const {
  const auto folder = file.parent_path();
  return std::any_of(folder.begin(), folder.end(),
                     [&](const fs::path& part) { return folders_.contains(part.string()); });
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
