#include <algorithm>
#include <functional>

#include <ATen/ATen.h>

#include <earshot/error.hpp>
#include <earshot/kit/name_map.hpp>

namespace earshot::kit {

namespace {

std::string listed(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::string listed(const std::vector<std::string>& texts) {
  constexpr std::size_t most = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, texts.size()); ++i)
    text += (i > 0 ? ", " : "") + texts[i];
  if (texts.size() > most) text += " and " + std::to_string(texts.size() - most) + " more";
  return text;
}

std::vector<std::string> quoted(std::vector<std::string> names) {
  for (auto& name : names)
    name = "'" + name + "'";
  return names;
}

std::map<std::string, std::vector<std::int64_t>> shapes_of(
    const std::map<std::string, at::Tensor>& model) {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const auto& [name, tensor] : model)
    shapes[name] = tensor.sizes().vec();
  return shapes;
}

Matching match_or_throw(const Checkpoint& checkpoint, const NameMap& names,
                        const std::map<std::string, std::vector<std::int64_t>>& shapes) {
  auto matching = match(checkpoint, names, shapes);
  if (!matching.fits())
    throw DataError(checkpoint.path().string() + ": does not fit the model: " + matching.report());
  return matching;
}

}  // namespace

NameMap& NameMap::under(std::string prefix) {
  rules_.push_back({Kind::under, std::move(prefix)});
  return *this;
}

NameMap& NameMap::strip(std::string prefix) {
  rules_.push_back({Kind::strip, std::move(prefix)});
  return *this;
}

NameMap& NameMap::replace(const std::string& pattern, std::string with) {
  rules_.push_back({Kind::replace, std::move(with), std::regex(pattern)});
  return *this;
}

NameMap& NameMap::ignore(const std::string& pattern) {
  rules_.push_back({Kind::ignore, "", std::regex(pattern)});
  return *this;
}

NameMap& NameMap::optional(const std::string& pattern) {
  optional_.emplace_back(pattern);
  return *this;
}

std::optional<std::string> NameMap::operator()(std::string name) const {
  for (const auto& rule : rules_) {
    const bool begins = name.starts_with(rule.text);
    switch (rule.kind) {
      case Kind::under:
        if (!begins) return std::nullopt;
        [[fallthrough]];
      case Kind::strip:
        if (begins) name.erase(0, rule.text.size());
        break;
      case Kind::replace:
        name = std::regex_replace(name, rule.pattern, rule.text);
        break;
      case Kind::ignore:
        if (std::regex_search(name, rule.pattern)) return std::nullopt;
    }
  }
  return name;
}

bool NameMap::is_optional(const std::string& name) const {
  return std::any_of(optional_.begin(), optional_.end(),
                     [&](const auto& pattern) { return std::regex_search(name, pattern); });
}

std::string Matching::report() const {
  std::vector<std::string> parts;
  const auto count = [&](std::size_t n, const std::string& one, const std::string& many) {
    const std::string subject = parts.empty() ? (n == 1 ? " tensor " : " tensors ") : " ";
    return std::to_string(n) + subject + (n == 1 ? one : many) + ": ";
  };
  if (!missing.empty())
    parts.push_back(count(missing.size(), "is missing", "are missing") + listed(quoted(missing)));
  if (!unexpected.empty())
    parts.push_back(count(unexpected.size(), "is unexpected", "are unexpected") +
                    listed(quoted(unexpected)));
  std::vector<std::string> shapes;
  for (const auto& tensor : misshapen)
    shapes.push_back("'" + tensor.name + "' is " + listed(tensor.found) + " and should be " +
                     listed(tensor.expected));
  if (!shapes.empty())
    parts.push_back(count(shapes.size(), "has another shape", "have other shapes") +
                    listed(shapes));
  std::string text;
  for (const auto& part : parts)
    text += (text.empty() ? "" : "; ") + part;
  return text;
}

Matching match(const Checkpoint& checkpoint, const NameMap& names,
               const std::map<std::string, std::vector<std::int64_t>>& shapes) {
  Matching matching;
  std::map<std::string, std::string> taken;
  for (const auto& name : checkpoint.names()) {
    const auto ours = names(name);
    if (!ours) continue;
    const auto [other, added] = taken.emplace(*ours, name);
    if (!added)
      throw DataError(checkpoint.path().string() + ": '" + other->second + "' and '" + name +
                      "' are both '" + *ours + "' in the model");
    const auto wanted = shapes.find(*ours);
    if (wanted == shapes.end())
      matching.unexpected.push_back(name);
    else if (wanted->second != checkpoint.shape(name))
      matching.misshapen.push_back({name, checkpoint.shape(name), wanted->second});
    else
      matching.source[*ours] = name;
  }
  for (const auto& [name, shape] : shapes)
    if (!taken.contains(name) && !names.is_optional(name)) matching.missing.push_back(name);
  return matching;
}

void load(const Checkpoint& checkpoint, const NameMap& names,
          const std::map<std::string, at::Tensor>& model) {
  for (const auto& [ours, theirs] : match_or_throw(checkpoint, names, shapes_of(model)).source)
    checkpoint.read(theirs, model.at(ours));
}

std::map<std::string, at::Tensor> take(
    const Checkpoint& checkpoint, const NameMap& names,
    const std::map<std::string, std::vector<std::int64_t>>& shapes) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [ours, theirs] : match_or_throw(checkpoint, names, shapes).source)
    tensors[ours] = checkpoint.get(theirs);
  return tensors;
}

}  // namespace earshot::kit
