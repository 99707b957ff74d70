// Arbitrary bytes are either frames of the protocol or refused; any header is either a request, an
// event, an answer or a result, or refused. Nothing else happens, and whatever was read can be
// written and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/nonfinite.hpp"
#include "protocol/verbs.hpp"

using namespace earshot::protocol;

namespace {

/// Parses a header as each struct of the protocol.
template <class Struct>
void read_as(const Json& header) {
  Struct read;
  try {
    read = read_fields<Struct>(header, "");
  } catch (const ProtocolError&) {
    return;
  }
  read_fields<Struct>(from_text(to_text(Json(read))), "");
}

void read_as_all(const Message& message) {
  Verbs::each([&]<class Verb>(std::type_identity<Verb>) {
    read_as<typename Verb::Request>(message.header);
    read_as<typename Verb::Result>(message.header);
  });
  Events::each([&]<class Event>(std::type_identity<Event>) { read_as<Event>(message.header); });
  read_as<Hello>(message.header);
  try {
    read_one_of(Joined<Answers, Events>(), message);
  } catch (const ProtocolError&) {
  }
}

void feed(std::string_view bytes) {
  try {
    FrameReader reader;
    reader.feed(bytes);
    while (const auto message = reader.next())
      read_as_all(*message);
  } catch (const ProtocolError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  feed(bytes);
  // Few inputs are frames: also tries the bytes as a bare header, with both sizes in front.
  std::string frame;
  for (int times = 0; times < 2; ++times)
    for (int shift = 0; shift < 32; shift += 8)
      frame += static_cast<char>(size >> shift & 255);
  feed(frame.append(bytes));
  return 0;
}
