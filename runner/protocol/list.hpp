#pragma once
#include <type_traits>
#include <variant>

namespace earshot::protocol {

/// A list of types, as a value that functions can take.
template <class... Types>
struct List {
  /// Calls f(std::type_identity<Type>{}) for each.
  template <class Function>
  static void each(Function&& function) {
    (function(std::type_identity<Types>{}), ...);
  }
  template <class Type>
  static constexpr bool has = (std::is_same_v<Type, Types> || ...);
};

namespace list {

template <class Left, class... Rest>
struct Join {
  using type = Left;
};

template <class... Left, class First, class... Others, class... Rest>
struct Join<List<Left...>, List<First, Others...>, Rest...>
    : Join<std::conditional_t<List<Left...>::template has<First>, List<Left...>,
                              List<Left..., First>>,
           List<Others...>, Rest...> {};

template <class... Left, class... Rest>
struct Join<List<Left...>, List<>, Rest...> : Join<List<Left...>, Rest...> {};

template <class>
struct Variant;

template <class... Types>
struct Variant<List<Types...>> {
  using type = std::variant<Types...>;
};

}  // namespace list

/// One list with the types of all lists, each once.
template <class... Lists>
using Joined = typename list::Join<List<>, Lists...>::type;

/// A value of one of the types.
template <class Types>
using OneOfList = typename list::Variant<Types>::type;

}  // namespace earshot::protocol
