#include "questions.hpp"

#include <algorithm>

#include "events.hpp"
#include "noise.hpp"
#include "recorder.hpp"
#include "room.hpp"
#include "scene.hpp"

namespace earshot::scenes {

namespace {

using Words = std::vector<std::string>;

template <std::size_t size>
Words words_of(const std::array<const char*, size>& names) {
  Words words(names.begin(), names.end());
  for (auto& word : words)
    std::replace(word.begin(), word.end(), '_', ' ');
  return words;
}

constexpr std::array<const char*, 3> mood_names = {"calm", "lively", "tense"};
/// Moods of events, in the order of event_names: alarm, bark, bell, bird, clapping, drum, engine,
/// glass, knock, rain, siren, speech; four events for each mood.
constexpr std::array<int, 12> moods = {2, 2, 0, 0, 1, 1, 0, 2, 1, 0, 2, 1};

struct About {
  const char *noun, *content;
  Words words;
};

const About& about(Topic topic) {
  static const std::array<About, topics> all = {{
      {"sound", "event", words_of(event_names)},
      {"place", "environment", words_of(room_names)},
      {"distance", "acoustics", words_of(distance_names)},
      {"noise level", "acoustics", words_of(snr_names)},
      {"noise type", "acoustics", words_of(noise_names)},
      {"recording", "acoustics", words_of(quality_names)},
      {"mood", "mood", words_of(mood_names)},
  }};
  return all[static_cast<std::size_t>(topic)];
}

const std::string& word_of(Topic topic, const Row& row) {
  return words(topic)[static_cast<std::size_t>(level(topic, row))];
}

}  // namespace

const char* noun(Topic topic) {
  return about(topic).noun;
}

const char* content(Topic topic) {
  return about(topic).content;
}

const Words& words(Topic topic) {
  return about(topic).words;
}

int level(Topic topic, const Row& row) {
  const std::array<int, topics> levels = {row.event,
                                          row.room,
                                          row.distance,
                                          row.noise,
                                          row.noise_type,
                                          row.quality,
                                          moods[static_cast<std::size_t>(row.event)]};
  return levels[static_cast<std::size_t>(topic)];
}

std::string caption(const Row& row) {
  const auto word = [&](Topic topic) { return word_of(topic, row); };
  return "a " + word(Topic::distance) + " " + word(Topic::event) + " in a " + word(Topic::room) +
         ", " + word(Topic::noise) + " " + word(Topic::noise_type) + " noise, a " +
         word(Topic::quality) + " recording, a " + word(Topic::mood) + " mood";
}

std::string caption_words(const Row& row, const std::vector<Topic>& of) {
  std::string text;
  for (const auto topic : of)
    text += (text.empty() ? "" : " ") + word_of(topic, row);
  return text;
}

const char* name_of(Category category) {
  constexpr std::array<const char*, categories> names = {
      "multiple_choice", "compare", "sound_event", "acoustic_properties", "mood",
      "environment",     "yes_no"};
  return names[static_cast<std::size_t>(category)];
}

const std::vector<Topic>& topics_of(Category category) {
  using enum Topic;
  static const std::array<std::vector<Topic>, categories> all = {{
      {event, room, noise_type},
      {event, distance, noise, quality},
      {event},
      {distance, noise, quality, noise_type},
      {mood},
      {room},
      {event, room, distance, noise, quality},
  }};
  return all[static_cast<std::size_t>(category)];
}

}  // namespace earshot::scenes
