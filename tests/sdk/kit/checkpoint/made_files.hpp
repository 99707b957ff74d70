#pragma once
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include <earshot/error.hpp>

// Checkpoint files built byte by byte according to their formats, so that tests can put wrong
// values anywhere.
namespace earshot::testing {

template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

inline std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

inline std::string safetensors_bytes(const std::string& header, const std::string& data) {
  return raw<std::uint64_t>(header.size()) + header + data;
}

/// Pieces of a pickle, protocol 2.
namespace pickle {

inline std::string text(const std::string& value) {
  return std::string("X") + raw(static_cast<std::uint32_t>(value.size())) + value;
}
inline std::string integer(std::int64_t value) {
  return std::string("\x8a\x08") + raw(value);
}
inline std::string global(const std::string& module, const std::string& name) {
  return std::string("c") + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string all = "(";
  for (const auto& item : items)
    all += item;
  return all + "t";
}
inline std::string integers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (const auto value : values)
    items.push_back(integer(value));
  return tuple(items);
}
inline std::string call(const std::string& callable, const std::vector<std::string>& arguments) {
  return callable + tuple(arguments) + "R";
}
inline std::string ordered_dict() {
  return call(global("collections", "OrderedDict"), {});
}
inline std::string with_items(const std::string& dict,
                              const std::vector<std::pair<std::string, std::string>>& items) {
  std::string all = dict + "(";
  for (const auto& [name, value] : items)
    all += text(name) + value;
  return all + "u";
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  return with_items("}", items);
}

struct Tensor {
  std::string key = "0";
  std::string storage = "FloatStorage";
  std::int64_t elements = 6;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape{2, 3};
  std::vector<std::int64_t> strides{3, 1};
};

inline std::string tensor(const Tensor& t, const std::vector<std::string>& view = {}) {
  std::vector<std::string> id{text("storage"), global("torch", t.storage), text(t.key), text("cpu"),
                              integer(t.elements)};
  id.insert(id.end(), view.begin(), view.end());
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              {tuple(id) + "Q", integer(t.offset), integers(t.shape), integers(t.strides), "\x89",
               ordered_dict()});
}

inline std::string program(const std::string& value) {
  return std::string("\x80\x02") + value + ".";
}

}  // namespace pickle

struct ZipFile {
  std::string name{};
  std::string data{};
  std::uint16_t method = 0;
};

/// A zip archive without checksums (0), like PyTorch's with checksums turned off.
inline std::string zip_bytes(const std::vector<ZipFile>& files) {
  std::string all, directory;
  for (const auto& file : files) {
    const auto begin = static_cast<std::uint32_t>(all.size());
    const auto size = static_cast<std::uint32_t>(file.data.size());
    const auto length = static_cast<std::uint16_t>(file.name.size());
    const std::string middle = raw<std::uint16_t>(0) + raw(file.method) + raw<std::uint32_t>(0) +
                               raw<std::uint32_t>(0) + raw(size) + raw(size) + raw(length);
    all += std::string("PK\x03\x04") + raw<std::uint16_t>(20) + middle + raw<std::uint16_t>(0) +
           file.name + file.data;
    directory += std::string("PK\x01\x02") + raw<std::uint16_t>(20) + raw<std::uint16_t>(20) +
                 middle + std::string(12, '\0') + raw(begin) + file.name;
  }
  const auto count = static_cast<std::uint16_t>(files.size());
  return all + directory + "PK\x05\x06" + std::string(4, '\0') + raw(count) + raw(count) +
         raw(static_cast<std::uint32_t>(directory.size())) +
         raw(static_cast<std::uint32_t>(all.size())) + raw<std::uint16_t>(0);
}

/// The file that torch.save() writes for a pickled value and its storages.
inline std::string torch_zip(const std::string& value,
                             const std::map<std::string, std::string>& storages,
                             const std::vector<ZipFile>& more = {}) {
  std::vector<ZipFile> files{{"archive/data.pkl", pickle::program(value)}};
  for (const auto& [key, data] : storages)
    files.push_back({"archive/data/" + key, data});
  files.insert(files.end(), more.begin(), more.end());
  return zip_bytes(files);
}

struct LegacyStorage {
  std::string key{};
  std::int64_t elements = 0;
  std::string data{};
};

inline std::string torch_legacy(const std::string& value,
                                const std::vector<LegacyStorage>& storages) {
  using pickle::program;
  std::string keys = "](", data;
  for (const auto& storage : storages) {
    keys += pickle::text(storage.key);
    data += raw(storage.elements) + storage.data;
  }
  return program(std::string("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12)) +
         program(pickle::integer(1001)) + program(pickle::dict({{"little_endian", "\x88"}})) +
         program(value) + program(keys + "e") + data;
}

/// The message of the DataError that `function` must throw.
inline std::string refusal(const std::function<void()>& function) {
  try {
    function();
  } catch (const DataError& error) {
    return error.what();
  }
  return "(not refused)";
}

}  // namespace earshot::testing
