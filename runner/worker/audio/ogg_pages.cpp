#include <map>
#include <memory>
#include <optional>

#include <ogg/ogg.h>

#include "worker/audio/declared.hpp"

namespace earshot::worker {

namespace {

/// Iterates over the pages of a file; libogg verifies their checksums.
class Pages {
 public:
  explicit Pages(ByteReader& reader) : reader_(reader) { ogg_sync_init(&sync_); }
  ~Pages() { ogg_sync_clear(&sync_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  enum class Found { page, gap, end };
  Found next(ogg_page& page) {
    for (;;) {
      const auto bytes = ogg_sync_pageseek(&sync_, &page);
      at_ += static_cast<std::uint64_t>(bytes < 0 ? -bytes : bytes);
      if (bytes > 0) return Found::page;
      if (bytes < 0) return Found::gap;
      const auto block = reader_.read(fed_, std::min<std::uint64_t>(1 << 16, reader_.after(fed_)));
      if (block.empty()) return Found::end;
      block.copy(ogg_sync_buffer(&sync_, static_cast<long>(block.size())), block.size());
      ogg_sync_wrote(&sync_, static_cast<long>(block.size()));
      fed_ += block.size();
    }
  }
  /// Offset at which next() continues.
  std::uint64_t at() const { return at_; }

 private:
  ByteReader& reader_;
  ogg_sync_state sync_{};
  std::uint64_t at_ = 0, fed_ = 0;
};

struct Stream {
  long next = 0;  ///< number of its next page
  bool ended = false;
  std::optional<ogg_int64_t> position{};  ///< where its sound is after the last page, as that says
};

/// The position that a page declares must not be before that of an earlier one: libsndfile takes
/// the last one for the length, and would leave out the rest. -1 says that no packet ends on the
/// page.
std::string position_fault(const ogg_page& page, Stream& stream, std::uint64_t at) {
  const auto position = ogg_page_granulepos(&page);
  if (ogg_page_packets(&page) == 0) return {};
  const auto place = "the Ogg page at byte " + std::to_string(at);
  if (position == -1) return "damaged: " + place + " does not declare its position";
  if (stream.position && position < *stream.position)
    return "its length is uncertain: " + place + " declares position " + std::to_string(position) +
           ", the page before it " + std::to_string(*stream.position) +
           ". Decode and write it again";
  stream.position = position;
  return {};
}

}  // namespace

Declared declared_by_ogg_pages(ByteReader& reader) {
  if (reader.read(0, 4) != "OggS") return {};
  Pages pages(reader);
  std::map<int, Stream> streams;
  bool begun = false;  // a page after the first ones of each stream was seen
  ogg_page page{};
  for (auto at = pages.at();; at = pages.at()) {
    const auto found = pages.next(page);
    if (found == Pages::Found::end) {
      if (at < reader.size() && reader.read(at, 3) != "TAG")
        return {"truncated: the Ogg page at byte " + std::to_string(at) + " is cut off"};
      break;
    }
    if (found == Pages::Found::gap) {
      if (reader.read(at, 3) == "TAG") break;
      return {"damaged: byte " + std::to_string(at) + " is not the beginning of a valid Ogg page"};
    }
    if (ogg_page_bos(&page) != 0 && begun)
      return {"its length is uncertain: at byte " + std::to_string(at) +
              " a second Ogg stream follows the first, and only one would be read. Decode them "
              "into one file"};
    begun = begun || ogg_page_bos(&page) == 0;
    auto& stream = streams[ogg_page_serialno(&page)];
    if (ogg_page_bos(&page) != 0) stream.next = ogg_page_pageno(&page);
    if (ogg_page_pageno(&page) != stream.next)
      return {"damaged: page " + std::to_string(stream.next) + " of its Ogg stream is missing"};
    ++stream.next;
    if (auto fault = position_fault(page, stream, at); !fault.empty()) return {std::move(fault)};
    stream.ended = ogg_page_eos(&page) != 0;
  }
  for (const auto& [number, stream] : streams)
    if (!stream.ended) return {"truncated: its last Ogg page is missing"};
  return {};
}

}  // namespace earshot::worker
