#pragma once
#include <vector>

#include <earshot/audio.hpp>
#include <earshot/features.hpp>
#include <earshot/kit/random.hpp>

namespace representation {

/// Stretches of equal length cut out of clips, with the teacher's frames of the same stretches.
class Crops {
 public:
  /// @param seconds  maximum length; 0: clips stay whole
  /// @param needs    of the encoder
  /// @throws ConfigError if a stretch would be shorter than the encoder allows.
  Crops(double seconds, const earshot::AudioNeeds& needs);

  struct Cut {
    earshot::AudioBatch audio{};
    earshot::FeatureBatch teacher{};  ///< values undefined if there were none
  };
  /// At random places, drawn from `random` for one clip after the other; of clips that are shorter,
  /// everything. With a teacher, a stretch begins where one of its frames does.
  Cut random(const Cut& whole, earshot::kit::Random& random) const;
  /// From the middle of each clip.
  Cut centre(const Cut& whole) const;

 private:
  template <class Choose>
  Cut cut(const Cut& whole, const Choose& choose) const;

  double seconds_;
};

}  // namespace representation
