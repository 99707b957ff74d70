#pragma once
#include <vector>

#include "questions.hpp"
#include "scenes.hpp"

namespace earshot::scenes {

/// Questions on the clips of `scenes`, whose answers follow from how a clip was made. Each clip has
/// so many questions of each category, in the order clip, category, number, which share its audio.
///
///   sound_event, acoustic_properties, mood, environment   "what is the sound?" bark
///   multiple_choice                                       the same with four choices
///   yes_no                                                "is the sound bark?"
///   compare, of two clips                                 "is the sound the same?" yes
///
/// What is asked, of which, and the place of the answer are dealt, so that nothing but the audio
/// tells: among the questions of one text, yes and no, and the places of choices are equally
/// frequent, as are the words of open answers. The second clip of a comparison is another clip of
/// its split, and both are needed to tell.
class SceneQuestions final : public Dataset {
 public:
  static OptionSchema options();
  SceneQuestions(const Options& options, const Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(plans_.size()); }
  std::vector<LabelSpec> labels() const override;
  Item item(std::int64_t index) const override;
  AudioBatch synthesize(std::int64_t index, std::int64_t clip) const override;

 private:
  struct Plan {
    std::int64_t clip = 0, second = -1;  ///< numbers of scenes; -1: none
    Category category{};
    Topic topic{};
    int number = 0;            ///< among the questions of its clip and category
    int asked = -1;            ///< level that the question names; -1: none
    std::vector<int> choices;  ///< levels
    std::string answer;
  };
  class Dealer;

  Question question_of(const Plan& plan) const;
  std::string caption_of(const Plan& plan, std::int64_t scene) const;

  Scenes scenes_;
  std::array<std::int64_t, categories> counts_{};  ///< questions on a scene, by category
  std::uint64_t seed_;
  std::string captions_;
  std::vector<Plan> plans_{};
};

}  // namespace earshot::scenes
