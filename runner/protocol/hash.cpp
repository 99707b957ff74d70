#include "protocol/hash.hpp"

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

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

enum class Fault { not_regular = 1, grew };

class Faults final : public std::error_category {
 public:
  const char* name() const noexcept override { return "file"; }
  std::string message(int fault) const override {
    return static_cast<Fault>(fault) == Fault::not_regular
               ? "a folder, pipe, socket or device; expected a regular file"
               : "it grows while it is being read; expected a complete file";
  }
};

[[noreturn]] void fail(Fault fault, const std::filesystem::path& file) {
  static const Faults faults;
  throw std::system_error(static_cast<int>(fault), faults, file.string());
}

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw std::system_error(errno, std::generic_category(), file.string());
}

/// A regular file, open for reading. Other files are not even opened, since opening them can block
/// or have side effects.
class RegularFile {
 public:
  explicit RegularFile(const std::filesystem::path& file) : file_(file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) fail(file);
    if (!S_ISREG(status.st_mode)) fail(Fault::not_regular, file);
    descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor_ < 0) fail(file);
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
      ::close(descriptor_);
      fail(Fault::not_regular, file);
    }
    size_ = status.st_size;
  }
  ~RegularFile() { ::close(descriptor_); }
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;

  std::int64_t size() const { return size_; }
  /// @returns 0 at the end
  std::size_t read(char* to, std::size_t bytes) {
    for (;;) {
      const auto got = ::read(descriptor_, to, bytes);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) fail(file_);
    }
  }

 private:
  const std::filesystem::path& file_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

/// Refuses a file that gives more bytes than its size when it was opened: files in /proc have no
/// end and no size.
void add_file(Hasher& hasher, RegularFile& stream, const std::filesystem::path& file) {
  std::vector<char> piece(1 << 20);
  std::int64_t total = 0;
  while (const auto bytes = stream.read(piece.data(), piece.size())) {
    total += static_cast<std::int64_t>(bytes);
    if (total > stream.size()) fail(Fault::grew, file);
    hasher.add(piece.data(), bytes);
  }
}

}  // namespace

std::string sha256(std::string_view bytes) {
  return hexadecimal(digest_of(bytes));
}

std::string sha256(const Json& value) {
  return sha256(std::string_view(canonical(value)));
}

std::string sha256_file(const std::filesystem::path& file) {
  RegularFile stream(file);
  Hasher hasher;
  add_file(hasher, stream, file);
  return hexadecimal(hasher.finish());
}

std::string git_hash_file(const std::filesystem::path& file) {
  RegularFile stream(file);
  const auto head = "blob " + std::to_string(stream.size());
  Hasher hasher(EVP_sha1());
  hasher.add(head.c_str(), head.size() + 1);
  add_file(hasher, stream, file);
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
