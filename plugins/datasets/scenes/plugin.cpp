#include <earshot/plugin.hpp>

#include "scene_questions.hpp"
#include "scenes.hpp"

EARSHOT_PLUGIN("scenes", "1.0.0", "Synthetic sound scenes with exact acoustic ground truth") {
  registrar.add<earshot::scenes::Scenes>("scenes",
                                         "Events in rooms unseen in training, with noise and "
                                         "recording chain");
  registrar.add<earshot::scenes::ScenesSeenRooms>("scenes_seen_rooms",
                                                  "The same with the rooms of the training clips");
  registrar.add<earshot::scenes::SceneQuestions>(
      "scene_questions", "Questions about scenes in 7 categories, with exact short answers");
}
