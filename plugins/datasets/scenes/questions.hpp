#pragma once
#include <array>
#include <string>
#include <vector>

#include "design.hpp"

namespace earshot::scenes {

/// Subjects of questions: the factors of a scene, and the mood, which is a function of the event.
enum class Topic { event, room, distance, noise, noise_type, quality, mood };
inline constexpr int topics = 7;
/// All topics, in the order of captions.
inline constexpr std::array<Topic, topics> in_captions = {
    Topic::distance,   Topic::event,   Topic::room, Topic::noise,
    Topic::noise_type, Topic::quality, Topic::mood};

/// Name of a topic in questions: "sound", "place", "noise level".
const char* noun(Topic topic);
/// The possible answers to a topic, one or two words each: "bark", "living room", "far".
const std::vector<std::string>& words(Topic topic);
/// The index in words() for a scene.
int level(Topic topic, const Row& row);
/// The slice `content` of questions about it: event, environment, acoustics or mood.
const char* content(Topic topic);

/// A scene in one sentence, made of words(): "a far bark in a hall, moderate pink noise, a phone
/// recording, a tense mood".
std::string caption(const Row& row);
/// The words of a scene for some topics: "far bark hall".
std::string caption_words(const Row& row, const std::vector<Topic>& of);

/// The categories of the ReasonAQA study, named as in the dataset `reasonaqa`.
enum class Category {
  multiple_choice,
  compare,
  sound_event,
  acoustic_properties,
  mood,
  environment,
  yes_no
};
inline constexpr int categories = 7;
const char* name_of(Category category);
/// The topics that questions of a category are about, in rotation.
const std::vector<Topic>& topics_of(Category category);

}  // namespace earshot::scenes
