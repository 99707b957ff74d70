#include "host/schedule/provenance.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/schedule/git_state.hpp"
#include "protocol/answers.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

/// The value of the first line `name<sep>value` in a file of such lines, or "".
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
  const Json facts{{"git", git_state(folder)},
                   {"host", host_facts()},
                   {"runner",
                    {{"version", EARSHOT_VERSION},
                     {"commit", build_commit},
                     {"compiler", __VERSION__},
                     {"protocol", protocol::version}}},
                   {"plugins", plugins},
                   {"device", resources.device},
                   {"jobs", resources.jobs},
                   {"threads", resources.threads},
                   {"environment", environment()},
                   {"arguments", arguments}};
  // Arguments and variables are bytes; they are stored as text.
  return protocol::readable_json(facts);
}

}  // namespace earshot::host
