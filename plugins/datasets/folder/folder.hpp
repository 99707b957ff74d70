#pragma once
#include <regex>

#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

namespace folder {

/// Audio files whose label `class` is the folder that contains them:
///
///   root/dog/a.wav, root/cat/deep/b.flac       split at random, whole groups together
///   root/train/dog/a.wav, root/test/dog/b.wav  splits as given; `validation` likewise
///
/// The id of an item is its path below root; its group `clip` is that path, or the part of it that
/// `group` matches. Items are ordered by class, then by id. Skipped are hidden files and folders,
/// __MACOSX, files without an audio extension (in upper or lower case), and links to folders below
/// root, whose files are found without them; other links are followed. A dangling link is an item
/// whose audio is missing.
///
/// With `crop_seconds`, an item is a stretch of that length, one every `hop_seconds`, as many as
/// fit into the file; its id is "<path>@<start>", the start in seconds. A shorter file is one item,
/// as long as it is. A file whose length cannot be found is one item too, whose audio will be lost.
/// All items of a file are in its group.
class Folder final : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();
  Folder(const earshot::Options& options, const earshot::Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(entries_.size()); }
  std::vector<earshot::LabelSpec> labels() const override;
  earshot::Item item(std::int64_t index) const override;
  /// All folders, so that new files are noticed.
  std::vector<std::filesystem::path> sources() const override { return folders_; }

 private:
  struct Entry {
    std::string id{};  ///< path below root, of the file
    std::string name{}, group{};
    earshot::Split split = earshot::Split::train;
    double start = 0, duration = 0;  ///< s; 0, 0: the whole file
  };
  bool is_folder(const std::filesystem::directory_entry& entry) const;
  /// `above`: the folders from the root to this one, with links resolved.
  void find_audio(const std::filesystem::path& folder, std::vector<std::filesystem::path>& files,
                  const std::vector<std::filesystem::path>& above = {});
  void add(const std::filesystem::path& file, earshot::Split split, bool below_split);
  void cut_into_crops(double seconds, double hop);  ///< the entries, which are whole files

  std::filesystem::path root_;
  std::string group_;
  std::regex pattern_;  ///< of group_
  std::vector<std::string> classes_{};
  std::vector<Entry> entries_{};
  std::vector<std::filesystem::path> folders_{};
};

}  // namespace folder
