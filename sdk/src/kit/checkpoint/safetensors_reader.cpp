#include <algorithm>
#include <cstring>
#include <set>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>

#include "layout.hpp"

// Format: huggingface/safetensors, README "Format": 8 bytes with the length N of the header (little
// endian), N bytes of JSON beginning with '{', then the tensors' bytes without gap or overlap.
// Headers that leave the tensors unaligned are allowed there, and older files have them.
namespace earshot::kit::checkpoint {

namespace {

using Json = nlohmann::json;
constexpr const char* metadata_name = "__metadata__";

struct Entry {
  Layout layout;
  std::uint64_t end = 0;
};

/// Parses the only structure that a header may have while it is read, so that nothing that a
/// hostile header nests or repeats is ever built.
class SafetensorsHeader : public Json::json_sax_t {
 public:
  std::vector<Entry> entries{};
  std::map<std::string, std::string> text{};

  bool start_object(std::size_t) override {
    if (depth_ == 2 || in_list_) fail("has a misplaced object");
    if (++depth_ == 2) fields_.clear();
    return true;
  }
  bool end_object() override {
    if (--depth_ == 1 && name_ != metadata_name) finish();
    return true;
  }
  bool key(std::string& key) override {
    if (depth_ == 2) {
      if (name_ != metadata_name && key != "dtype" && key != "shape" && key != "data_offsets")
        fail("has the unknown field " + in_quotes(key));
      if (!fields_.insert(key).second) fail("has the field " + in_quotes(key) + " twice");
      field_ = key;
      return true;
    }
    if (key.size() > longest_name)
      throw DataError("its header has a name of " + std::to_string(key.size()) +
                      " bytes; allowed are " + std::to_string(longest_name));
    name_ = key;
    if (!names_.insert(key).second)
      throw DataError("its header names tensor " + in_quotes(name_) + " twice");
    return true;
  }
  bool string(std::string& value) override {
    if (depth_ != 2 || in_list_) fail("is a string");
    if (name_ == metadata_name)
      text[field_] = value;
    else if (field_ == "dtype")
      dtype_ = value;
    else
      fail("has a string as its " + field_);
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_list_ || (field_ != "shape" && field_ != "data_offsets") ||
        name_ == metadata_name)
      fail("has a misplaced list");
    in_list_ = true;
    (field_ == "shape" ? shape_ : offsets_).clear();
    return true;
  }
  bool end_array() override {
    in_list_ = false;
    return true;
  }
  bool number_unsigned(std::uint64_t value) override {
    if (!in_list_) fail("has a misplaced number");
    auto& list = field_ == "shape" ? shape_ : offsets_;
    if (list.size() == most_dimensions)
      fail("has more than " + std::to_string(most_dimensions) + " dimensions");
    list.push_back(value);
    return true;
  }
  bool number_integer(std::int64_t value) override {
    return fail("has the number " + std::to_string(value) + " in its " + field_ +
                "; allowed are 0 and more");
  }
  bool number_float(double, const std::string& value) override {
    return fail("has the number " + in_quotes(value) + " instead of an integer");
  }
  bool null() override { return fail("holds null"); }
  bool boolean(bool) override { return fail("holds true or false"); }
  bool binary(Json::binary_t&) override { return fail("holds bytes"); }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    throw DataError(std::string("its header is not JSON: ") + error.what());
  }

 private:
  [[noreturn]] bool fail(const std::string& what) const {
    throw DataError("its header: tensor " + in_quotes(name_) + " " + what);
  }

  void finish() {
    if (fields_.size() != 3) fail("lacks one of 'dtype', 'shape' and 'data_offsets'");
    Entry entry;
    entry.layout.name = name_;
    const auto numbers = all_numbers();
    const auto number = std::find_if(numbers.begin(), numbers.end(),
                                     [&](const auto& n) { return n.safetensors == dtype_; });
    if (dtype_.empty() || number == numbers.end())
      fail("has numbers of type " + in_quotes(dtype_) + ", which LibTorch does not have");
    entry.layout.number = number->number;
    for (const auto size : shape_)  // a size beyond int64 becomes negative, which is refused below
      entry.layout.shape.push_back(static_cast<std::int64_t>(size));
    std::uint64_t bytes = 0;
    if (!multiply(entry.layout.shape, number->bytes, bytes)) fail("has an impossible shape");
    if (offsets_.size() != 2 || offsets_[0] > offsets_[1])
      fail("has data_offsets that are not a beginning and an end");
    if (offsets_[1] - offsets_[0] != bytes)
      fail("has " + std::to_string(offsets_[1] - offsets_[0]) +
           " bytes, but its shape and type need " + std::to_string(bytes));
    make_contiguous(entry.layout);
    entry.layout.begin = offsets_[0];
    entry.end = offsets_[1];
    entries.push_back(std::move(entry));
    dtype_.clear();
    shape_.clear();
    offsets_.clear();
  }

  int depth_ = 0;
  bool in_list_ = false;
  std::string name_, field_, dtype_;
  std::vector<std::uint64_t> shape_, offsets_;
  std::set<std::string> names_, fields_;
};

void check_offsets(std::vector<Entry>& entries, std::uint64_t bytes) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.layout.begin, a.end) < std::pair(b.layout.begin, b.end);
  });
  std::uint64_t end = 0;
  for (const auto& entry : entries) {
    const auto name = in_quotes(entry.layout.name);
    if (entry.end > bytes)
      throw DataError("tensor " + name + " ends at byte " + std::to_string(entry.end) + " of " +
                      std::to_string(bytes) + ": the file is cut off, or its header is wrong");
    if (entry.layout.begin < end) throw DataError("tensor " + name + " overlaps another");
    if (entry.layout.begin > end)
      throw DataError("there is a gap of " + std::to_string(entry.layout.begin - end) +
                      " bytes before tensor " + name);
    end = entry.end;
  }
  if (end != bytes)
    throw DataError(std::to_string(bytes - end) + " bytes at the end do not belong to a tensor");
}

}  // namespace

Contents read_safetensors(std::span<const std::byte> file, std::uint64_t longest) {
  std::uint64_t length = 0;
  if (file.size() < sizeof length)
    throw DataError("too short for a safetensors file (" + std::to_string(file.size()) + " bytes)");
  std::memcpy(&length, file.data(), sizeof length);
  const auto rest = file.subspan(sizeof length);
  if (length > longest || length > rest.size())
    throw DataError("not a safetensors or PyTorch file, or cut off: a header of " +
                    std::to_string(length) + " bytes in a file of " + std::to_string(file.size()));
  const auto* text = reinterpret_cast<const char*>(rest.data());
  if (length == 0 || *text != '{')
    throw DataError("not a safetensors or PyTorch file: its header does not begin with '{'");

  SafetensorsHeader header;
  Json::sax_parse(text, text + length, &header);
  const auto data = rest.subspan(static_cast<std::size_t>(length));
  check_offsets(header.entries, data.size());

  Contents contents;
  contents.text = std::move(header.text);
  for (auto& entry : header.entries) {
    entry.layout.begin += sizeof length + length;
    contents.tensors.push_back(std::move(entry.layout));
  }
  return contents;
}

}  // namespace earshot::kit::checkpoint
