#pragma once
#include <map>
#include <span>

#include <lib/learn/reduction.hpp>

#include <earshot/options.hpp>
#include <earshot/trial.hpp>

#include "format.hpp"
#include "labels_input.hpp"

namespace audio_qa {

/// What a model receives for the audio: the option `input`.
///
///   audio       features of the item's clips, through the mapper
///   other_clip  those of another item of the split, drawn for each item
///   noise       normal numbers in their place, as many frames, drawn for each item
///   silence     features of silent audio, as many frames; the cell loads its encoder for that
///   labels      the item's true labels (LabelsInput), through the same mapper: an oracle
///   caption     the labels `caption` and `second_caption` as text
///   none        nothing
///
/// With caption and none, and if `prefix` asks for them, learnt embeddings that are the same for
/// all items come first: all that a frozen model can learn about the task without audio.
///
/// Features are standardised, and projected to principal axes if requested, as learnt from training
/// items.
class Inputs {
 public:
  static earshot::OptionSchema options();
  Inputs(const earshot::Options& options, c10::Device device);

  bool mapped() const;    ///< whether there is input for the mapper
  bool features() const;  ///< whether features are read, which requires an encoder
  bool hears() const;     ///< whether heard() returns more than unheard()

  /// Learns scale and axes from training items and creates what is trained here; the caller seeds
  /// the host's generator.
  void learn(earshot::Trial& trial);
  /// After learn() or load_state(): the mapper, connected to its input.
  earshot::Mapper& mapper(earshot::Trial& trial) const;

  /// What stands for the clips of each of `items`; differentiable in mapper and parameters().
  std::vector<ListeningResult> heard(earshot::Trial& trial, earshot::Split split,
                                     std::span<const std::int64_t> items);
  /// The same without the audio: what is learnt of the task alone.
  ListeningResult unheard() const;

  earshot::NamedTensors parameters() const;
  earshot::State state() const;
  void load_state(const earshot::State& state);  ///< @throws DataError

 private:
  using Items = std::vector<earshot::Item>;

  earshot::FeatureSpec spec(const earshot::Trial& trial) const;
  at::Tensor sample_frames(earshot::Trial& trial) const;
  earshot::FeatureBatch clip_features(earshot::Trial& trial, earshot::Split split,
                                      at::IntArrayRef items, std::int64_t clip);
  earshot::FeatureBatch scaled(const earshot::FeatureBatch& features) const;
  static at::Tensor noise(const earshot::Trial& trial, const Items& items, std::int64_t clip,
                          const at::Tensor& like);
  at::Tensor silent_frames(earshot::Trial& trial, const earshot::FeatureSpec& spec,
                           std::int64_t frames);
  earshot::FeatureBatch silence(earshot::Trial& trial, const earshot::FeatureBatch& like);
  std::int64_t other_item(const earshot::Trial& trial, earshot::Split split, std::int64_t item,
                          std::int64_t clip) const;
  void add_mapped(earshot::Trial& trial, const earshot::FeatureBatch& features,
                  std::span<const std::size_t> places, std::vector<ListeningResult>& all) const;
  void add_captions(const Items& items, std::vector<ListeningResult>& all) const;

  std::string input_;
  std::int64_t prefix_length_, tokens_;
  c10::Device device_;
  earshot::kit::Reduction reduction_;
  bool reduced_;  ///< becomes false if nothing could be learnt
  std::int64_t axes_;
  LabelsInput labels_;
  at::Tensor prefix_;  ///< float32 (prefix, D of the language model), or undefined
  std::map<std::int64_t, at::Tensor> silent_frames_;  ///< (T, D) by T: features of silence
};

}  // namespace audio_qa
