#include "worker/plugin/abi_tag.hpp"

#include <map>

namespace earshot::worker {

namespace {

std::string kind_of(std::string_view field) {
  const auto starts = [&](std::string_view prefix) {
    return field.substr(0, prefix.size()) == prefix;
  };
  if (starts("sdk")) return "SDK";
  if (starts("torch")) return "LibTorch";
  if (starts("gcc") || starts("clang")) return "compiler";
  if (starts("libstdc++") || starts("libc++")) return "C++ library";
  if (starts("c++")) return "language standard";
  if (starts("sanitizer")) return "sanitizer";
  return "build";
}

std::map<std::string, std::string> fields(std::string_view tag) {
  std::map<std::string, std::string> result;
  while (!tag.empty()) {
    const auto end = tag.find(';');
    const auto field = tag.substr(0, end);
    result[kind_of(field)] = field;
    tag = end == std::string_view::npos ? "" : tag.substr(end + 1);
  }
  return result;
}

std::string shown(const std::string& field) {
  return field.empty() ? "none" : field;
}

}  // namespace

AbiVerdict compare_abi_tags(std::string_view plugin, std::string_view host) {
  AbiVerdict verdict;
  auto theirs = fields(plugin), ours = fields(host);
  for (const auto& [kind, field] : theirs)
    ours.try_emplace(kind);
  for (const auto& [kind, field] : ours) {
    const auto& other = theirs[kind];
    if (other == field) continue;
    const auto difference =
        kind + ": built with " + shown(other) + ", this runner with " + shown(field);
    if (kind == "compiler" || kind == "language standard")
      verdict.warnings.push_back(difference);
    else
      verdict.refusal += (verdict.refusal.empty() ? "" : "; ") + difference;
  }
  return verdict;
}

}  // namespace earshot::worker
