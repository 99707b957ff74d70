#include <earshot/plugin.hpp>

#include "scenes.hpp"

EARSHOT_PLUGIN("scenes", "1.0.0", "Synthetic sound scenes with exact acoustic truth") {
  registrar.add<earshot::scenes::Scenes>("scenes",
                                         "Events in rooms unseen in training, with noise and "
                                         "recording chain");
  registrar.add<earshot::scenes::ScenesSeenRooms>("scenes_seen_rooms",
                                                  "The same with the rooms of the training clips");
}
