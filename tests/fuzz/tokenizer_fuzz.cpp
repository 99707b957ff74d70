// The part before a zero byte is a tokenizer.json, the rest is a text: the pieces of the text add
// up to the text, and the tokens of a piece are in the file. Anything else is refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <lib/text/tokenizer_file.hpp>
#include <lib/text/unicode.hpp>
#include <nlohmann/json.hpp>

#include <earshot/error.hpp>

namespace {

using namespace earshot::kit;

void tokenise(const tokenizer::Definition& definition, std::string_view text) {
  text::check_utf8(text, "text");
  const tokenizer::BytePairs byte_pairs(definition.rules);
  std::string joined;
  for (const auto& stretch : tokenizer::AddedTokens(definition.added).split(text)) {
    joined += stretch.text;
    if (stretch.token) continue;
    std::string pieces;
    std::vector<std::int64_t> ids;
    for (const auto piece : tokenizer::pieces(stretch.text, definition.cuts)) {
      if (piece.empty()) std::abort();
      pieces += piece;
      byte_pairs.encode(piece, ids);
    }
    if (pieces != stretch.text) std::abort();
    for (const auto id : ids)
      if (!definition.names.contains(static_cast<tokenizer::Id>(id))) std::abort();
  }
  if (joined != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto zero = all.find('\0');
  try {
    const auto json = nlohmann::json::parse(all.substr(0, zero));
    const auto text = zero == std::string_view::npos ? all : all.substr(zero + 1);
    tokenise(tokenizer::read_definition(json), text);
  } catch (const nlohmann::json::exception&) {
  } catch (const earshot::DataError&) {
  }
  return 0;
}
