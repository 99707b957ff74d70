#include <earshot/plugin.hpp>

#include "folder.hpp"

EARSHOT_PLUGIN("folder", "1.1.0", "Audio in one folder per class") {
  registrar.add<folder::Folder>("folder", "Audio files in one folder per class");
}
