#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace earshot::testing {

/// The name of a Chromium in PATH, or "" if there is none.
inline std::string browser() {
  for (const std::string name : {"chromium", "chromium-browser", "google-chrome"})
    if (std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0) return name;
  return "";
}

/// The elements of the page at an address after its scripts have run for `seconds` of the page's
/// own time; "" if the browser does not start.
inline std::string dom_of(const std::string& address, const std::string& browser, int seconds = 5) {
  const TemporaryFolder folder;
  const auto path = [&](const char* name) { return "'" + (folder / name).string() + "'"; };
  const auto command = "timeout 120 " + browser +
                       " --headless=new --no-sandbox --disable-gpu --virtual-time-budget=" +
                       std::to_string(1000 * seconds) + " --user-data-dir=" + path("profile") +
                       " --dump-dom '" + address + "' >" + path("dom") + " 2>/dev/null </dev/null";
  if (std::system(command.c_str()) != 0) return "";
  return text_of(folder / "dom");
}

/// The beginning of a page's <html> element, which has its attributes.
inline std::string root_of(const std::string& dom) {
  const auto begin = dom.find("<html");
  return dom.substr(begin, dom.find('>', begin) - begin);
}

}  // namespace earshot::testing
