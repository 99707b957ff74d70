// For READER, arbitrary bytes are either a checkpoint whose tensors are all inside it, or refused
// with a DataError; nothing else happens. Readers do not use LibTorch, so that everything is
// instrumented.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <earshot/error.hpp>

#include "checkpoint/layout.hpp"

namespace {

using namespace earshot::kit::checkpoint;

void check(const Layout& layout, std::size_t file_bytes) {
  const std::uint64_t unit = names_of(layout.number).bytes;
  if (layout.name.size() > longest_name || layout.shape.size() != layout.strides.size())
    std::abort();
  std::uint64_t bytes = 0;
  if (!multiply(layout.shape, unit, bytes)) std::abort();
  if (layout.extent == 0) return;
  std::uint64_t last = 0;
  for (std::size_t d = 0; d < layout.shape.size(); ++d)
    last += static_cast<std::uint64_t>((layout.shape[d] - 1) * layout.strides[d]);
  if (bytes == 0 || last + 1 != layout.extent || layout.begin > file_bytes ||
      layout.extent > (file_bytes - layout.begin) / unit)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = std::as_bytes(std::span(data, size));
  try {
    for (const auto& layout : READER(file).tensors)
      check(layout, size);
  } catch (const earshot::DataError&) {
  }
  return 0;
}
