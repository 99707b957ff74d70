#pragma once
#include <map>
#include <string>

#include <earshot/trial.hpp>

namespace audio_qa {

/// The true labels of items as frames of learnt embeddings, as from an encoder that perceives
/// exactly what is asked for: one frame for each label with a class, for each number (a base plus a
/// direction, scaled to variance 1 over the training items), and for each member of a set. Text
/// labels are ignored. Labels named after kit::second_clip_label belong to the second clip, where
/// they are represented like the first clip's.
class LabelsInput {
 public:
  /// Learns all labels of the training items; embeddings are drawn from the default generator.
  /// @throws ConfigError if there are none.
  void learn(const earshot::Trial& trial, std::int64_t dim, c10::Device device);

  /// Whether the item has known labels for clip 0 or 1.
  /// @throws DataError if it has none for its first clip.
  bool knows(const earshot::Item& item, std::int64_t clip) const;
  /// For items with known labels; differentiable in embeddings().
  earshot::FeatureBatch frames(const std::vector<earshot::Item>& items, std::int64_t clip) const;

  const at::Tensor& embeddings() const { return embeddings_; }  ///< float32 (rows, dim)

  /// Writes to `state`, and reads back.
  void save(earshot::State& state) const;
  void load(const earshot::State& state, c10::Device device);

 private:
  struct Scale {
    double mean = 0, deviation = 1;
  };
  /// A row of the embeddings and its weight.
  struct Term {
    std::int64_t row = 0;
    double amount = 1;
  };

  std::vector<std::vector<Term>> terms(const earshot::Item& item,
                                       std::int64_t clip) const;  ///< by frame
  std::int64_t row(const std::string& key) const;                 ///< -1: unknown

  std::map<std::string, std::int64_t> rows_;  ///< "name=class"; "name" and "name*" for numbers
  std::map<std::string, Scale> scales_;       ///< of numbers
  at::Tensor embeddings_;
};

}  // namespace audio_qa
