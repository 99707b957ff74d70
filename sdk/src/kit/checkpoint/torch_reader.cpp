#include <algorithm>
#include <cstring>

#include <earshot/error.hpp>

#include "layout.hpp"
#include "torch_pickle.hpp"
#include "zip_directory.hpp"

namespace earshot::kit::checkpoint {

namespace {

void check_not_empty(const Contents& contents) {
  if (contents.tensors.empty())
    throw DataError("it contains no named tensor" +
                    (contents.skipped.empty() ? "" : "; it contains " + contents.skipped.front()) +
                    ". Save model.state_dict(), not the model");
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// An archive as torch.save() writes it: `<any>/data.pkl`, `<any>/data/<key>`, `<any>/byteorder`.
class Archive {
 public:
  explicit Archive(std::span<const std::byte> file)
      : file_(file), entries_(read_zip_directory(file)) {
    const std::string pickle = "/data.pkl";
    for (const auto& [name, entry] : entries_) {
      if (!name.ends_with(pickle) || name.find('/') != name.size() - pickle.size()) continue;
      if (!folder_.empty()) throw DataError("it has two pickles, in different folders");
      folder_ = name.substr(0, name.size() - pickle.size() + 1);
    }
    if (folder_.empty())
      throw DataError("a zip archive that was not written by torch.save(): it has no data.pkl");
    if (entries_.contains(folder_ + "constants.pkl"))
      throw DataError("a TorchScript archive, which is a program; plugin torchscript runs it");
  }

  std::span<const std::byte> data(const std::string& name) const {
    const auto& entry = find(name);
    return file_.subspan(static_cast<std::size_t>(entry.begin),
                         static_cast<std::size_t>(entry.size));
  }
  bool contains(const std::string& name) const { return entries_.contains(folder_ + name); }

  /// Whether the bytes of `name` differ from those that were written. PyTorch can be told to save
  /// without checksums (set_crc32_options); then the checksum of the version is wrong as well.
  bool is_damaged(const std::string& name) const {
    return crc32(data(name)) != find(name).crc32 && contains("version") &&
           crc32(data("version")) == find("version").crc32;
  }

  std::uint64_t begin_of(const Storage& storage) const {
    const std::string key(storage.key);
    if (key.empty() || key.find('/') != std::string::npos || !contains("data/" + key))
      throw DataError("its archive lacks storage " + in_quotes(key));
    const auto& entry = find("data/" + key);
    if (entry.size != storage.bytes)
      throw DataError("storage " + in_quotes(key) + " has " + std::to_string(entry.size) +
                      " bytes and should have " + std::to_string(storage.bytes));
    return entry.begin;
  }

 private:
  const ZipEntry& find(const std::string& name) const {
    const auto& entry = entries_.at(folder_ + name);
    if (!entry.stored)
      throw DataError("its " + in_quotes(name) +
                      " is compressed or encrypted, which torch.save() never does; unpack the "
                      "archive and pack it with zip -0, or save again");
    return entry;
  }

  std::span<const std::byte> file_;
  std::map<std::string, ZipEntry> entries_;
  std::string folder_;
};

}  // namespace

Contents read_torch_zip(std::span<const std::byte> file) {
  const Archive archive(file);
  if (archive.is_damaged("data.pkl")) throw DataError("its data.pkl is damaged: a wrong checksum");
  bool swapped = false;
  if (archive.contains("byteorder")) {
    const auto order = text_of(archive.data("byteorder"));
    swapped = order == "big";
    if (!swapped && order != "little")
      throw DataError("byte order " + in_quotes(order) + "; known are 'little' and 'big'");
  }
  TorchPickle pickle(archive.data("data.pkl"));
  const auto root = pickle.run();
  for (const auto& storage : pickle.storages)
    archive.begin_of(storage);  // including those that no named tensor uses
  auto contents = pickle.contents(
      root, [&](const Storage& s) { return archive.begin_of(s); }, swapped);
  check_not_empty(contents);
  return contents;
}

namespace {

/// 0x1950a86a20f9469cfc6c, the number with which the older format begins, in pickle's encoding.
constexpr std::string_view torch_magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);

bool is_big_endian(const TorchPickle& pickle, Ref system) {
  const auto& items = pickle[system].items;
  if (pickle[system].kind == Kind::dict)
    for (std::size_t i = 0; i < items.size(); i += 2)
      if (pickle[items[i]].kind == Kind::text && pickle[items[i]].text == "little_endian")
        return pickle[items[i + 1]].kind == Kind::boolean && pickle[items[i + 1]].integer == 0;
  return false;
}

/// After the pickles: for each key in a list, the number of elements (int64) and the elements.
std::map<std::string_view, std::uint64_t> find_storages(const TorchPickle& pickle, Ref keys,
                                                        std::span<const std::byte> file,
                                                        bool swapped) {
  std::map<std::string_view, const Storage*> known;
  for (const auto& storage : pickle.storages) {
    const auto& first = *known.emplace(storage.key, &storage).first->second;
    if (first.bytes != storage.bytes || first.number != storage.number)
      throw DataError("storage " + in_quotes(storage.key) + " has two sizes or types");
  }
  if (pickle[keys].kind != Kind::list) throw DataError("its list of storages is missing");
  std::map<std::string_view, std::uint64_t> begins;
  std::uint64_t at = pickle.position();
  for (const auto item : pickle[keys].items) {
    const auto key = pickle.text(item);
    const auto found = known.find(key);
    if (found == known.end())
      throw DataError(
          "storage " + in_quotes(key) +
          " does not belong to a tensor, or has numbers of a type that LibTorch does not have");
    const auto& storage = *found->second;
    std::uint64_t count = 0;
    if (file.size() - at < sizeof count)
      throw DataError("it is cut off before storage " + in_quotes(key));
    std::memcpy(&count, file.data() + at, sizeof count);
    if (swapped) count = __builtin_bswap64(count);
    at += sizeof count;
    const std::uint64_t unit = storage.number ? names_of(*storage.number).bytes : 1;
    if (count != storage.bytes / unit)
      throw DataError("storage " + in_quotes(key) + " has " + std::to_string(count) +
                      " elements, and should have " + std::to_string(storage.bytes / unit));
    if (storage.bytes > file.size() - at)
      throw DataError("it is cut off in storage " + in_quotes(key));
    if (!begins.emplace(key, at).second)
      throw DataError("storage " + in_quotes(key) + " is listed twice");
    at += storage.bytes;
  }
  if (at != file.size())
    throw DataError(std::to_string(file.size() - at) +
                    " bytes at the end do not belong to a storage");
  return begins;
}

}  // namespace

Contents read_torch_legacy(std::span<const std::byte> file) {
  TorchPickle pickle(file);
  const auto first = pickle.run();
  if (pickle[first].kind != Kind::bytes || pickle[first].text != torch_magic)
    throw DataError("a pickle that was not written by torch.save()");
  constexpr std::int64_t known_version = 1001;
  if (const auto version = pickle.integer(pickle.run()); version != known_version)
    throw DataError("version " + std::to_string(version) + " of the older format; known is " +
                    std::to_string(known_version));
  const bool swapped = is_big_endian(pickle, pickle.run());
  const auto root = pickle.run();
  const auto keys = pickle.run();
  const auto begins = find_storages(pickle, keys, file, swapped);
  auto contents = pickle.contents(
      root,
      [&](const Storage& storage) {
        const auto found = begins.find(storage.key);
        if (found == begins.end()) throw DataError("it lacks storage " + in_quotes(storage.key));
        return found->second;
      },
      swapped);
  check_not_empty(contents);
  return contents;
}

}  // namespace earshot::kit::checkpoint
