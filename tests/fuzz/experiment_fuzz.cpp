// Arbitrary bytes are either an experiment file or refused with a message; nothing else happens.
#include <cstddef>
#include <cstdint>
#include <string>

#include "host/base/failure.hpp"
#include "host/experiment/matrix.hpp"
#include "host/experiment/read.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot::host;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto read = [&](const std::string& file) {
    if (file != "x.toml") throw Failure(ExitCode::usage, file + ": there is no such file");
    return text;
  };
  try {
    auto experiment = parse_experiment("x.toml", {}, read);
    if (experiment.max_cells > 1000) experiment.max_cells = 1000;
    expand(experiment, {}, [](const CellComponent&) { return std::vector<std::int64_t>{1, 2}; });
  } catch (const Failure&) {
  }
  return 0;
}
