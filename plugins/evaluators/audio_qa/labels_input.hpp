#pragma once
#include <map>
#include <string>

#include <earshot/trial.hpp>

namespace audio_qa {

/// The true labels of items as frames of learnt embeddings, as an encoder would give them that
/// hears exactly what is asked for: one frame for each label of a class, for each number (a base
/// and, scaled to variance 1 over the training items, a direction), and for each member of a set.
/// Labels that are text say nothing here. Those called after kit::second_clip_label are of
/// the second clip, where they are given as the first clip's would be.
class LabelsInput {
 public:
  /// Of all labels that training items have; embeddings are drawn from the default generator.
  /// @throws ConfigError when there are none.
  void learn(const earshot::Trial& trial, std::int64_t dim, c10::Device device);

  /// Whether the item has known labels of clip 0 or 1.
  /// @throws DataError where it has none of its first clip.
  bool knows(const earshot::Item& item, std::int64_t clip) const;
  /// Of items that it knows; differentiable in embeddings().
  earshot::FeatureBatch frames(const std::vector<earshot::Item>& items, std::int64_t clip) const;

  const at::Tensor& embeddings() const { return embeddings_; }  ///< float32 (rows, dim)

  /// Into `state`, and back.
  void save(earshot::State& state) const;
  void load(const earshot::State& state, c10::Device device);

 private:
  struct Scale {
    double mean = 0, deviation = 1;
  };
  /// A row of the embeddings, and how much of it.
  struct Term {
    std::int64_t row = 0;
    double amount = 1;
  };

  std::vector<std::vector<Term>> terms(const earshot::Item& item,
                                       std::int64_t clip) const;  ///< by frame
  std::int64_t row(const std::string& key) const;                 ///< -1: unknown

  std::map<std::string, std::int64_t> rows_;  ///< "name=class", "name" and "name*" of numbers
  std::map<std::string, Scale> scales_;       ///< of numbers
  at::Tensor embeddings_;
};

}  // namespace audio_qa
