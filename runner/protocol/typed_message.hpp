#pragma once
#include <optional>
#include <string>
#include <utility>

#include "protocol/error.hpp"
#include "protocol/frame.hpp"
#include "protocol/list.hpp"

// Messages as structs. The structs of a worker's messages have a `type`, its name in the header,
// and may have a `binary`, which is sent unchanged after the header.

namespace earshot::protocol {

/// {"type": type, "id": id, ...fields of the struct}.
template <class Struct>
Json to_header(const char* type, std::int64_t id, const Struct& fields) {
  Json header = fields;
  header["type"] = type;
  header["id"] = id;
  return header;
}

/// The same without an id, for messages that belong to no request.
template <class Said>
Message to_message(const Said& said) {
  Json header = said;
  header["type"] = Said::type;
  return {std::move(header)};
}

template <class Said>
Message to_message(std::int64_t id, Said said) {
  Message message{to_header(Said::type, id, said)};
  if constexpr (requires { said.binary; }) message.binary = std::move(said.binary);
  return message;
}

/// The fields of a message as a struct. `what` names it in errors: "event 'progress'".
/// @throws ProtocolError
template <class Struct>
Struct read_fields(const Json& json, const std::string& what) try {
  return json.get<Struct>();
} catch (const std::exception& error) {
  throw ProtocolError(what + ": " + error.what());
}

/// A message as the struct of the list that has its type.
/// @throws ProtocolError if no struct has its type, or if it lacks a field
template <class... Said>
OneOfList<List<Said...>> read_one_of(List<Said...>, Message message) {
  const auto& header = message.header;
  const auto found_type = header.find("type");
  const auto type = found_type != header.end() && found_type->is_string()
                        ? found_type->template get<std::string>()
                        : std::string();
  std::optional<OneOfList<List<Said...>>> found;
  std::string known;
  const auto take = [&]<class One>(std::type_identity<One>) {
    known += (known.empty() ? "'" : ", '") + std::string(One::type) + "'";
    if (type != One::type) return;
    auto said = read_fields<One>(header, "message '" + type + "'");
    if constexpr (requires { said.binary; }) said.binary = std::move(message.binary);
    found = std::move(said);
  };
  (take(std::type_identity<Said>{}), ...);
  if (!found)
    throw ProtocolError("message '" + type + "' is unknown here; expected one of " + known);
  return std::move(*found);
}

/// One function object made of several, for std::visit.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
// C++20 deduces this by itself; clang does not before version 17.
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace earshot::protocol
