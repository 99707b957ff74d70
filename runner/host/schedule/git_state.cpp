#include "host/schedule/git_state.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/base/regular_file.hpp"
#include "host/base/scratch_folder.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// The text of a small file without the white space at its end; nullopt if it cannot be read.
std::optional<std::string> line_of(const fs::path& file) {
  try {
    auto text = read_regular_file(file, 1u << 16);
    text.erase(text.find_last_not_of(" \t\r\n") + 1);
    return text;
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

/// The folders of a repository; linked work trees share `common`.
struct Repository {
  fs::path tree{}, own{}, common{};
};

/// The repository of `folder` or of the nearest folder above it.
std::optional<Repository> find_repository(const fs::path& folder) {
  std::error_code error;
  for (auto tree = fs::weakly_canonical(folder, error); !error; tree = tree.parent_path()) {
    Repository found{tree, tree / ".git", {}};
    if (fs::is_regular_file(found.own, error)) {
      constexpr std::string_view word = "gitdir: ";
      const auto link = line_of(found.own);
      if (!link || !link->starts_with(word)) return std::nullopt;
      found.own = (tree / link->substr(word.size())).lexically_normal();
    }
    if (fs::exists(found.own / "HEAD", error)) {
      const auto common = line_of(found.own / "commondir");
      found.common = common ? (found.own / *common).lexically_normal() : found.own;
      return found;
    }
    error.clear();
    if (tree == tree.parent_path()) break;
  }
  return std::nullopt;
}

bool is_object_id(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// The value of a reference in the file into which git packs references.
std::optional<std::string> packed(const fs::path& file, const std::string& name) {
  std::string text;
  try {
    text = read_regular_file(file, 256u << 20);
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.ends_with(name)) {
      const auto space = line.find(' ');
      if (space != std::string::npos && line.substr(space + 1) == name)
        return line.substr(0, space);
    }
  return std::nullopt;
}

std::optional<std::string> head_commit(const Repository& repository) {
  constexpr std::string_view word = "ref: ";
  auto value = line_of(repository.own / "HEAD");
  for (int hops = 0; value && hops < 5; ++hops) {
    if (is_object_id(*value)) return value;
    if (!value->starts_with(word)) return std::nullopt;
    const auto name = value->substr(word.size());
    if (!name.starts_with("refs/") || name.find("..") != std::string::npos) return std::nullopt;
    value = line_of(repository.own / name);
    if (!value) value = line_of(repository.common / name);
    if (!value) value = packed(repository.common / "packed-refs", name);
  }
  return std::nullopt;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

/// The output of a program; nullopt if it fails.
std::optional<std::string> output_of(const std::string& command) {
  std::FILE* stream = popen(command.c_str(), "re");
  if (stream == nullptr) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), stream))
    text.append(buffer.data(), size);
  if (pclose(stream) != 0) return std::nullopt;
  return text;
}

/// A git folder without history and with a configuration that names no program, for reading the
/// objects and the index of another repository.
class NeutralFolder {
 public:
  NeutralFolder(const Repository& repository, const std::string& commit) {
    fs::create_directory(folder_ / "refs");
    std::ofstream(folder_ / "HEAD") << commit << '\n';
    std::ofstream config(folder_ / "config");
    config << "[core]\n\tbare = false\n\tfsmonitor = false\n\thooksPath = /dev/null\n"
              "[diff]\n\tautoRefreshIndex = false\n";
    if (commit.size() == 64)
      config << "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tobjectFormat = sha256\n";
    link_shared_indices(repository.own);
  }

  const fs::path& path() const { return folder_.path(); }

 private:
  /// A split index names the file with its other part, which git looks for in its own folder.
  void link_shared_indices(const fs::path& from) const {
    std::error_code error;
    for (fs::directory_iterator entry(from, error), end; !error && entry != end;
         entry.increment(error)) {
      const auto name = entry->path().filename();
      if (name.string().starts_with("sharedindex."))
        fs::create_symlink(entry->path(), folder_ / name.string(), error);
    }
  }

  ScratchFolder folder_{fs::temp_directory_path(), "earshot-git-"};
};

/// The differences between the commit and the tracked files, as a patch.
std::optional<std::string> differences(const Repository& repository, const std::string& commit) {
  std::string command = "exec env -i LC_ALL=C";
  for (const char* name : {"PATH", "LD_LIBRARY_PATH"})
    if (const char* value = std::getenv(name))
      command += ' ' + quoted(std::string(name) + '=' + value);
  std::optional<NeutralFolder> neutral;
  try {
    neutral.emplace(repository, commit);
  } catch (const std::exception&) {  // nowhere to write to
    return std::nullopt;
  }
  const auto set = [&](const char* name, const fs::path& value) {
    command += ' ' + quoted(std::string(name) + '=' + value.string());
  };
  set("GIT_DIR", neutral->path());
  set("GIT_WORK_TREE", repository.tree);
  set("GIT_INDEX_FILE", repository.own / "index");
  set("GIT_OBJECT_DIRECTORY", repository.common / "objects");
  command +=
      " GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1 GIT_OPTIONAL_LOCKS=0 "
      "GIT_TERMINAL_PROMPT=0 timeout -k 5 60 git -C " +
      quoted(repository.tree.string()) +
      " --no-pager diff --no-ext-diff --no-textconv --no-color --ignore-submodules=dirty " +
      commit + " 2>/dev/null";
  return output_of(command);
}

}  // namespace

protocol::Json git_state(const fs::path& folder) {
  constexpr std::size_t most = 256u << 10;
  const auto repository = find_repository(folder);
  const auto commit = repository ? head_commit(*repository) : std::nullopt;
  if (!commit) return nullptr;
  protocol::Json out{{"commit", *commit}, {"dirty", nullptr}};
  auto diff = differences(*repository, *commit);
  if (!diff) return out;
  out["dirty"] = !diff->empty();
  while (diff->ends_with('\n'))
    diff->pop_back();
  if (diff->empty()) return out;
  out["diff_sha256"] = protocol::sha256(std::string_view(*diff));
  if (diff->size() <= most && protocol::is_utf8(*diff)) out["diff"] = *diff;
  return out;
}

}  // namespace earshot::host
