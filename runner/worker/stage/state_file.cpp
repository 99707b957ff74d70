#include "worker/stage/state_file.hpp"

#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <ATen/ATen.h>

#include <xxhash.h>

#include <earshot/error.hpp>

#include "kit/checkpoint/layout.hpp"
#include "kit/checkpoint/mapped_file.hpp"
#include "kit/checkpoint/safetensors.hpp"
#include "kit/checkpoint/tensor.hpp"
#include "worker/cache/disk.hpp"

namespace earshot::worker {

namespace {

namespace checkpoint = kit::checkpoint;
using Pieces = std::vector<std::span<const std::byte>>;

constexpr const char* checksum_name = "earshot.xxh3.file";  // in 16 hexadecimal digits
constexpr std::string_view no_checksum = "0000000000000000";

std::string checksum_of(const Pieces& pieces) {
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> sum(XXH3_createState(),
                                                                            XXH3_freeState);
  XXH3_64bits_reset(sum.get());
  for (const auto& piece : pieces)
    if (!piece.empty()) XXH3_64bits_update(sum.get(), piece.data(), piece.size());
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(XXH3_64bits_digest(sum.get())));
  return digits;
}

/// Where the digits of the checksum are in the head of a file; std::string_view::npos: nowhere.
std::size_t place_of_checksum(std::string_view head) {
  const auto name = '"' + std::string(checksum_name) + "\":\"";
  const auto at = head.find(name);
  if (at == std::string_view::npos || head.size() - at < name.size() + no_checksum.size())
    return std::string_view::npos;
  return at + name.size();
}

/// The length of the header, and the header.
std::string_view head_of(std::span<const std::byte> file) {
  std::uint64_t length = 0;
  if (file.size() < sizeof length) throw DataError("shorter than a header");
  std::memcpy(&length, file.data(), sizeof length);
  if (length > file.size() - sizeof length) throw DataError("truncated");
  return {reinterpret_cast<const char*>(file.data()), sizeof length + length};
}

/// @throws DataError if the bytes are not those that were written
void check_sum(std::span<const std::byte> file) {
  const auto head = head_of(file);
  const auto place = place_of_checksum(head);
  if (place == std::string_view::npos) throw DataError("no checksum");
  std::string zeroed(head);
  zeroed.replace(place, no_checksum.size(), no_checksum);
  const Pieces pieces{std::as_bytes(std::span(zeroed)), file.subspan(head.size())};
  if (head.substr(place, no_checksum.size()) != checksum_of(pieces))
    throw DataError("a wrong checksum");
}

}  // namespace

void write_state(const std::filesystem::path& file, const State& state) {
  auto text = state.text;
  text[checksum_name] = no_checksum;
  checkpoint::SafetensorsLayout layout;
  try {
    layout = checkpoint::layout_safetensors(state.tensors, text);
  } catch (const DataError& error) {
    throw DataError(file.string() + ": " + error.what());
  }
  std::vector<at::Tensor> values;
  Pieces pieces{std::as_bytes(std::span(layout.head))};
  for (const auto* tensor : layout.order) {
    values.push_back(tensor->detach().to(at::kCPU).contiguous());
    pieces.push_back(
        {static_cast<const std::byte*>(values.back().const_data_ptr()), values.back().nbytes()});
  }
  layout.head.replace(place_of_checksum(layout.head), no_checksum.size(), checksum_of(pieces));
  // Not flushed, so that saving is cheap: the checksum reveals what a power failure has damaged.
  write_atomically(file, pieces, Flush::no);
}

State read_state(const std::filesystem::path& file) {
  const checkpoint::MappedFile mapped(file);
  checkpoint::Contents contents;
  try {
    check_sum(mapped.bytes());
    // Text may be long: all predictions of a run are in it.
    contents =
        checkpoint::read_safetensors(mapped.bytes(), std::numeric_limits<std::uint64_t>::max());
  } catch (const DataError& error) {
    throw DataError(file.string() + ": " + error.what());
  }
  State state{.text = std::move(contents.text)};
  state.text.erase(checksum_name);
  for (const auto& layout : contents.tensors) {
    auto values = at::empty(layout.shape, checkpoint::scalar_type(layout.number));
    checkpoint::read_tensor(mapped, layout, values);
    state.tensors.emplace(layout.name, std::move(values));
  }
  return state;
}

void report_unusable(const UnusableState& state) {
  std::fprintf(stderr, "%s: cannot be loaded, although it is intact; it is computed again\n",
               state.file.c_str());
  std::error_code ignored;
  std::filesystem::remove(state.file, ignored);
}

void add_part(State& to, const std::string& prefix, const State& part) {
  for (const auto& [name, tensor] : part.tensors)
    to.tensors[prefix + name] = tensor;
  for (const auto& [name, text] : part.text)
    to.text[prefix + name] = text;
}

State take_part(const State& from, const std::string& prefix) {
  State part;
  for (const auto& [name, tensor] : from.tensors)
    if (name.starts_with(prefix)) part.tensors.emplace(name.substr(prefix.size()), tensor);
  for (const auto& [name, text] : from.text)
    if (name.starts_with(prefix)) part.text.emplace(name.substr(prefix.size()), text);
  return part;
}

}  // namespace earshot::worker
