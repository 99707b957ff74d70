#include <earshot/plugin.hpp>

#include "folder.hpp"

EARSHOT_PLUGIN("folder", "1.0.0", "A folder of audio, a folder per class in it") {
  registrar.add<folder::Folder>("folder", "Audio files in a folder per class");
}
