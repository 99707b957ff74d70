#pragma once
#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/json.hpp"

// Structs that are sent as JSON objects. After a struct,
//
//   EARSHOT_FIELDS(Progress, done, total)
//
// gives it to_json(), from_json() and each_field(), with the names of its members. Reading an
// object that lacks a field, or has a field of another type, throws a ProtocolError that names the
// field. An empty std::optional is omitted; an empty OrNull is null. Unknown fields are ignored, so
// that one side may send more than the other knows.
//
// EARSHOT_FIELDS_OR_DEFAULTS is for structs that people and tests write by hand or that are kept in
// files: a missing field keeps its default. EARSHOT_JSON is for a struct with
// its own each_field().
//
// These declare to_json() and from_json(). One .cpp file defines them,
//
//   EARSHOT_JSON_DEFINITIONS(Progress, Files)
//
// since every file that instantiates them takes seconds longer to compile.

namespace earshot::protocol {

/// An invalid field, such as "dataset.component.plugin", and the reason.
struct FieldError : ProtocolError {
  FieldError(std::string at, const std::string& why)
      : ProtocolError("field '" + at + "': " + why), path(std::move(at)), reason(why) {}
  std::string path, reason;
};

/// A value, or null.
template <class T>
struct OrNull : std::optional<T> {
  using std::optional<T>::optional;
};

template <class T>
void to_json(Json& json, const OrNull<T>& value) {
  json = value ? Json(*value) : Json();
}

template <class T>
void from_json(const Json& json, OrNull<T>& value) {
  value.reset();
  if (!json.is_null()) value.emplace(json.get<T>());
}

namespace fields {

enum class Missing { refused, default_value };

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
void write(Json& json, const T& value) {
  json = Json::object();
  each_field(value, [&](const char* name, const auto& field) {
    if constexpr (is_optional<std::remove_cvref_t<decltype(field)>>) {
      if (field) json[name] = *field;
    } else {
      json[name] = field;
    }
  });
}

template <class Field>
void take(const Json& json, const char* name, Field& field) try {
  if constexpr (is_optional<Field>) {
    field.reset();
    if (!json.is_null()) field.emplace(json.get<typename Field::value_type>());
  } else {
    field = json.get<Field>();
  }
} catch (const FieldError& inner) {
  throw FieldError(std::string(name) + '.' + inner.path, inner.reason);
} catch (const std::exception& error) {  // another type, or out of range
  throw FieldError(name, error.what());
}

template <class T>
void read(const Json& json, T& value, Missing missing) {
  if (!json.is_object())
    throw ProtocolError(std::string("it is of type ") + json.type_name() + "; expected an object");
  each_field(value, [&](const char* name, auto& field) {
    using Field = std::remove_reference_t<decltype(field)>;
    if (const auto found = json.find(name); found != json.end())
      take(*found, name, field);
    else if (!is_optional<Field> && missing == Missing::refused)
      throw FieldError(name, "it is missing");
  });
}

}  // namespace fields

/// The names of the fields of a struct in JSON.
template <class T>
std::vector<std::string> field_names(const T& value = {}) {
  std::vector<std::string> names;
  each_field(value, [&](const char* name, const auto&) { names.emplace_back(name); });
  return names;
}

/// One of several structs, distinguished by the first field of each. One without fields comes last
/// and matches everything else.
template <class... Forms>
struct OneOf : std::variant<Forms...> {
  using std::variant<Forms...>::variant;
};

/// All fields that it may have, for field_names().
template <class... Forms, class Visit>
void each_field(const OneOf<Forms...>&, const Visit& visit) {
  const auto visit_form = [&](const auto& form) { each_field(form, visit); };
  (visit_form(Forms{}), ...);
}

template <class... Forms>
void to_json(Json& json, const OneOf<Forms...>& value) {
  std::visit([&](const auto& form) { json = form; },
             static_cast<const std::variant<Forms...>&>(value));
}

template <class... Forms>
void from_json(const Json& json, OneOf<Forms...>& value) {
  std::string keys;
  const auto take = [&]<class Form>(std::type_identity<Form>) {
    const auto names = field_names<Form>();
    if (!names.empty() && !json.contains(names.front())) {
      keys += (keys.empty() ? "'" : ", '") + names.front() + "'";
      return false;
    }
    value = json.get<Form>();
    return true;
  };
  if (!(take(std::type_identity<Forms>{}) || ...))
    throw ProtocolError("it has none of the fields " + keys);
}

}  // namespace earshot::protocol

// f(x) for each of up to 64 arguments.
#define EARSHOT_PARENTHESES ()
#define EARSHOT_EXPAND(...) \
  EARSHOT_EXPAND_16(EARSHOT_EXPAND_16(EARSHOT_EXPAND_16(EARSHOT_EXPAND_16(__VA_ARGS__))))
#define EARSHOT_EXPAND_16(...) \
  EARSHOT_EXPAND_4(EARSHOT_EXPAND_4(EARSHOT_EXPAND_4(EARSHOT_EXPAND_4(__VA_ARGS__))))
#define EARSHOT_EXPAND_4(...) \
  EARSHOT_EXPAND_1(EARSHOT_EXPAND_1(EARSHOT_EXPAND_1(EARSHOT_EXPAND_1(__VA_ARGS__))))
#define EARSHOT_EXPAND_1(...) __VA_ARGS__
#define EARSHOT_EACH(f, ...) __VA_OPT__(EARSHOT_EXPAND(EARSHOT_EACH_STEP(f, __VA_ARGS__)))
#define EARSHOT_EACH_STEP(f, first, ...) \
  f(first) __VA_OPT__(EARSHOT_EACH_AGAIN EARSHOT_PARENTHESES(f, __VA_ARGS__))
#define EARSHOT_EACH_AGAIN() EARSHOT_EACH_STEP

#define EARSHOT_VISIT_FIELD(name) visit(#name, self.name);
#define EARSHOT_EACH_FIELD(Type, ...)                                                 \
  template <class Self, class Visit>                                                  \
  requires std::same_as<std::remove_const_t<Self>, Type>                              \
  void each_field([[maybe_unused]] Self& self, [[maybe_unused]] const Visit& visit) { \
    EARSHOT_EACH(EARSHOT_VISIT_FIELD __VA_OPT__(, ) __VA_ARGS__)                      \
  }
// NOLINTBEGIN(bugprone-macro-parentheses): the arguments are types.
#define EARSHOT_JSON_DECLARATIONS(Type, missing)                      \
  void to_json(::earshot::protocol::Json& json, const Type& value);   \
  void from_json(const ::earshot::protocol::Json& json, Type& value); \
  constexpr auto missing_field(std::type_identity<Type>) {            \
    return ::earshot::protocol::fields::Missing::missing;             \
  }

#define EARSHOT_JSON(Type) EARSHOT_JSON_DECLARATIONS(Type, refused)
#define EARSHOT_FIELDS(Type, ...)                     \
  EARSHOT_EACH_FIELD(Type __VA_OPT__(, ) __VA_ARGS__) \
  EARSHOT_JSON(Type)
#define EARSHOT_FIELDS_OR_DEFAULTS(Type, ...)         \
  EARSHOT_EACH_FIELD(Type __VA_OPT__(, ) __VA_ARGS__) \
  EARSHOT_JSON_DECLARATIONS(Type, default_value)

#define EARSHOT_JSON_DEFINITION(Type)                                                          \
  void to_json(::earshot::protocol::Json& json, const Type& value) {                           \
    ::earshot::protocol::fields::write(json, value);                                           \
  }                                                                                            \
  void from_json(const ::earshot::protocol::Json& json, Type& value) {                         \
    ::earshot::protocol::fields::read(json, value, missing_field(std::type_identity<Type>{})); \
  }
#define EARSHOT_JSON_DEFINITIONS(...) EARSHOT_EACH(EARSHOT_JSON_DEFINITION, __VA_ARGS__)
// NOLINTEND(bugprone-macro-parentheses)
