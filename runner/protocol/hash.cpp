#include "protocol/hash.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <openssl/evp.h>

namespace earshot::protocol {

namespace {

using Digest = std::vector<unsigned char>;

class Hasher {
 public:
  explicit Hasher(const EVP_MD* method = EVP_sha256())
      : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    check(EVP_DigestInit_ex(context_.get(), method, nullptr));
  }
  void add(const void* data, std::size_t bytes) {
    check(EVP_DigestUpdate(context_.get(), data, bytes));
  }
  Digest finish() {
    Digest digest(static_cast<std::size_t>(EVP_MD_CTX_size(context_.get())));
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
    return digest;
  }

 private:
  static void check(int ok) {
    if (ok != 1) throw std::runtime_error("libcrypto cannot compute a hash");
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

Digest digest_of(std::string_view bytes) {
  Hasher hasher;
  hasher.add(bytes.data(), bytes.size());
  return hasher.finish();
}

std::string hexadecimal(const Digest& digest) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (const auto byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

void add_file(Hasher& hasher, const std::filesystem::path& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rb"),
                                                               std::fclose);
  if (!stream) throw std::system_error(errno, std::generic_category(), file.string());
  std::vector<char> piece(1 << 20);
  while (const auto bytes = std::fread(piece.data(), 1, piece.size(), stream.get()))
    hasher.add(piece.data(), bytes);
  if (std::ferror(stream.get()) != 0)
    throw std::system_error(errno, std::generic_category(), file.string());
}

}  // namespace

std::string sha256(std::string_view bytes) {
  return hexadecimal(digest_of(bytes));
}

std::string sha256(const Json& value) {
  return sha256(std::string_view(canonical(value)));
}

std::string sha256_file(const std::filesystem::path& file) {
  Hasher hasher;
  add_file(hasher, file);
  return hexadecimal(hasher.finish());
}

std::string git_hash_file(const std::filesystem::path& file) {
  const auto head = "blob " + std::to_string(std::filesystem::file_size(file));
  Hasher hasher(EVP_sha1());
  hasher.add(head.c_str(), head.size() + 1);
  add_file(hasher, file);
  return hexadecimal(hasher.finish());
}

std::uint64_t hash64(std::string_view text) {
  const auto digest = digest_of(text);
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i)
    value = value << 8 | digest[static_cast<std::size_t>(i)];
  return value;
}

}  // namespace earshot::protocol
