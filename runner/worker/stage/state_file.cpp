#include "worker/stage/state_file.hpp"

#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <system_error>

#include <ATen/ATen.h>

#include <xxhash.h>

#include "protocol/json.hpp"
#include "worker/cache/disk.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;
constexpr const char* metadata = "__metadata__";
constexpr const char* checksum_name = "earshot.xxh3.file";     ///< in 16 hexadecimal digits
constexpr const char* checksum_of_data_name = "earshot.xxh3";  ///< of files before that
constexpr std::string_view no_checksum = "0000000000000000";

const std::map<std::string, at::ScalarType>& types() {
  static const std::map<std::string, at::ScalarType> table{
      {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
      {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
      {"U8", at::kByte},    {"BOOL", at::kBool}};
  return table;
}

std::string name_of(at::ScalarType type) {
  for (const auto& [name, known] : types())
    if (known == type) return name;
  throw ContractError(std::string("a state holds numbers of type ") + c10::toString(type) +
                      ", which cannot be stored; allowed: floating, integer and boolean");
}

void expect(bool fits, const std::string& what) {
  if (!fits) throw DataError(what);
}

at::Tensor read_tensor(const std::string& name, const Json& entry,
                       std::span<const std::byte> data) {
  const auto type = types().find(entry.at("dtype").get<std::string>());
  expect(type != types().end(), "tensor '" + name + "' has an unknown number type");
  const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
  const auto offsets = entry.at("data_offsets").get<std::vector<std::uint64_t>>();
  expect(offsets.size() == 2 && offsets[0] <= offsets[1] && offsets[1] <= data.size(),
         "tensor '" + name + "' is beyond the end of the file");
  std::uint64_t bytes = c10::elementSize(type->second);
  for (const auto size : shape)
    expect(size >= 0 && !__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes),
           "tensor '" + name + "' has an impossible shape");
  expect(bytes == offsets[1] - offsets[0],
         "tensor '" + name + "' has a size that does not match its shape");
  auto tensor = at::empty(shape, type->second);
  if (bytes > 0) std::memcpy(tensor.mutable_data_ptr(), data.data() + offsets[0], bytes);
  return tensor;
}

std::string in_digits(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

using Sum = std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)>;

Sum begin_sum() {
  Sum sum(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(sum.get());
  return sum;
}

void add(const Sum& sum, std::span<const std::byte> bytes) {
  if (!bytes.empty()) XXH3_64bits_update(sum.get(), bytes.data(), bytes.size());
}

/// Where the digits of the checksum stand in a header; std::string::npos: nowhere.
std::size_t place_of_checksum(std::string_view header) {
  const auto name = '"' + std::string(checksum_name) + "\":\"";
  const auto at = header.find(name);
  if (at == std::string_view::npos || header.size() - at < name.size() + no_checksum.size())
    return std::string_view::npos;
  return at + name.size();
}

/// Refuses a file whose bytes are not those that were written.
void check_sum(std::span<const std::byte> file, std::string_view header) {
  const auto place = place_of_checksum(header);
  if (place == std::string_view::npos) return;  // an old file, or a damaged one: see parse()
  std::string zeroed(header);
  zeroed.replace(place, no_checksum.size(), no_checksum);
  const auto sum = begin_sum();
  add(sum, file.first(sizeof(std::uint64_t)));
  add(sum, std::as_bytes(std::span(zeroed)));
  add(sum, file.subspan(sizeof(std::uint64_t) + header.size()));
  expect(header.substr(place, no_checksum.size()) == in_digits(XXH3_64bits_digest(sum.get())),
         "a wrong checksum");
}

State parse(std::span<const std::byte> file) {
  std::uint64_t header_bytes = 0;
  expect(file.size() >= sizeof header_bytes, "shorter than a header");
  std::memcpy(&header_bytes, file.data(), sizeof header_bytes);
  expect(header_bytes <= file.size() - sizeof header_bytes, "truncated");
  const auto* text = reinterpret_cast<const char*>(file.data()) + sizeof header_bytes;
  check_sum(file, {text, static_cast<std::size_t>(header_bytes)});
  const auto header = Json::parse(text, text + header_bytes);
  const auto data = file.subspan(sizeof header_bytes + static_cast<std::size_t>(header_bytes));
  State state;
  for (const auto& [name, entry] : header.items())
    if (name == metadata)
      state.text = entry.get<std::map<std::string, std::string>>();
    else
      state.tensors.emplace(name, read_tensor(name, entry, data));
  const bool summed = state.text.erase(checksum_name) > 0;
  const auto of_data = state.text.extract(checksum_of_data_name);
  expect(summed || of_data, "no checksum");
  if (of_data)
    expect(of_data.mapped() == std::to_string(XXH3_64bits(data.data(), data.size())),
           "a wrong checksum");
  return state;
}

}  // namespace

void write_state(const std::filesystem::path& file, const State& state) {
  auto header = Json::object();
  std::vector<at::Tensor> tensors;  // in the order of the offsets
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : state.tensors) {
    tensors.push_back(tensor.detach().to(at::kCPU).contiguous());
    const auto& values = tensors.back();
    header[name] = {{"dtype", name_of(values.scalar_type())},
                    {"shape", values.sizes().vec()},
                    {"data_offsets", {offset, offset + values.nbytes()}}};
    offset += values.nbytes();
  }
  auto text = state.text;
  text[checksum_name] = no_checksum;
  header[metadata] = text;

  auto head = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  head.resize((head.size() + 7) / 8 * 8, ' ');
  const std::uint64_t header_bytes = head.size();
  std::vector<std::span<const std::byte>> pieces{std::as_bytes(std::span(&header_bytes, 1)),
                                                 std::as_bytes(std::span(head))};
  for (const auto& values : tensors)
    pieces.push_back({static_cast<const std::byte*>(values.const_data_ptr()), values.nbytes()});
  const auto sum = begin_sum();
  for (const auto& piece : pieces)
    add(sum, piece);
  head.replace(place_of_checksum(head), no_checksum.size(),
               in_digits(XXH3_64bits_digest(sum.get())));
  // Not flushed: saving is cheap then, and the checksum tells what a loss of power has damaged.
  write_atomically(file, pieces, Flush::no);
}

State read_state(const std::filesystem::path& file) {
  try {
    const Mapping mapping(file);
    return parse(mapping.bytes());
  } catch (const Json::exception& error) {
    throw DataError(file.string() + ": an unreadable header: " + error.what());
  } catch (const std::system_error& error) {
    throw DataError(error.what());
  } catch (const DataError& error) {
    throw DataError(file.string() + ": " + error.what());
  }
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
