#include <algorithm>
#include <charconv>
#include <set>

#include <earshot/error.hpp>

#include "layout.hpp"
#include "npy_types.hpp"

// Format: NumPy, NEP 1 and numpy/lib/format.py: "\x93NUMPY", major and minor version, the length of
// the header (2 bytes little endian in version 1, else 4), and the header: a Python dictionary with
// 'descr', 'fortran_order' and 'shape', in ASCII or (version 3) UTF-8. Then the numbers.
namespace earshot::kit::checkpoint {

namespace {

constexpr std::string_view npy_magic = "\x93NUMPY";
constexpr std::size_t longest_header = 1 << 16;  // numpy.load refuses more than 10,000 bytes

/// Parses the subset of Python literals that numpy.save writes.
class NpyHeader {
 public:
  explicit NpyHeader(std::string_view text) : rest_(text) { read(); }

  std::string type{};
  bool columns = false;
  std::vector<std::int64_t> shape{};

 private:
  [[noreturn]] static void fail(const std::string& what) { throw DataError("its header " + what); }

  bool take(std::string_view word) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void need(std::string_view word) {
    if (!take(word))
      fail("is not a dictionary as written by NumPy: expected " + in_quotes(word) + " before " +
           in_quotes(rest_.substr(0, 20)));
  }

  std::string text() {
    const auto quote = take("'") ? '\'' : '"';
    if (quote == '"') need("\"");
    const auto end = rest_.find(quote);
    if (end == std::string_view::npos) fail("has an unterminated string");
    std::string result(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return result;
  }

  std::int64_t size() {
    take("");  // blanks
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < 0)
      fail("has an invalid size in its shape: " + in_quotes(rest_.substr(0, 20)));
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    take("L");  // Python 2
    return value;
  }

  void read_shape() {
    need("(");
    while (!take(")")) {
      if (shape.size() == most_dimensions)
        fail("has more than " + std::to_string(most_dimensions) + " dimensions");
      shape.push_back(size());
      if (!take(",")) {
        need(")");
        break;
      }
    }
  }

  void read_entry(const std::string& key) {
    if (key == "descr") {
      if (take("[")) throw DataError("holds records; allowed are plain numbers");
      type = text();
    } else if (key == "fortran_order") {
      columns = take("True");
      if (!columns) need("False");
    } else if (key == "shape") {
      read_shape();
    } else {
      fail("has the unknown key " + in_quotes(key));
    }
  }

  void read() {
    std::set<std::string> keys;
    need("{");
    while (!take("}")) {
      const auto key = text();
      if (!keys.insert(key).second) fail("has the key " + in_quotes(key) + " twice");
      need(":");
      read_entry(key);
      if (!take(",")) {
        need("}");
        break;
      }
    }
    take("");
    if (!rest_.empty()) fail("continues after its dictionary");
    if (keys.size() != 3) fail("lacks one of 'descr', 'fortran_order' and 'shape'");
  }

  std::string_view rest_;
};

/// "<f4": byte order ('<' little, '>' big, '=' the machine's, '|' for single bytes) and type.
void set_type(Layout& layout, const std::string& type) {
  const auto order = type.empty() ? '?' : type[0];
  const auto name = type.substr(std::min<std::size_t>(1, type.size()));
  if (name.starts_with('O'))
    throw DataError(
        "holds pickled Python objects, which only Python can read; allowed are plain numbers. Save "
        "arrays of unequal length in separate files");
  const auto numbers = npy_types();
  const auto found = std::find_if(numbers.begin(), numbers.end(),
                                  [&](const NpyType& known) { return known.name == name; });
  const auto one_byte = found != numbers.end() && names_of(found->number).bytes == 1;
  if (found == numbers.end() || std::string_view("<>=|").find(order) == std::string_view::npos ||
      (order == '|' && !one_byte))
    throw DataError("holds values of type " + in_quotes(type) +
                    "; allowed are booleans and numbers of up to 16 bytes");
  layout.number = found->number;
  layout.swapped = order == '>' && !one_byte;
}

void make_columns(Layout& layout) {
  std::int64_t stride = 1;
  for (std::size_t d = 0; d < layout.shape.size(); ++d) {
    layout.strides[d] = stride;
    stride *= std::max<std::int64_t>(layout.shape[d], 1);
  }
}

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

}  // namespace

Contents read_npy(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with(npy_magic))
    throw DataError("is not a .npy file: it does not begin like one");
  const auto version = text.size() > 8 ? static_cast<unsigned char>(text[6]) : 0;
  const std::size_t width = version == 1 ? 2 : 4, begin = 8 + width;
  if (version < 1 || version > 3 || file.size() < begin)
    throw DataError("is a .npy file of version " + std::to_string(version) +
                    ", or cut off; allowed are 1 to 3");
  const auto length = little_endian(file.subspan(8, width));
  if (length > longest_header || length > file.size() - begin)
    throw DataError("its header has " + std::to_string(length) + " bytes, but the file has " +
                    std::to_string(file.size()) + ": cut off, or not a .npy file");
  const NpyHeader header(text.substr(begin, static_cast<std::size_t>(length)));

  Contents contents;
  auto& layout = contents.tensors.emplace_back();
  layout.name = "array";
  set_type(layout, header.type);
  layout.shape = header.shape;
  layout.begin = begin + length;
  std::uint64_t bytes = 0;
  if (!multiply(layout.shape, names_of(layout.number).bytes, bytes))
    throw DataError("its header has an impossible shape");
  make_contiguous(layout);
  if (header.columns) make_columns(layout);
  const auto there = file.size() - static_cast<std::size_t>(layout.begin);
  if (there != bytes)
    throw DataError("its shape and type need " + std::to_string(bytes) + " bytes, but " +
                    std::to_string(there) + " are present: " +
                    (there < bytes ? "it is cut off" : "it holds more than one array"));
  return contents;
}

}  // namespace earshot::kit::checkpoint
