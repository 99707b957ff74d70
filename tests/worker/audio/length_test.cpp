// Files whose container does not state their length, or states a wrong one: they are read
// completely, or refused with the reason.
#include <cmath>
#include <fstream>
#include <functional>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ogg/ogg.h>

#include <earshot/error.hpp>

#include "sounds.hpp"
#include "worker/audio/decode.hpp"

namespace earshot::worker {
namespace {

using namespace std::string_literals;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::write_sound;
namespace fs = std::filesystem;

constexpr int hertz = 8000, frames = 24000;

std::string length_complaint(const fs::path& file, double start = 0, double duration = 0) {
  try {
    decode(file, start, duration);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

/// "sound.wav" in a folder, with the written samples; tests damage it.
class Written {
 public:
  explicit Written(int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16, const std::string& name = "x") {
    file_ = folder_ / name;
    write_sound(file_, noise(), hertz, 1, format);
    bytes_ = bytes_of(file_);
  }
  const std::string& bytes() const { return bytes_; }
  std::size_t find(const std::string& text) const { return bytes_.find(text); }
  /// Replaces its content by these bytes.
  const fs::path& with(const std::string& bytes) const {
    put(file_, bytes);
    return file_;
  }
  const fs::path& with(std::size_t at, const std::string& patch) const {
    auto changed = bytes_;
    return with(changed.replace(at, patch.size(), patch));
  }
  const fs::path& file() const { return file_; }

 private:
  TemporaryFolder folder_;
  fs::path file_;
  std::string bytes_;
};

struct LengthKind {
  std::string name{};
  int format = 0;
  int container() const { return format & SF_FORMAT_TYPEMASK; }
};

/// Every format that this libsndfile can write and read back.
std::vector<LengthKind> kinds(int channels) {
  std::vector<LengthKind> found;
  int containers = 0, codings = 0;
  sf_command(nullptr, SFC_GET_FORMAT_MAJOR_COUNT, &containers, sizeof containers);
  sf_command(nullptr, SFC_GET_FORMAT_SUBTYPE_COUNT, &codings, sizeof codings);
  for (int c = 0; c < containers; ++c)
    for (int s = 0; s < codings; ++s) {
      SF_FORMAT_INFO container{}, coding{};
      container.format = c;
      coding.format = s;
      sf_command(nullptr, SFC_GET_FORMAT_MAJOR, &container, sizeof container);
      sf_command(nullptr, SFC_GET_FORMAT_SUBTYPE, &coding, sizeof coding);
      const auto format = (container.format & SF_FORMAT_TYPEMASK) | coding.format;
      SF_INFO info{};
      info.samplerate = hertz;
      info.channels = channels;
      info.format = format;
      const auto type = format & SF_FORMAT_TYPEMASK;
      // Formats without a header, formats that are not recordings, or formats that it writes
      // incorrectly.
      if (type == SF_FORMAT_RAW || type == SF_FORMAT_XI || type == SF_FORMAT_SD2 ||
          coding.format == SF_FORMAT_DWVW_12 || sf_format_check(&info) == 0)
        continue;
      found.push_back({container.name + ", "s + coding.name, format});
    }
  return found;
}

bool declares_its_length(int container) {
  return container != SF_FORMAT_IRCAM && container != SF_FORMAT_PAF && container != SF_FORMAT_PVF;
}

/// Writes a file of each kind and passes it to a test.
void for_each_kind(const std::function<void(const LengthKind&, const fs::path&)>& test) {
  int tried = 0;
  for (const int channels : {1, 2})
    for (const auto& kind : kinds(channels)) {
      const TemporaryFolder folder;
      const auto mono = noise();
      std::vector<float> wave;
      for (const float sample : mono)
        wave.insert(wave.end(), static_cast<std::size_t>(channels), sample);
      try {
        write_sound(folder / "x", wave, hertz, channels, kind.format);
      } catch (const std::runtime_error&) {
        continue;  // listed, but not written
      }
      SCOPED_TRACE(kind.name + ", channels: " + std::to_string(channels));
      test(kind, folder / "x");
      ++tried;
    }
  EXPECT_GE(tried, 100);
}

TEST(Length, all_of_each_container_and_coding_is_read_from_its_beginning_and_from_anywhere) {
  for_each_kind([](const LengthKind&, const fs::path& file) {
    std::vector<float> all;
    ASSERT_NO_THROW(all = decode(file).samples);
    EXPECT_GE(all.size(), static_cast<std::size_t>(frames));
    EXPECT_LE(all.size(), static_cast<std::size_t>(frames + 400));  // the last block of ADPCM
    for (const int first : {100, 6160, 8000, 14400, 20000, 23600}) {
      std::vector<float> part;
      ASSERT_NO_THROW(part = decode(file, static_cast<double>(first) / hertz, 0.04).samples);
      EXPECT_EQ(part, std::vector<float>(all.begin() + first, all.begin() + first + 320))
          << "from " << first;
    }
    EXPECT_THAT(length_complaint(file, 60, 0.5), HasSubstr("begins at 60.0 s; it is 3."));
    EXPECT_THAT(length_complaint(file, 2.5, 2), HasSubstr("ends at 4.5 s; it is 3."));
  });
}

TEST(Length, a_truncated_file_is_refused_wherever_it_declares_its_length) {
  for_each_kind([](const LengthKind& kind, const fs::path& file) {
    if (!declares_its_length(kind.container())) return;
    const auto size = static_cast<double>(fs::file_size(file));
    for (const double share : {0.999, 0.9, 0.5, 0.2}) {
      fs::resize_file(file, static_cast<std::uintmax_t>(size * share));
      EXPECT_THAT(length_complaint(file), AnyOf(HasSubstr("truncated"), HasSubstr("not audio")))
          << "cut to " << share;
    }
  });
}

TEST(Length, bytes_after_the_samples_never_become_sound) {
  for_each_kind([](const LengthKind& kind, const fs::path& file) {
    if (!declares_its_length(kind.container())) return;
    const auto bytes = bytes_of(file);
    const auto all = decode(file).samples;
    for (const auto& more : {"TAG" + std::string(125, 'x'), std::string(1000, '\x5a')}) {
      put(file, bytes + more);
      if (length_complaint(file).empty()) {
        EXPECT_EQ(decode(file).samples, all) << more.substr(0, 3);
      }
    }
  });
}

TEST(Length, of_wav_may_be_unknown) {
  const Written wav;
  const auto size = wav.find("data") + 4;
  const auto all = decode(wav.file()).samples;
  for (const auto& unknown : {"\xff\xff\xff\xff"s, "\0\0\0\0"s, "\xff\xff\xff\x7f"s}) {
    EXPECT_EQ(decode(wav.with(size, unknown)).samples, all);
    auto both = wav.bytes();
    both.replace(size, 4, unknown).replace(4, 4, unknown);
    EXPECT_EQ(decode(wav.with(both)).samples, all);
    EXPECT_EQ(decode(wav.file(), 1, 0.5).samples,
              std::vector<float>(all.begin() + 8000, all.begin() + 12000));
  }
}

TEST(Length, of_wav_may_not_be_less_than_the_number_of_samples) {
  const Written wav;
  const auto size = wav.find("data") + 4;
  EXPECT_THAT(length_complaint(wav.with(size, "\xe8\x03\0\0"s)),
              HasSubstr("its 'data' chunk declares 1000 bytes, but 47000 more"));
  EXPECT_THAT(length_complaint(wav.with(wav.bytes() + wav.bytes().substr(size - 4))),
              HasSubstr("another chunk like its 'data' chunk"));
}

TEST(Length, of_wav_does_not_count_the_chunks_after_its_samples) {
  const Written wav;
  const auto all = decode(wav.file()).samples;
  const auto notes = "LIST\x10\0\0\0INFOIART\4\0\0\0abcd"s;
  EXPECT_EQ(decode(wav.with(wav.bytes() + notes)).samples, all);
  EXPECT_EQ(decode(wav.with(wav.bytes() + "id3 \4\0\0\0abcd"s + notes)).samples, all);
  // odd size without the byte that pads it
  const Written bytes(SF_FORMAT_WAV | SF_FORMAT_PCM_U8);
  auto odd = bytes.bytes();
  const auto size = odd.find("data") + 4;
  odd.replace(size, 4, "\x01\0\0\0"s).resize(size + 5);
  EXPECT_EQ(decode(bytes.with(odd + notes)).samples.size(), 1U);
  // no samples at all
  const auto empty = wav.bytes().substr(0, wav.find("data") + 4) + "\0\0\0\0"s;
  EXPECT_THAT(length_complaint(wav.with(empty + notes)), HasSubstr("empty: 0 samples"));
}

TEST(Length, of_w64_and_svx_does_not_count_the_chunks_after_the_samples) {
  const Written w64(SF_FORMAT_W64 | SF_FORMAT_PCM_16);
  const auto all = decode(w64.file()).samples;
  const auto id = "abcd\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a"s;
  EXPECT_EQ(decode(w64.with(w64.bytes() + id + "\x20\0\0\0\0\0\0\0ABCDEFGH"s)).samples, all);
  const Written svx(SF_FORMAT_SVX | SF_FORMAT_PCM_16);
  EXPECT_EQ(decode(svx.with(svx.bytes() + "ANNO\0\0\0\4abcd"s)).samples.size(), all.size());
}

TEST(Length, of_aiff_is_what_its_header_and_its_samples_both_say) {
  const Written aiff(SF_FORMAT_AIFF | SF_FORMAT_PCM_16);
  EXPECT_THAT(length_complaint(aiff.with(aiff.find("COMM") + 10, "\0\1\0\0"s)),
              HasSubstr("truncated: its header declares 65536 samples, 24000 are present"));
  EXPECT_THAT(length_complaint(aiff.with(aiff.find("COMM") + 10, "\0\0\x10\0"s)),
              HasSubstr("its length is uncertain: its header declares 4096 samples, 24000"));
}

TEST(Length, of_flac_may_be_unknown) {
  const Written flac(SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  const auto all = decode(flac.file()).samples;
  auto bytes = flac.bytes();
  bytes[21] = static_cast<char>(bytes[21] & 0xf0);
  bytes.replace(22, 4, "\0\0\0\0"s);
  const auto& streamed = flac.with(bytes);
  EXPECT_EQ(decode(streamed).samples, all);
  for (const int first : {1, 4096, 8191, 8192, 20000})  // frames have 4096 samples
    EXPECT_EQ(decode(streamed, static_cast<double>(first) / hertz, 0.05).samples,
              std::vector<float>(all.begin() + first, all.begin() + first + 400));
  EXPECT_THAT(length_complaint(streamed, 60, 0.5), HasSubstr("begins at 60.0 s; it is 3.0 s long"));
  EXPECT_THAT(length_complaint(flac.with(bytes.substr(0, bytes.size() / 2))), HasSubstr("damaged"));
}

TEST(Length, of_flac_is_compared_with_the_number_of_samples) {
  const Written flac(SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  EXPECT_THAT(length_complaint(flac.with(24, "\x03\xe8"s)), HasSubstr("but there are more"));
  EXPECT_THAT(length_complaint(flac.with(24, "\xff\xff"s)), HasSubstr("24000 samples of 65535"));
  EXPECT_THAT(length_complaint(flac.with(flac.bytes() + flac.bytes())),
              HasSubstr("its length is uncertain"));
  auto damaged = flac.bytes();
  for (std::size_t i = 0; i < 200; ++i)
    damaged[damaged.size() / 2 + i] = static_cast<char>(damaged[damaged.size() / 2 + i] ^ 0x5a);
  EXPECT_THAT(length_complaint(flac.with(damaged)), HasSubstr("truncated"));
}

TEST(Length, that_does_not_fit_into_memory_is_refused_before_decoding) {
  const Written flac(SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  EXPECT_THAT(length_complaint(flac.with(22, "\xff\xff\xff\xff"s)),
              HasSubstr("more than 268435456 samples in one clip"));
  EXPECT_EQ(decode(flac.file(), 1, 0.5).samples.size(), 4000U);  // a segment can still be read
}

TEST(Length, of_ogg_is_that_of_one_stream_with_all_of_its_pages) {
  for (const int coding : {SF_FORMAT_VORBIS, SF_FORMAT_OPUS}) {
    const Written ogg(SF_FORMAT_OGG | coding);
    EXPECT_THAT(length_complaint(ogg.with(ogg.bytes() + ogg.bytes())),
                HasSubstr("a second Ogg stream"));
    auto damaged = ogg.bytes();
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x33);
    EXPECT_THAT(length_complaint(ogg.with(damaged)), HasSubstr("damaged: byte "));
    const auto last = ogg.bytes().rfind("OggS");
    EXPECT_THAT(length_complaint(ogg.with(ogg.bytes().substr(0, last))),
                HasSubstr("truncated: its last Ogg page is missing"));
    const auto middle = ogg.bytes().find("OggS", ogg.bytes().size() / 4);
    if (middle == last) continue;
    const auto next = ogg.bytes().find("OggS", middle + 1);
    EXPECT_THAT(
        length_complaint(ogg.with(ogg.bytes().substr(0, middle) + ogg.bytes().substr(next))),
        HasSubstr("damaged: page "));
  }
}

/// Another position in the Ogg page at byte `at`, with a checksum that fits.
std::string with_position(std::string bytes, std::size_t at, std::int64_t position) {
  auto* const head = reinterpret_cast<unsigned char*>(bytes.data()) + at;
  for (int byte = 0; byte < 8; ++byte)
    head[6 + byte] = static_cast<unsigned char>(position >> (8 * byte));
  ogg_page page{.header = head, .header_len = 27 + head[26]};
  page.body = head + page.header_len;
  page.body_len = std::accumulate(head + 27, page.body, 0L);
  ogg_page_checksum_set(&page);
  return bytes;
}

// Regression: libsndfile took the last position for the length, and the rest was left out.
TEST(Length, of_ogg_is_uncertain_if_its_pages_go_back_or_declare_no_position) {
  const TemporaryFolder folder;
  for (const int coding : {SF_FORMAT_VORBIS, SF_FORMAT_OPUS}) {
    const auto file = folder / "x.ogg";
    write_sound(file, noise(20 * hertz), hertz, 1, SF_FORMAT_OGG | coding);  // several pages
    const auto whole = bytes_of(file);
    const auto last = whole.rfind("OggS");
    put(file, with_position(whole, last, 1));
    EXPECT_THAT(length_complaint(file),
                HasSubstr("its length is uncertain: the Ogg page at byte " + std::to_string(last) +
                          " declares position 1, the page before it "));
    put(file, with_position(whole, last, -1));
    EXPECT_THAT(length_complaint(file), HasSubstr("does not declare its position"));
  }
}

// Regression: libsndfile believed the number of bits, and read noise of another length.
TEST(Length, of_wav_is_uncertain_if_bits_and_bytes_of_a_sample_differ) {
  const Written wav;
  const auto format = wav.find("fmt ") + 8;
  for (const auto& patch : {"\x4\0\x10\0"s, "\x2\0\x8\0"s, "\x2\0\x18\0"s})  // bytes, bits
    EXPECT_THAT(length_complaint(wav.with(format + 12, patch)), HasSubstr("samples of "));
  EXPECT_THAT(length_complaint(wav.with(format + 2, "\2\0"s)),
              HasSubstr("samples of 16 bits in blocks of 2 bytes for 2 channels"));
  const auto all = decode(wav.with(format + 14, "\x10\0"s)).samples;
  for (const auto& patch : {"\0\0"s, "\x64\0"s})  // no size of a sample
    EXPECT_EQ(decode(wav.with(format + 12, patch)).samples, all);
  const Written wide(SF_FORMAT_WAV | SF_FORMAT_PCM_32);
  EXPECT_EQ(length_complaint(wide.with(wide.find("fmt ") + 22, "\x18\0"s)),
            "");  // 24 bits in 4 bytes
}

// Regression: a rule for samples of several bytes refused them; telephone recordings often say 16
// bits.
TEST(Length, of_a_law_and_mu_law_does_not_depend_on_the_declared_bits) {
  for (const auto coding : {SF_FORMAT_ALAW, SF_FORMAT_ULAW})
    for (const auto container : {SF_FORMAT_WAV, SF_FORMAT_WAVEX}) {
      const Written wav(container | coding);
      const auto all = decode(wav.with(0, "")).samples;
      EXPECT_EQ(decode(wav.with(wav.find("fmt ") + 22, "\x10\0"s)).samples, all);
    }
}

TEST(Length, of_mpeg_is_counted) {
  const TemporaryFolder folder;
  const auto counted = mpeg(folder, 441000);
  if (counted.empty()) GTEST_SKIP() << "this libsndfile writes no MP3";
  const auto file = folder / "x.mp3";
  EXPECT_EQ(decode(file).samples.size(), 441000U);
  auto note = std::min(counted.find("Xing"), counted.find("Info"));
  ASSERT_NE(note, std::string::npos);
  auto uncounted = counted;
  uncounted.replace(note, 4, "\0\0\0\0"s);
  put(file, uncounted);
  const auto all = decode(file).samples;
  EXPECT_GE(all.size(), 441000U);
  EXPECT_LE(all.size(), 441000U + 5 * 1152U);
  EXPECT_NEAR(declared_seconds(file), static_cast<double>(all.size()) / 44100, 1e-9);
  for (const std::size_t first : {1000U, 100000U, 250001U, 430000U})
    EXPECT_EQ(decode(file, static_cast<double>(first) / 44100, 0.1).samples,
              std::vector<float>(all.begin() + static_cast<std::ptrdiff_t>(first),
                                 all.begin() + static_cast<std::ptrdiff_t>(first) + 4410));
  put(folder / "called.wav", "ID3\3\0\0\0\0\x10\0"s + std::string(2048, '\0') + uncounted);
  EXPECT_EQ(decode(folder / "called.wav").samples, all);
  put(file, uncounted.substr(0, uncounted.size() / 2));
  EXPECT_THAT(length_complaint(file), HasSubstr("truncated: its last MPEG frame is cut off"));
  put(file, counted.substr(0, counted.size() / 2));
  EXPECT_THAT(length_complaint(file), HasSubstr("truncated: its header declares 38"));
  put(file, counted + counted);
  EXPECT_THAT(length_complaint(file), HasSubstr("its length is uncertain: its header declares 38"));
  put(file, uncounted.substr(0, uncounted.size() / 2) + std::string(5000, 'x') +
                uncounted.substr(uncounted.size() / 2));
  EXPECT_THAT(length_complaint(file), HasSubstr("damaged"));
}

std::string sphere(const std::string& samples, int count, const std::string& more = "") {
  auto head = "NIST_1A\n   1024\nchannel_count -i 1\nsample_count -i " + std::to_string(count) +
              "\nsample_rate -i 8000\nsample_n_bytes -i 2\nsample_byte_format -s2 01\n"
              "sample_sig_bits -i 16\n" +
              more + "end_head\n";
  head.resize(1024, '\n');
  return head + samples;
}

TEST(Length, of_sphere_is_that_of_its_header_whatever_its_name) {
  const Written wav;
  const auto all = decode(wav.file()).samples;
  const auto samples = wav.bytes().substr(wav.find("data") + 8);
  const TemporaryFolder folder;
  const auto file = folder / "SA1.WAV";
  put(file, sphere(samples, frames));
  EXPECT_EQ(decode(file).samples, all);
  put(file, sphere(samples.substr(0, 10000), frames));
  EXPECT_THAT(length_complaint(file),
              HasSubstr("truncated: its header declares 24000 samples, 5000 are present"));
  put(file, sphere(samples, 5000));
  EXPECT_THAT(length_complaint(file), HasSubstr("its length is uncertain"));
  put(file, sphere("ajkg\2"s + samples, frames, "sample_coding -s26 pcm,embedded-shorten-v2.00\n"));
  EXPECT_THAT(length_complaint(file), HasSubstr("not audio that can be read"));
}

TEST(Length, of_voc_is_that_of_one_block) {
  const Written voc(SF_FORMAT_VOC | SF_FORMAT_PCM_16);
  auto two = voc.bytes();
  two.pop_back();  // the byte that ends it
  EXPECT_THAT(length_complaint(voc.with(two + two.substr(26) + "\0"s)),
              HasSubstr("2 blocks of sound"));
}

TEST(Length, of_files_that_are_not_recordings_is_not_guessed) {
  for (const int format : {SF_FORMAT_XI | SF_FORMAT_DPCM_16, SF_FORMAT_SD2 | SF_FORMAT_PCM_16}) {
    const Written file(format);
    EXPECT_THAT(length_complaint(file.file()), HasSubstr("not audio that can be read"));
  }
}

}  // namespace
}  // namespace earshot::worker
