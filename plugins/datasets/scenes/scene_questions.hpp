#pragma once
#include <vector>

#include "questions.hpp"
#include "scenes.hpp"

namespace earshot::scenes {

/// Questions about the clips of `scenes`, whose answers follow from how a clip was made. Each clip
/// has a given number of questions of each category, which share its audio, in the order clip,
/// category, number.
///
///   sound_event, acoustic_properties, mood, environment   "what is the sound?" bark
///   multiple_choice                                       the same with four choices
///   yes_no                                                "is the sound bark?"
///   compare, of two clips                                 "is the sound the same?" yes
///
/// The topic, the clips and the position of the answer are balanced, so that only the audio reveals
/// the answer: among questions with the same text, yes and no and the positions of choices are
/// equally frequent, as are the words of open answers. The second clip of a comparison is another
/// clip of its split, and both are needed to answer.
class SceneQuestions final : public Dataset {
 public:
  static OptionSchema options();
  SceneQuestions(const Options& options, const Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(plans_.size()); }
  std::vector<LabelSpec> labels() const override;
  Item item(std::int64_t index) const override;
  AudioBatch synthesize(std::int64_t index, std::int64_t clip) const override;
  std::map<SliceRole, std::string> slice_roles() const override {
    return {{SliceRole::answer_origin, "gold_from"}};
  }

 private:
  struct Plan {
    std::int64_t clip = 0, second = -1;  ///< indices of scenes; -1: none
    Category category{};
    Topic topic{};
    int number = 0;            ///< among the questions of its clip and category
    int asked = -1;            ///< level named in the question; -1: none
    std::vector<int> choices;  ///< levels
    std::string answer;
  };
  class Dealer;

  Question question_of(const Plan& plan) const;
  std::string caption_of(const Plan& plan, std::int64_t scene) const;

  Scenes scenes_;
  std::array<std::int64_t, categories> counts_{};  ///< number of questions per scene, by category
  std::uint64_t seed_;
  std::string captions_;
  std::vector<Plan> plans_{};
};

}  // namespace earshot::scenes
