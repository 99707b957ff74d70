#include "host/analyse/choices.hpp"

#include <algorithm>

#include "host/base/failure.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

void check_name(const std::string& what, const std::string& value,
                const std::vector<std::string>& known) {
  if (among(known, value)) return;
  throw Failure(ExitCode::usage, "runner compare: unknown " + what + " '" + value +
                                     "'; allowed are " + protocol::join(known, true) +
                                     protocol::did_you_mean(value, known));
}

bool among(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::vector<std::string> AxisNames::axes() const {
  auto axes = own_.axis_names();
  if (other_ != nullptr)
    for (const auto& axis : other_->axis_names())
      if (!among(axes, axis)) axes.push_back(axis);
  return axes;
}

const std::vector<std::string>& AxisNames::values(const std::string& axis) const {
  const auto [place, fresh] = values_.try_emplace(axis);
  auto& values = place->second;
  if (!fresh) return values;
  values = own_.axis_values(axis);
  if (other_ != nullptr)
    for (const auto& value : other_->axis_values(axis))
      if (!among(values, value)) values.push_back(value);
  return values;
}

Filter::Filter(const std::vector<std::string>& only, const AxisNames& names) {
  auto axes = names.axes();
  axes.insert(axes.end(), {"seed", "fold"});
  for (const auto& text : only) {
    const auto equal = text.find('=');
    if (equal == std::string::npos)
      throw Failure(ExitCode::usage, "runner compare: --only is '" + text +
                                         "'; expected AXIS=VALUE or AXIS=VALUE,VALUE");
    const auto axis = text.substr(0, equal);
    check_name("axis", axis, axes);
    for (const auto& value : split(text.substr(equal + 1), ',')) {
      if (axis != "seed" && axis != "fold")
        check_name("value of axis '" + axis + "':", value, names.values(axis));
      allowed_[axis].insert(value);
    }
  }
}

bool Filter::allows(const std::string& axis, const std::string& value) const {
  const auto found = allowed_.find(axis);
  return found == allowed_.end() || found->second.count(value) > 0;
}

bool Filter::keeps(const Condition& condition, const std::string& compared) const {
  return std::all_of(allowed_.begin(), allowed_.end(), [&](const auto& rule) {
    if (rule.first == "seed" || rule.first == "fold" || rule.first == compared) return true;
    const auto own = condition.axes.find(rule.first);
    return own != condition.axes.end() && rule.second.count(own->second) > 0;
  });
}

void Filter::leave_out_runs(Design& design) const {
  std::erase_if(design.cells, [&](const DesignCell& cell) {
    return !allows("seed", std::to_string(cell.seed)) || !allows("fold", std::to_string(cell.fold));
  });
}

}  // namespace earshot::host
