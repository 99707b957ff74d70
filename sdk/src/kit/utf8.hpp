#pragma once
#include <cstdint>

namespace earshot::kit {

/// Accepts text byte by byte and finds the first byte that is not valid UTF-8 (Unicode, table 3-7).
class Utf8Checker {
 public:
  /// False for a byte that may not follow the bytes before it.
  bool take(unsigned char byte) {
    if (left_ > 0) {
      const bool fits = byte >= lowest_ && byte <= highest_;
      lowest_ = 0x80;
      highest_ = 0xbf;
      --left_;
      return fits;
    }
    if (byte < 0x80) return true;
    left_ = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    if (byte == 0xe0) lowest_ = 0xa0;
    if (byte == 0xed) highest_ = 0x9f;  // above this are surrogates
    if (byte == 0xf0) lowest_ = 0x90;
    if (byte == 0xf4) highest_ = 0x8f;
    return byte >= 0xc2 && byte <= 0xf4;
  }
  /// Whether the text may end here.
  bool complete() const { return left_ == 0; }

 private:
  int left_ = 0;
  unsigned char lowest_ = 0x80, highest_ = 0xbf;
};

}  // namespace earshot::kit
