#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "host/report/page_data.hpp"

// Whether a page that someone was sent still says what a results file says.

namespace earshot::host {

/// What a report contains apart from the page that is always the same.
struct ReadPage {
  Json data{};                             ///< a PageData
  std::vector<std::string> experiments{};  ///< their names, in the order of the page
  bool same_frame = false;                 ///< whether all the rest is the page of this program
};

/// Reads a report.
/// @param where  its name in messages
/// @throws Failure (usage): it is no report, its data cannot be read, or it is a page of another
/// version
ReadPage read_page(std::string_view content, const std::string& where);

/// Where the data of a page differ from those that the results file gives now, a line each: "claim
/// 'acoustics' of 'ablation', verdict: the page says supported, the results undecided". Which
/// program made the page is not compared, nor are the sounds in it, which plugins would have to
/// read.
/// @param most  lines; one more then says how many there are in all
std::vector<std::string> page_differences(const Json& page, const Json& now, std::size_t most = 20);

}  // namespace earshot::host
