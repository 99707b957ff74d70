#pragma once
#include <filesystem>
#include <map>

#include <earshot/lookup.hpp>
#include <earshot/options.hpp>

#include "store.hpp"

namespace precomputed {

/// Looks features up by the name of the item or of its file; ignores the audio.
class Precomputed final : public earshot::Encoder, public earshot::Lookup {
 public:
  static earshot::OptionSchema options();
  Precomputed(const earshot::Options& options, const earshot::Context& context);

  earshot::AudioNeeds needs() const override { return {}; }
  earshot::FeatureSpec spec() const override { return spec_; }
  earshot::FeatureBatch encode(const earshot::AudioBatch& audio) override;
  at::Tensor look_up(const earshot::ClipName& clip) override;

 private:
  std::vector<std::string> names_of(const earshot::ClipName& clip) const;
  /// The array with this name that belongs to this clip; "" if there is none.
  std::string array_of(const std::string& name, const earshot::ClipName& clip) const;
  void claim(const std::string& array, const earshot::ClipName& clip);
  at::Tensor features(const std::string& name) const;

  Store store_;
  std::map<std::string, std::filesystem::path> owners_{};  ///< the file to which an array belongs
  bool by_file_;
  earshot::FeatureSpec spec_;
};

}  // namespace precomputed
