#include "torch_pickle.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <earshot/error.hpp>

namespace earshot::kit::checkpoint {

namespace {

constexpr const char* plain_only =
    "; a checkpoint may contain tensors, plain containers and objects of classes. Nothing was "
    "executed. If you trust the file, save only model.state_dict(), or save it as safetensors";

/// Modules with access to the system; their classes are refused, too. Calls of functions are
/// refused in any module.
constexpr std::array<std::string_view, 11> refused_modules{
    "os",     "posix",  "nt",    "subprocess", "sys",   "pty",
    "socket", "shutil", "runpy", "importlib",  "ctypes"};

/// Those of Python's builtins that are data.
constexpr std::array<std::string_view, 17> harmless_builtins{
    "set",   "frozenset", "list",    "dict",  "tuple", "int",    "float", "bool",   "str",
    "bytes", "bytearray", "complex", "slice", "range", "object", "long",  "unicode"};

/// Functions, and classes written like functions, that pickles of plain data call.
constexpr std::array<std::string_view, 23> harmless_functions{
    "_codecs.encode",
    "collections.deque",
    "copyreg._reconstructor",
    "copy_reg._reconstructor",
    "datetime.date",
    "datetime.datetime",
    "datetime.time",
    "datetime.timedelta",
    "datetime.timezone",
    "functools.partial",
    "numpy.dtype",
    "numpy.ndarray",
    "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray.scalar",
    "numpy._core.numeric._frombuffer",
    "numpy.core.numeric._frombuffer",
    "numpy.random._pickle.__randomstate_ctor",
    "numpy.random._pickle.__generator_ctor",
    "numpy.random._pickle.__bit_generator_ctor",
    "torch.device",
    "torch.serialization._get_layout"};

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_builtin(const Value& global) {
  return global.module == "builtins" || global.module == "__builtin__";
}

bool is_dictionary(const Value& global) {
  return global.module == "collections" &&
         (global.text == "OrderedDict" || global.text == "defaultdict" || global.text == "Counter");
}

/// PEP 8: classes are written CapWords, functions lower_case.
bool is_class_name(std::string_view name) {
  if (const auto dot = name.rfind('.'); dot != std::string_view::npos) name.remove_prefix(dot + 1);
  while (name.starts_with('_'))
    name.remove_prefix(1);
  return !name.empty() && name.front() >= 'A' && name.front() <= 'Z';
}

[[noreturn]] void refuse_call(const Value& global) {
  throw DataError("its pickle calls " + in_quotes(full_name(global)) + plain_only);
}

std::optional<Number> number_named(std::string_view NumberNames::*field, std::string_view name) {
  for (const auto& number : all_numbers())
    if (!name.empty() && number.*field == name) return number.number;
  return std::nullopt;
}

std::vector<std::int64_t> sizes(const TorchPickle& pickle, Ref tuple) {
  std::vector<std::int64_t> values;
  for (const auto item : pickle.tuple(tuple))
    values.push_back(pickle.integer(item));
  return values;
}

/// Elements from the first to the last; false if a size or stride is impossible.
bool find_extent(Layout& layout) {
  if (layout.strides.size() != layout.shape.size() || layout.shape.size() > most_dimensions)
    return false;
  std::uint64_t bytes = 0;
  if (!multiply(layout.shape, names_of(layout.number).bytes, bytes)) return false;
  std::int64_t last = 0;
  for (std::size_t d = 0; d < layout.shape.size(); ++d) {
    std::int64_t reach = 0;
    if (layout.strides[d] < 0 ||
        (layout.shape[d] > 0 &&
         (__builtin_mul_overflow(layout.shape[d] - 1, layout.strides[d], &reach) ||
          __builtin_add_overflow(last, reach, &last))))
      return false;
  }
  layout.extent = bytes == 0 ? 0 : static_cast<std::uint64_t>(last) + 1;
  return true;
}

}  // namespace

void TorchPickle::check_global(const Value& global) {
  const auto root = global.module.substr(0, global.module.find('.'));
  if (global.module.size() + global.text.size() > longest_name || among(refused_modules, root) ||
      (is_builtin(global) && !among(harmless_builtins, global.text)))
    throw DataError("its pickle names " + in_quotes(full_name(global)) + plain_only);
}

Ref TorchPickle::opaque(const Value& type) {
  Value value;
  value.kind = Kind::object;
  value.module = type.module;
  value.text = type.text;
  return add(std::move(value));
}

/// OrderedDict([[key, value], ...]) in files of Python 2; defaultdict(list); Counter({...}).
Ref TorchPickle::dictionary(const std::vector<Ref>& arguments) {
  Value value;
  value.kind = Kind::dict;
  for (const auto argument : arguments) {
    spend((*this)[argument].items.size() * sizeof(Ref));
    if ((*this)[argument].kind == Kind::dict) value.items = (*this)[argument].items;
    if ((*this)[argument].kind != Kind::list) continue;
    for (const auto pair : (*this)[argument].items) {
      const auto& items = (*this)[pair].items;
      if (items.size() != 2)
        throw DataError("a damaged pickle: a dictionary that is not made of pairs");
      value.items.insert(value.items.end(), items.begin(), items.end());
    }
  }
  return add(std::move(value));
}

Ref TorchPickle::construct(Ref type) {
  const auto& global = (*this)[type];
  if (global.kind != Kind::global)
    throw DataError("a damaged pickle: it makes an object of something that is not a class");
  return is_dictionary(global) ? dictionary({}) : opaque(global);
}

Ref TorchPickle::call(Ref callable, Ref arguments) {
  const auto& global = (*this)[callable];
  if (global.kind != Kind::global)
    throw DataError("its pickle calls something that is not a name" + std::string(plain_only));
  const auto& items = tuple(arguments);
  const auto name = full_name(global);
  if (global.module == "torch._utils" || global.module == "torch._tensor") {
    if (global.text == "_rebuild_tensor_v2" || global.text == "_rebuild_tensor")
      return tensor(items, std::nullopt);
    if (global.text == "_rebuild_tensor_v3" && items.size() > 6) {
      const auto number = number_named(&NumberNames::torch, (*this)[items[6]].text);
      return number ? tensor(items, number) : opaque(global);
    }
    if (global.text.starts_with("_rebuild_parameter") && !items.empty()) return items[0];
    // (function, type, arguments, state) of a subclass of Tensor, or of a tensor with attributes
    if (global.text == "_rebuild_from_type_v2" && items.size() >= 3 &&
        (*this)[items[0]].text != "_rebuild_from_type_v2")
      return call(items[0], items[2]);
    if (global.text.starts_with("_rebuild_")) return opaque(global);  // quantised, sparse, ...
  }
  if (is_dictionary(global)) return dictionary(items);
  if (!is_builtin(global) && !is_class_name(global.text) && !among(harmless_functions, name))
    refuse_call(global);
  return opaque(global);
}

Ref TorchPickle::persistent(Ref id) {
  const auto& items = tuple(id);
  if (!items.empty() && (*this)[items[0]].kind == Kind::text) {
    const auto kind = text(items[0]);
    if (kind == "storage" && items.size() >= 5) return storage(items);
    if (kind == "module" && items.size() >= 2) return items[1];  // a class with its source code
  }
  throw DataError("a damaged pickle: an unknown kind of persistent id");
}

/// ("storage", type, key, device, size), and in the older format (view's key, offset, size) or
/// None.
Ref TorchPickle::storage(const std::vector<Ref>& id) {
  const auto& type = (*this)[id[1]];
  if (type.kind != Kind::global) throw DataError("a damaged pickle: a storage without a type");
  const bool torch =
      type.module == "torch" || type.module == "torch.cuda" || type.module == "torch.storage";
  Storage storage;
  storage.key = text(id[2]);
  storage.number = number_named(&NumberNames::storage, type.text);
  if (!torch || (!storage.number && type.text != "UntypedStorage"))
    return opaque(type);  // numbers that LibTorch lacks, or quantised ones
  const std::int64_t unit = storage.number ? names_of(*storage.number).bytes : 1;
  const auto in_bytes = [&](Ref count) {
    std::int64_t bytes = integer(count);
    if (bytes < 0 || __builtin_mul_overflow(bytes, unit, &bytes))
      throw DataError("storage " + in_quotes(storage.key) + " has an impossible size");
    return static_cast<std::uint64_t>(bytes);
  };
  storage.bytes = storage.view_bytes = in_bytes(id[4]);
  if (id.size() > 5 && (*this)[id[5]].kind != Kind::none) {
    const auto& view = tuple(id[5]);
    if (view.size() != 3) throw DataError("a damaged pickle: a view of a storage has three parts");
    storage.view_begin = in_bytes(view[1]);
    storage.view_bytes = in_bytes(view[2]);
    if (storage.view_begin > storage.bytes ||
        storage.view_bytes > storage.bytes - storage.view_begin)
      throw DataError("a view reaches beyond storage " + in_quotes(storage.key));
  }
  Value value;
  value.kind = Kind::storage;
  value.integer = static_cast<std::int64_t>(storages.size());
  storages.push_back(storage);
  return add(std::move(value));
}

/// (storage, offset, size, stride, ...)
Ref TorchPickle::tensor(const std::vector<Ref>& arguments, std::optional<Number> number) {
  if (arguments.size() < 4) throw DataError("a damaged pickle: a tensor lacks its shape");
  const auto& base = (*this)[arguments[0]];
  if (base.kind == Kind::object) return opaque(base);
  if (base.kind != Kind::storage) throw DataError("a damaged pickle: a tensor lacks its storage");
  TensorView view;
  view.storage = static_cast<std::size_t>(base.integer);
  const auto& storage = storages[view.storage];
  if (!number) number = storage.number;
  const auto what = "a tensor in storage " + in_quotes(storage.key);
  if (!number) throw DataError(what + " does not give its number type");
  view.layout.number = *number;
  view.layout.shape = sizes(*this, arguments[2]);
  view.layout.strides = sizes(*this, arguments[3]);
  const std::int64_t unit = names_of(*number).bytes;
  std::int64_t offset = integer(arguments[1]), bytes = 0;
  if (offset < 0 || __builtin_mul_overflow(offset, unit, &offset) || !find_extent(view.layout) ||
      __builtin_mul_overflow(static_cast<std::int64_t>(view.layout.extent), unit, &bytes))
    throw DataError(what + " has an impossible shape, stride or offset");
  const auto begin = static_cast<std::uint64_t>(offset);
  if (bytes > 0 && (begin > storage.view_bytes ||
                    static_cast<std::uint64_t>(bytes) > storage.view_bytes - begin))
    throw DataError(what + " reaches to byte " +
                    std::to_string(begin + static_cast<std::uint64_t>(bytes)) + " of " +
                    std::to_string(storage.view_bytes));
  // A view may repeat numbers (stride 0), but no model needs a view that is huge for that reason
  // alone.
  constexpr std::uint64_t most_repeated = 64 << 20;
  if (std::uint64_t all = 0; multiply(view.layout.shape, static_cast<std::uint64_t>(unit), all) &&
                             all > std::max(storage.bytes, most_repeated))
    throw DataError(what + " has " + std::to_string(all) + " bytes, made from " +
                    std::to_string(storage.bytes) + " by repeating");
  view.offset_bytes = storage.view_begin + begin;

  Value value;
  value.kind = Kind::tensor;
  value.integer = static_cast<std::int64_t>(tensors.size());
  tensors.push_back(std::move(view));
  return add(std::move(value));
}

void TorchPickle::spend(std::size_t bytes) {
  constexpr std::size_t most = 256'000'000;
  spent_ += bytes + 32;
  if (spent_ > most) throw DataError("its pickle repeats itself excessively");
}

namespace {

/// A scalar as text; empty if it is not a scalar, or long.
std::string scalar_text(const Value& value) {
  constexpr std::size_t longest_text = 1000;
  switch (value.kind) {
    case Kind::boolean:
      return value.integer != 0 ? "true" : "false";
    case Kind::integer:
      return std::to_string(value.integer);
    case Kind::real: {
      std::array<char, 32> digits{};
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value.real).ptr;
      return {digits.data(), end};
    }
    case Kind::text:
      return value.text.size() <= longest_text ? std::string(value.text) : "";
    default:
      return "";
  }
}

}  // namespace

void TorchPickle::walk(Ref ref, const std::string& name, int depth, Contents& found) {
  constexpr int deepest = 64;
  if (depth > deepest)
    throw DataError("its containers are nested deeper than " + std::to_string(deepest));
  if (name.size() > longest_name)
    throw DataError("it has a name of " + std::to_string(name.size()) + " bytes; allowed are " +
                    std::to_string(longest_name));
  spend(name.size());
  const auto& value = (*this)[ref];
  const auto prefix = name.empty() ? "" : name + ".";
  if (value.kind == Kind::tensor) {
    const auto index = static_cast<std::size_t>(value.integer);
    auto layout = tensors[index].layout;
    layout.name = name.empty() ? "tensor" : name;
    layout.begin = index;
    spend(layout.shape.size() * 2 * sizeof(std::int64_t) + sizeof layout);
    found.tensors.push_back(std::move(layout));
  } else if (value.kind == Kind::object) {
    found.skipped.push_back((name.empty() ? "the file's value" : name) + " (" + full_name(value) +
                            ")");
  } else if (value.kind == Kind::list || value.kind == Kind::tuple) {
    for (std::size_t i = 0; i < value.items.size(); ++i)
      walk(value.items[i], prefix + std::to_string(i), depth + 1, found);
  } else if (value.kind == Kind::dict) {
    for (std::size_t i = 0; i < value.items.size(); i += 2) {
      const auto& key = (*this)[value.items[i]];
      spend(0);
      if (key.kind != Kind::text && key.kind != Kind::integer) continue;  // it cannot be named
      const auto member =
          prefix + (key.kind == Kind::text ? std::string(key.text) : std::to_string(key.integer));
      walk(value.items[i + 1], member, depth + 1, found);
      const auto scalar = scalar_text((*this)[value.items[i + 1]]);
      spend(scalar.size());
      if (!scalar.empty()) found.text[member] = scalar;
    }
  }
}

}  // namespace earshot::kit::checkpoint
