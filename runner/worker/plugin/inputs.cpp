#include "worker/plugin/inputs.hpp"

#include <system_error>

#include "protocol/contents.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::worker {

FileChanged::FileChanged(const std::filesystem::path& file, const std::string& what)
    : Error(Kind::data, file.string() + ": " + what + " while the experiment ran; run again") {}

FileChanged::~FileChanged() = default;

void check_content(const std::filesystem::path& file, const std::string& sha256) {
  if (sha256.empty()) return;
  try {
    if (protocol::sha256_file(file) == sha256) return;
  } catch (const std::system_error& error) {
    throw FileChanged(file, "it cannot be read any more (" + error.code().message() + ")");
  }
  throw FileChanged(file);
}

void check_inputs(const protocol::ComponentRef& ref) {
  for (const auto& input : ref.inputs) {
    const protocol::Contents contents{protocol::path_of(input.path), input.files};
    if (!input.stamps.empty() && contents.stamps() == input.stamps) continue;
    std::string sha256;
    try {
      sha256 = contents.hash(protocol::sha256_file);
    } catch (const std::system_error& error) {
      throw FileChanged(contents.path,
                        "it cannot be read any more (" + error.code().message() + ")");
    }
    if (sha256 != input.sha256) throw FileChanged(contents.path);
  }
}

}  // namespace earshot::worker
