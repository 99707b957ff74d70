#pragma once
#include <earshot/plugin.hpp>

namespace earshot::worker {

/// A dataset component whose objects give texts that are UTF-8, whatever the plugin's do: ids,
/// groups and slices as protocol::text_of() writes them, so that names which differ in a byte stay
/// two; labels, classes and questions as protocol::readable() does. Files of clips stay bytes.
Component with_texts(Component dataset);

}  // namespace earshot::worker
