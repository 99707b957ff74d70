#include "host/report/verify.hpp"

#include <algorithm>

#include "host/base/failure.hpp"
#include "host/base/plain_text.hpp"
#include "host/report/page.hpp"
#include "protocol/error.hpp"

namespace earshot::host {
namespace {

constexpr std::size_t most_text = 120;  ///< bytes of a value in a message

[[noreturn]] void refuse_page(const std::string& where, const std::string& why) {
  throw Failure(ExitCode::usage, "runner verify: " + where + " " + why);
}

std::string value_text(const Json& value) {
  if (value.is_null()) return "nothing";
  if (value.is_array()) return "a list of " + std::to_string(value.size());
  return short_text(value.is_string() ? "'" + value.get<std::string>() + "'"
                                      : value.dump(-1, ' ', false, Json::error_handler_t::replace),
                    most_text);
}

/// What people call an element of a list: its name, label or title, and otherwise its number.
std::string element_text(const std::string& list, const Json& element, std::size_t index) {
  if (element.is_object())
    for (const auto* key : {"name", "label", "title", "id"})
      if (const auto found = element.find(key); found != element.end() && found->is_string() &&
                                                !found->get_ref<const std::string&>().empty())
        return list + " '" + short_text(found->get<std::string>(), most_text) + "'";
  return list + " " + std::to_string(index + 1);
}

class Differences {
 public:
  explicit Differences(std::size_t most) : most_(most) {}

  void compare(const std::string& where, const Json& page, const Json& now) {
    if (page == now) return;
    if (page.is_object() && now.is_object()) {
      for (const auto& [key, value] : now.items())
        compare(join(where, key), page.value(key, Json()), value);
      for (const auto& [key, value] : page.items())
        if (!now.contains(key)) add(join(where, key), value, Json());
      return;
    }
    if (page.is_array() && now.is_array() && page.size() == now.size()) {
      const auto at = where.rfind(", ");
      const auto head = at == std::string::npos ? "" : where.substr(0, at + 2);
      const auto list = at == std::string::npos ? where : where.substr(at + 2);
      for (std::size_t i = 0; i < page.size(); ++i)
        compare(head + element_text(list, now[i], i), page[i], now[i]);
      return;
    }
    add(where, page, now);
  }

  std::vector<std::string> lines() const {
    auto lines = lines_;
    if (found_ > lines_.size())
      lines.push_back("... " + std::to_string(found_) + " differences in all");
    return lines;
  }

 private:
  static std::string join(const std::string& where, const std::string& key) {
    return where.empty() ? key : where + ", " + key;
  }
  void add(const std::string& where, const Json& page, const Json& now) {
    if (++found_ > most_) return;
    lines_.push_back(where + ": the page says " + value_text(page) + ", the results " +
                     value_text(now));
  }

  std::size_t most_, found_ = 0;
  std::vector<std::string> lines_{};
};

}  // namespace

ReadPage read_page(std::string_view content, const std::string& where) {
  if (!is_page(content)) refuse_page(where, "is not a page of 'runner report'");
  const auto place = data_of_page(content);
  if (!place) refuse_page(where, "has lost its data; has it been edited or cut off?");
  ReadPage page;
  page.data = Json::parse(place->data, nullptr, false);
  if (!page.data.is_object())
    refuse_page(where, "has data that cannot be read; has it been edited or cut off?");
  const auto format = page.data.find("format");
  const bool numbered = format != page.data.end() && format->is_number_integer();
  if (!numbered || *format != page_format)
    refuse_page(
        where,
        "is a page of format " + (numbered ? format->dump() : std::string("1")) +
            "; this Earshot reads format " + std::to_string(page_format) +
            ". Verify it with the version that made it" +
            (page.data.contains("generator") ? ", " + value_text(page.data["generator"]) : "") +
            ", or write it again with 'runner report'");
  try {
    for (const auto& experiment : page.data.at("experiments"))
      page.experiments.push_back(experiment.at("name").get<std::string>());
  } catch (const Json::exception&) {
    refuse_page(where, "does not say which experiments it shows; has it been edited?");
  }
  page.same_frame = place->frame == page_template;
  return page;
}

std::vector<std::string> page_differences(const Json& page, const Json& now, std::size_t most) {
  auto compared = page;
  compared["generator"] = now.value("generator", Json());
  compared.erase("sounds");
  Differences differences(most);
  differences.compare("", compared, now);
  return differences.lines();
}

}  // namespace earshot::host
