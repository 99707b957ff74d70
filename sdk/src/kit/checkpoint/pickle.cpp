#include "pickle.hpp"

#include <bit>
#include <charconv>
#include <cstring>
#include <type_traits>

#include <earshot/error.hpp>

#include "layout.hpp"

namespace earshot::kit::checkpoint {

namespace {

constexpr std::size_t most_values = 4'000'000;  // a training state with 10,000 tensors has 300,000
constexpr std::size_t most_marks = 10'000;      // containers that are open at the same time

[[noreturn]] void damaged_pickle(const std::string& what) {
  throw DataError("a damaged pickle: " + what);
}

template <class T>
T parse(std::string_view text) {
  T value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size())
    damaged_pickle(in_quotes(text) + " is not a number");
  return value;
}

}  // namespace

std::string full_name(const Value& global) {
  return std::string(global.module) + "." + std::string(global.text);
}

Ref Unpickler::run() {
  stack_.clear();
  marks_.clear();
  memo_.clear();
  for (;;) {
    const auto opcode = read<std::uint8_t>();
    if (opcode == '.') {
      const auto result = pop();
      if (!stack_.empty() || !marks_.empty()) damaged_pickle("it ends with values left over");
      return result;
    }
    if (!step(opcode))
      damaged_pickle("its byte " + std::to_string(position_ - 1) + " is the opcode " +
                     std::to_string(opcode) + ", which checkpoints of plain data do not need");
  }
}

std::string_view Unpickler::text(Ref value) const {
  if (values_[value].kind != Kind::text) damaged_pickle("another value instead of a string");
  return values_[value].text;
}

std::int64_t Unpickler::integer(Ref value) const {
  if (values_[value].kind != Kind::integer) damaged_pickle("another value instead of an integer");
  return values_[value].integer;
}

const std::vector<Ref>& Unpickler::tuple(Ref value) const {
  if (values_[value].kind != Kind::tuple) damaged_pickle("another value instead of a tuple");
  return values_[value].items;
}

Ref Unpickler::add(Value value) {
  if (values_.size() == most_values)
    throw DataError("its pickle has more than " + std::to_string(most_values) +
                    " values; save only the weights: model.state_dict()");
  values_.push_back(std::move(value));
  return static_cast<Ref>(values_.size() - 1);
}

template <class T>
T Unpickler::read() {
  T value{};
  std::memcpy(&value, take(sizeof value).data(), sizeof value);
  return value;
}

std::string_view Unpickler::take(std::uint64_t bytes) {
  if (bytes > bytes_.size() - position_)
    damaged_pickle("it is cut off, or has a string beyond its end (" + std::to_string(bytes) +
                   " bytes at byte " + std::to_string(position_) + " of " +
                   std::to_string(bytes_.size()) + ")");
  const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + position_;
  position_ += static_cast<std::size_t>(bytes);
  return {begin, static_cast<std::size_t>(bytes)};
}

std::string_view Unpickler::line() {
  const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + position_,
                              bytes_.size() - position_);
  const auto length = rest.find('\n');
  if (length == std::string_view::npos) damaged_pickle("a line without its end");
  return take(length + 1).substr(0, length);
}

Ref Unpickler::pop() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()))
    damaged_pickle("it pops a value that does not exist");
  const auto top = stack_.back();
  stack_.pop_back();
  return top;
}

std::vector<Ref> Unpickler::pop_to_mark() {
  if (marks_.empty()) damaged_pickle("it pops a mark that does not exist");
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<Ref> items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return items;
}

void Unpickler::push_list(Kind kind, std::vector<Ref> items) {
  if (kind == Kind::dict && items.size() % 2 != 0) damaged_pickle("a key without its value");
  Value value;
  value.kind = kind;
  value.items = std::move(items);
  push(std::move(value));
}

void Unpickler::push_text(Kind kind, std::string_view text) {
  Value value;
  value.kind = kind;
  value.text = text;
  push(std::move(value));
}

void Unpickler::push_integer(std::string_view little_endian) {
  if (little_endian.size() > sizeof(std::int64_t)) {
    push_text(Kind::bytes, little_endian);  // a long integer, such as PyTorch's magic number
    return;
  }
  Value value;
  value.kind = Kind::integer;
  const bool negative = !little_endian.empty() && (little_endian.back() & 0x80) != 0;
  value.integer = negative ? -1 : 0;
  if (!little_endian.empty())
    std::memcpy(&value.integer, little_endian.data(), little_endian.size());
  push(std::move(value));
}

void Unpickler::push_global(std::string_view module, std::string_view name) {
  Value value;
  value.kind = Kind::global;
  value.module = module;
  value.text = name;
  check_global(value);
  push(std::move(value));
}

void Unpickler::extend(Kind kind, const std::vector<Ref>& items) {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) damaged_pickle("nothing to add to");
  auto& target = values_[stack_.back()];
  if (target.kind == Kind::object) return;  // a subclass of an unknown container
  if (target.kind != kind)
    damaged_pickle("it adds elements to something that is not a container of that kind");
  if (kind == Kind::dict && items.size() % 2 != 0) damaged_pickle("a key without its value");
  target.items.insert(target.items.end(), items.begin(), items.end());
}

void Unpickler::put(std::uint32_t index) {
  const auto top = pop();
  stack_.push_back(top);
  memo_[index] = top;
  if (memo_.size() > most_values) damaged_pickle("it stores more values than allowed");
}

void Unpickler::get(std::uint32_t index) {
  const auto found = memo_.find(index);
  if (found == memo_.end()) damaged_pickle("it recalls a value that it never stored");
  stack_.push_back(found->second);
}

bool Unpickler::step(std::uint8_t opcode) {
  switch (opcode) {
    case 0x80:  // PROTO
      if (const auto protocol = read<std::uint8_t>(); protocol > 5)
        damaged_pickle("protocol " + std::to_string(protocol) + "; known are 0 to 5");
      return true;
    case 0x95:
      return read<std::uint64_t>(), true;  // FRAME: a hint
    case '(':
      if (marks_.size() == most_marks) damaged_pickle("its containers are nested too deeply");
      marks_.push_back(stack_.size());
      return true;
    case '0':
      return pop(), true;
    case '1':
      return pop_to_mark(), true;
    case '2': {  // DUP
      const auto top = pop();
      stack_.insert(stack_.end(), 2, top);
      return true;
    }
    default:
      return number(opcode) || string(opcode) || container(opcode) || memo(opcode) ||
             object(opcode);
  }
}

bool Unpickler::number(std::uint8_t opcode) {
  Value value;
  value.kind = Kind::integer;
  switch (opcode) {
    case 'N':
      value.kind = Kind::none;
      break;
    case 0x88:  // NEWTRUE, NEWFALSE
    case 0x89:
      value.kind = Kind::boolean;
      value.integer = opcode == 0x88 ? 1 : 0;
      break;
    case 'J':
      value.integer = read<std::int32_t>();
      break;
    case 'K':
      value.integer = read<std::uint8_t>();
      break;
    case 'M':
      value.integer = read<std::uint16_t>();
      break;
    case 0x8a:
      return push_integer(take(read<std::uint8_t>())), true;
    case 0x8b:
      return push_integer(take(read<std::uint32_t>())), true;
    case 'I':  // protocol 0, where I00 and I01 are False and True
      if (const auto digits = line(); digits == "00" || digits == "01") {
        value.kind = Kind::boolean;
        value.integer = digits == "01" ? 1 : 0;
      } else {
        value.integer = parse<std::int64_t>(digits);
      }
      break;
    case 'L': {
      auto digits = line();
      if (digits.ends_with('L')) digits.remove_suffix(1);
      value.integer = parse<std::int64_t>(digits);
      break;
    }
    case 'F':
      value.kind = Kind::real;
      value.real = parse<double>(line());
      break;
    case 'G':  // big-endian, unlike all others
      value.kind = Kind::real;
      value.real = std::bit_cast<double>(__builtin_bswap64(read<std::uint64_t>()));
      break;
    default:
      return false;
  }
  push(std::move(value));
  return true;
}

bool Unpickler::string(std::uint8_t opcode) {
  switch (opcode) {
    case 'X':
      return push_text(Kind::text, take(read<std::uint32_t>())), true;
    case 0x8c:
      return push_text(Kind::text, take(read<std::uint8_t>())), true;
    case 0x8d:
      return push_text(Kind::text, take(read<std::uint64_t>())), true;
    case 'T':
      return push_text(Kind::text, take(read<std::uint32_t>())), true;  // Python 2
    case 'U':
      return push_text(Kind::text, take(read<std::uint8_t>())), true;
    case 'B':
      return push_text(Kind::bytes, take(read<std::uint32_t>())), true;
    case 'C':
      return push_text(Kind::bytes, take(read<std::uint8_t>())), true;
    case 0x8e:
    case 0x96:
      return push_text(Kind::bytes, take(read<std::uint64_t>())), true;
    default:
      return false;
  }
}

bool Unpickler::container(std::uint8_t opcode) {
  switch (opcode) {
    case ')':
      return push_list(Kind::tuple, {}), true;
    case ']':
      return push_list(Kind::list, {}), true;
    case '}':
      return push_list(Kind::dict, {}), true;
    case 0x8f:
      return push_list(Kind::set, {}), true;
    case 't':
      return push_list(Kind::tuple, pop_to_mark()), true;
    case 'l':
      return push_list(Kind::list, pop_to_mark()), true;
    case 'd':
      return push_list(Kind::dict, pop_to_mark()), true;
    case 0x91:
      return push_list(Kind::set, pop_to_mark()), true;
    case 0x85:  // TUPLE1, 2, 3
    case 0x86:
    case 0x87: {
      std::vector<Ref> items(opcode - 0x84U);
      for (std::size_t i = items.size(); i-- > 0;)
        items[i] = pop();
      return push_list(Kind::tuple, std::move(items)), true;
    }
    case 'a': {
      const auto item = pop();
      return extend(Kind::list, {item}), true;
    }
    case 's': {
      const auto value = pop();
      const auto key = pop();
      return extend(Kind::dict, {key, value}), true;
    }
    case 'e': {
      const auto items = pop_to_mark();
      return extend(Kind::list, items), true;
    }
    case 'u': {
      const auto items = pop_to_mark();
      return extend(Kind::dict, items), true;
    }
    case 0x90: {
      const auto items = pop_to_mark();
      return extend(Kind::set, items), true;
    }
    default:
      return false;
  }
}

bool Unpickler::memo(std::uint8_t opcode) {
  switch (opcode) {
    case 'q':
      return put(read<std::uint8_t>()), true;
    case 'r':
      return put(read<std::uint32_t>()), true;
    case 'p':
      return put(parse<std::uint32_t>(line())), true;
    case 0x94:
      return put(static_cast<std::uint32_t>(memo_.size())), true;
    case 'h':
      return get(read<std::uint8_t>()), true;
    case 'j':
      return get(read<std::uint32_t>()), true;
    case 'g':
      return get(parse<std::uint32_t>(line())), true;
    default:
      return false;
  }
}

bool Unpickler::object(std::uint8_t opcode) {
  switch (opcode) {
    case 'c': {
      const auto module = line();
      return push_global(module, line()), true;
    }
    case 0x93: {
      const auto name = text(pop());
      return push_global(text(pop()), name), true;
    }
    case 'R': {
      const auto arguments = pop();
      return stack_.push_back(call(pop(), arguments)), true;
    }
    case 0x92:
      pop();
      [[fallthrough]];  // NEWOBJ_EX: keyword arguments
    case 0x81:
      pop();
      return stack_.push_back(construct(pop())), true;
    case 'b': {  // BUILD: the state of an object that is not kept
      pop();
      const auto top = pop();
      const auto kind = values_[top].kind;
      if (kind != Kind::object && kind != Kind::dict && kind != Kind::tensor)
        damaged_pickle("it assigns a state to a plain value");
      return stack_.push_back(top), true;
    }
    case 'Q':
      return stack_.push_back(persistent(pop())), true;
    default:
      return false;
  }
}

}  // namespace earshot::kit::checkpoint
