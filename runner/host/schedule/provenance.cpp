#include "host/schedule/provenance.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "protocol/hash.hpp"

namespace earshot::host {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

/// What a git command prints, without the last newline; nothing when it fails.
std::optional<std::string> git(const std::filesystem::path& folder, const std::string& arguments) {
  const auto command = "git -C " + quoted(folder.string()) + " " + arguments + " 2>/dev/null";
  std::FILE* stream = popen(command.c_str(), "re");
  if (stream == nullptr) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), stream))
    text.append(buffer.data(), size);
  if (pclose(stream) != 0) return std::nullopt;
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

/// The value of the first line `name<sep>value` of a file of such lines, or "".
std::string field(const char* file, std::string_view name, char separator) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(name)) continue;
    auto value = line.substr(std::min(line.find(separator) + 1, line.size()));
    std::erase(value, '"');
    return value.substr(std::min(value.find_first_not_of(" \t"), value.size()));
  }
  return {};
}

Json host_facts() {
  utsname names{};
  uname(&names);
  struct sysinfo memory {};
  sysinfo(&memory);
  return {{"name", names.nodename},
          {"os", field("/etc/os-release", "PRETTY_NAME", '=')},
          {"kernel", names.release},
          {"cpu", field("/proc/cpuinfo", "model name", ':')},
          {"processors", std::thread::hardware_concurrency()},
          {"memory_bytes", static_cast<std::uint64_t>(memory.totalram) * memory.mem_unit}};
}

Json environment() {
  Json out = Json::object();
  for (const char* name :
       {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES",
        "LD_LIBRARY_PATH", "LD_PRELOAD", "LANG", "EARSHOT_PLUGIN_PATH", "HF_HOME", "SLURM_JOB_ID"})
    if (const char* value = std::getenv(name)) out[name] = value;
  return out;
}

}  // namespace

Json git_state(const std::filesystem::path& folder) {
  constexpr std::size_t most = 256u << 10;
  const auto commit = git(folder, "rev-parse HEAD");
  if (!commit) return nullptr;
  const auto diff = git(folder, "diff HEAD").value_or("");
  const bool dirty = !diff.empty() || !git(folder, "status --porcelain -uno").value_or("").empty();
  Json out{{"commit", *commit}, {"dirty", dirty}};
  if (!dirty) return out;
  out["diff_sha256"] = protocol::sha256(std::string_view(diff));
  if (diff.size() <= most) out["diff"] = diff;
  return out;
}

Json provenance(const Plan& plan, const std::vector<std::string>& arguments) {
  Json plugins = Json::array();
  for (const auto& plugin : plan.plugins)
    plugins.push_back({{"name", plugin.name},
                       {"version", plugin.version},
                       {"path", plugin.path},
                       {"sha256", plugin.sha256}});
  auto folder = std::filesystem::path(plan.experiment.file).parent_path();
  if (folder.empty()) folder = ".";
  const auto& resources = plan.experiment.resources;
  return {
      {"git", git_state(folder)},
      {"host", host_facts()},
      {"runner",
       {{"version", EARSHOT_VERSION}, {"compiler", __VERSION__}, {"protocol", protocol::version}}},
      {"plugins", plugins},
      {"device", resources.device},
      {"jobs", resources.jobs},
      {"threads", resources.threads},
      {"environment", environment()},
      {"arguments", arguments}};
}

}  // namespace earshot::host
