#include "worker/cache/clip_index.hpp"

#include <earshot/error.hpp>

#include "protocol/hash.hpp"
#include "worker/cache/disk.hpp"

namespace earshot::worker {
namespace {

protocol::Json as_json(const ClipIndex& index) {
  auto items = protocol::Json::array();
  for (const auto& [first, second] : index.items) {
    items.push_back({first});
    if (second >= 0) items.back().push_back(second);
  }
  return {{"shards", index.shards}, {"items", std::move(items)}};
}

}  // namespace

void write_clip_index(const std::filesystem::path& cache, const std::string& source_key,
                      const std::string& dataset_key, bool limited, const ClipIndex& index) {
  auto name = dataset_key;
  if (limited) {
    name += '-';
    name += protocol::sha256(protocol::Json(index.shards)).substr(0, 16);
  }
  const auto file = cache / "features" / source_key / (name + ".clips");
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) return;
  const auto text = as_json(index).dump();
  try {
    write_atomically(file, {std::as_bytes(std::span(text))}, Flush::no);
  } catch (const DataError&) {
    return;
  }
}

}  // namespace earshot::worker
