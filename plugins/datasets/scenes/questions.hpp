#pragma once
#include <array>
#include <string>
#include <vector>

#include "design.hpp"

namespace earshot::scenes {

/// What questions are about: the factors of a scene, and the mood, which is a table of events.
enum class Topic { event, room, distance, noise, noise_type, quality, mood };
inline constexpr int topics = 7;
/// All of them, as captions name them.
inline constexpr std::array<Topic, topics> in_captions = {
    Topic::distance,   Topic::event,   Topic::room, Topic::noise,
    Topic::noise_type, Topic::quality, Topic::mood};

/// What a topic is called in questions: "sound", "place", "noise level".
const char* noun(Topic topic);
/// The answers that a topic has, each a word or two: "bark", "living room", "far".
const std::vector<std::string>& words(Topic topic);
/// The place in words() of a scene.
int level(Topic topic, const Row& row);
/// The slice `content` of questions on it: event, environment, acoustics or mood.
const char* content(Topic topic);

/// All of a scene in one sentence, out of words(): "a far bark in a hall, moderate pink noise,
/// a phone recording, a tense mood".
std::string caption(const Row& row);
/// What it has of some topics as bare words: "far bark hall".
std::string caption_words(const Row& row, const std::vector<Topic>& of);

/// The categories of the study of ReasonAQA, as the dataset `reasonaqa` calls them.
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
/// The topics that questions of a category are about, in turns.
const std::vector<Topic>& topics_of(Category category);

}  // namespace earshot::scenes
