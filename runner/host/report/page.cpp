#include "host/report/page.hpp"

#include <algorithm>

#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

/// In page/index.html; the data follow it.
constexpr std::string_view data_mark = "<script type=\"application/json\" id=\"data\">";
constexpr std::string_view page_mark = "<meta name=\"generator\" content=\"Earshot\">";
/// In the page's content security policy: what has its data inside loads nothing.
constexpr std::string_view loads_nothing = "default-src 'none'";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// The page with these data, a JSON text that may stand inside a <script>.
std::string page_with(std::string_view data, const std::string& command) {
  if (page_template.empty())
    throw Failure(ExitCode::usage,
                  command +
                      ": this runner was built without D3, which draws the charts of its page. "
                      "Install it (Debian's package node-d3), then configure and build again");
  const auto begin = page_template.find(data_mark) + data_mark.size();
  std::string page(page_template.substr(0, begin));
  page += data;
  page += page_template.substr(begin);
  return page;
}

}  // namespace

std::string script_json(const Json& value) {
  auto text = protocol::json_text(value);
  replace_all(text, "<", "\\u003c");
  replace_all(text, "\u2028", "\\u2028");
  replace_all(text, "\u2029", "\\u2029");
  return text;
}

std::size_t room_for_data(std::size_t most) {
  return most - std::min(most, page_template.size());
}

std::string page_of(PageData& data, std::size_t most) {
  fit(data, room_for_data(most));
  return page_with(script_json(data), "runner report");
}

std::string live_page() {
  auto page = page_with(R"({"live":true})", "runner view");
  page.insert(page.find(loads_nothing) + loads_nothing.size(), "; connect-src 'self'");
  return page;
}

std::optional<PageParts> data_of_page(std::string_view page) {
  const auto mark = page.find(data_mark);
  if (mark == std::string_view::npos) return std::nullopt;
  const auto begin = mark + data_mark.size();
  const auto end = page.find("</script>", begin);
  if (end == std::string_view::npos) return std::nullopt;
  return PageParts{.data = page.substr(begin, end - begin),
                   .frame = std::string(page.substr(0, begin)).append(page.substr(end))};
}

bool is_page(std::string_view content) {
  return content.substr(0, 1000).find(page_mark) != std::string_view::npos;
}

}  // namespace earshot::host
