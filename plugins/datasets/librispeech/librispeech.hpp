#pragma once
#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

namespace librispeech {

/// LibriSpeech (Panayotov et al. 2015), as its archives unpack:
///
///   SPEAKERS.TXT
///   train-clean-100/19/198/19-198.trans.txt, 19-198-0000.flac, ...
///   dev-clean/..., test-clean/..., any other train-*, dev-*, test-*
///
/// An item is a line of a chapter's transcript; its id is the utterance, "19-198-0000". An
/// utterance without its FLAC file is an item whose audio is missing. Labels: `speaker`; `sex` (F,
/// M) if there is a SPEAKERS.TXT, unknown for speakers that it lacks; `transcript`, text as
/// published. Groups: `speaker` and `chapter`, or `chapter` alone if the splits are drawn by
/// chapter. Slice: `subset`. Items are ordered by subset, speaker, chapter and line.
class LibriSpeech final : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();
  /// @throws ConfigError for a subset that is not there; DataError without any utterance, for an
  /// utterance that occurs twice, and `<file>:<line>: ...` for a transcript or a table of speakers
  /// that is not as published.
  LibriSpeech(const earshot::Options& options, const earshot::Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(utterances_.size()); }
  std::vector<earshot::LabelSpec> labels() const override;
  earshot::Item item(std::int64_t index) const override;
  /// All folders, so that new utterances are noticed, and the texts.
  std::vector<std::filesystem::path> sources() const override { return sources_; }

 private:
  struct Utterance {
    std::string id{}, text{};
    std::size_t chapter = 0;
    earshot::Split split{};
  };
  struct Chapter {
    std::filesystem::path folder{};
    std::string subset{}, speaker{}, number{};
  };
  void read_speakers(const std::filesystem::path& file);
  void read_chapter(Chapter chapter, earshot::Split split);
  void check_unique() const;

  bool by_chapter_;
  std::map<std::string, std::string> sexes_{};  ///< by speaker
  std::vector<std::string> speakers_{};         ///< classes
  std::vector<Chapter> chapters_{};
  std::vector<Utterance> utterances_{};
  std::vector<std::filesystem::path> sources_{};
};

}  // namespace librispeech
