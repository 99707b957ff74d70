#include "protocol/contents.hpp"

#include <algorithm>

#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"
#include "protocol/stamp.hpp"

namespace earshot::protocol {

namespace fs = std::filesystem;

std::vector<std::pair<std::string, fs::path>> Contents::named() const {
  std::vector<std::pair<std::string, fs::path>> result;
  for (const auto& file : files)
    result.emplace_back(file, path / path_of(file));
  if (files.empty() && !fs::is_directory(path)) return {{"", path}};
  if (files.empty())
    for (const auto& entry : fs::recursive_directory_iterator(path))
      if (entry.is_regular_file())
        result.emplace_back(path_text(entry.path().lexically_relative(path)), entry.path());
  std::sort(result.begin(), result.end());
  return result;
}

std::string Contents::hash(const std::function<std::string(const fs::path&)>& sha256) const {
  const auto all = named();
  if (files.empty() && all.size() == 1 && all.front().first.empty())
    return sha256(all.front().second);
  auto list = Json::array();
  for (const auto& [name, file] : all)
    list.push_back({name, sha256(file)});
  return protocol::sha256(list);
}

std::string Contents::stamps() const {
  std::string text;
  try {
    for (const auto& [name, file] : named()) {
      const auto stamp = stamp_of(file);
      if (!stamp || !stamp->settled()) return "";
      text.append(name).append(1, '\0').append(stamp->text()).append(1, '\n');
    }
  } catch (const fs::filesystem_error&) {
    return "";
  }
  return protocol::sha256(std::string_view(text));
}

}  // namespace earshot::protocol
