#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "host/report/page_data.hpp"

namespace earshot::host {

/// A report with its charting library may have this many bytes, so that mail servers accept it.
constexpr std::size_t largest_page = 20'000'000;

/// The page that draws any PageData, built from the files of page/; "" if this program was built
/// without D3, which draws its charts.
extern const std::string_view page_template;

/// A text as JSON that may stand inside a <script>: no `<`, which could end it, and neither U+2028
/// nor U+2029, at which older browsers end a line.
std::string script_json(const Json& value);

/// Thins and then leaves out the parts that matter least until script_json() of the data is not
/// longer than `most` bytes, and says so in `left_out`: learning curves, answers, slices, the
/// experiments' files, tables of provenance. What is left may still be longer.
void fit(PageData& data, std::size_t most);

/// What a page of at most `most` bytes leaves for its data.
std::size_t room_for_data(std::size_t most = largest_page);

/// One self-contained HTML file. Thins the data until it is not longer than `most` bytes, if that
/// is possible, and says what was left out.
/// @throws Failure (usage) if page_template is empty, saying what to install
std::string page_of(PageData& data, std::size_t most = largest_page);

/// The same page without data: it gets them from the server that it comes from, and draws them
/// again when they change (page/live.js, host/view).
/// @throws Failure (usage) as page_of() does
std::string live_page();

/// A report, taken apart.
struct PageParts {
  std::string_view data{};  ///< JSON
  std::string frame{};      ///< the page without its data
};

/// Finds the data in a page; nullopt if they have no place or no end.
std::optional<PageParts> data_of_page(std::string_view page);

/// Whether a file's content is a report, which another report may replace.
bool is_page(std::string_view content);

}  // namespace earshot::host
