#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace earshot::kit::checkpoint {

enum class Kind : std::uint8_t {
  none,
  boolean,
  integer,
  real,
  text,
  bytes,
  list,
  tuple,
  dict,
  set,
  global,   ///< a name in a Python module; never looked up
  object,   ///< the result of calling a class or function; its arguments are forgotten
  storage,  ///< `integer` is the index of what the caller keeps for it
  tensor,   ///< likewise
};

using Ref = std::uint32_t;  // values may refer to each other in any way, including cycles

struct Value {
  Kind kind = Kind::none;
  std::int64_t integer = 0;  ///< integer, boolean, or an index
  double real = 0;
  std::string_view text{};    ///< text, bytes; the name of a global or of an object's class
  std::string_view module{};  ///< of a global or of an object's class
  std::vector<Ref> items{};   ///< elements; of a dict: key, value, key, value ...
};

/// "torch._utils._rebuild_tensor_v2"
std::string full_name(const Value& global);

/// The virtual machine that executes pickles (CPython, Lib/pickletools.py, protocols 0 to 5),
/// without its power: a global remains a name, and calls are resolved by the derived class, so that
/// nothing is imported or executed. Strings are views of the pickle. Every step consumes at least a
/// byte of the pickle, and values are counted: time and memory are bounded.
class Unpickler {
 public:
  explicit Unpickler(std::span<const std::byte> pickle) : bytes_(pickle) {}
  virtual ~Unpickler() = default;
  Unpickler(const Unpickler&) = delete;
  Unpickler& operator=(const Unpickler&) = delete;

  /// Runs to the first STOP: one pickle, whose value is returned.
  /// @throws DataError for anything that is not a pickle of plain data; accepts arbitrary bytes.
  Ref run();

  /// Where the last pickle ended; the next run() continues there.
  std::size_t position() const { return position_; }

  const Value& operator[](Ref value) const { return values_[value]; }
  std::string_view text(Ref value) const;          ///< @throws DataError if it is not text
  std::int64_t integer(Ref value) const;           ///< likewise
  const std::vector<Ref>& tuple(Ref value) const;  ///< likewise

 protected:
  Ref add(Value value);

  /// A persistent id: PyTorch's way to refer to a storage.
  virtual Ref persistent(Ref id) = 0;
  /// Called for each name that the pickle mentions; throw to refuse it.
  virtual void check_global(const Value& global) = 0;
  /// `callable(*arguments)`, by REDUCE; or a new object of a class, by NEWOBJ.
  virtual Ref call(Ref callable, Ref arguments) = 0;
  virtual Ref construct(Ref type) = 0;

 private:
  bool step(std::uint8_t opcode);  // these return whether they know the opcode
  bool number(std::uint8_t opcode);
  bool string(std::uint8_t opcode);
  bool container(std::uint8_t opcode);
  bool memo(std::uint8_t opcode);
  bool object(std::uint8_t opcode);

  template <class T>
  T read();
  std::string_view take(std::uint64_t bytes);
  std::string_view line();

  Ref pop();
  std::vector<Ref> pop_to_mark();
  void push(Value value) { stack_.push_back(add(std::move(value))); }
  void push_list(Kind kind, std::vector<Ref> items);
  void push_text(Kind kind, std::string_view text);
  void push_integer(std::string_view little_endian);
  void push_global(std::string_view module, std::string_view name);
  void extend(Kind kind, const std::vector<Ref>& items);
  void put(std::uint32_t index);
  void get(std::uint32_t index);

  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  std::deque<Value> values_{};  // references stay valid when one is added
  std::vector<Ref> stack_{};
  std::vector<std::size_t> marks_{};
  std::unordered_map<std::uint32_t, Ref> memo_{};
};

}  // namespace earshot::kit::checkpoint
