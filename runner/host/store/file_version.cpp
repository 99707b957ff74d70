#include "host/store/file_version.hpp"

#include <sqlite3.h>

#include "host/store/inside.hpp"

namespace earshot::host {

std::int64_t file_version(const Store& store) {
  return connection_of(store).integer("PRAGMA data_version");
}

void interrupt_reading(const Store& store) {
  sqlite3_interrupt(connection_of(store).handle());
}

}  // namespace earshot::host
