#pragma once
#include <filesystem>
#include <string>

#include <sqlite3.h>

#include "fixture.hpp"

// Results files for tests that damage or copy them.

namespace earshot::host {

/// A file of 40 finished cells, closed cleanly.
inline void make_results(const std::filesystem::path& file) {
  Store store(file, Store::Mode::write);
  const auto plan = small({"a", "b"}, {"room", "quality"}, 10);
  record(store, plan);
  for (const auto& cell : plan.cells)
    run_cell(store, cell.key, ok_run());
}

inline void change(const std::filesystem::path& file, const std::string& sql) {
  Connection(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "x").execute(sql);
}

inline std::string refusal(const std::filesystem::path& file,
                           Store::Mode mode = Store::Mode::write) {
  return failure_of([&] { Store store(file, mode); });
}

}  // namespace earshot::host
