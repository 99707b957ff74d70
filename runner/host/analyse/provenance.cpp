#include <cmath>

#include "host/analyse/compare.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

std::string joined(const Json& list) {
  std::vector<std::string> texts;
  for (const auto& element : list)
    texts.push_back(element.is_string() ? element.get<std::string>() : element.dump());
  return protocol::join(texts);
}

/// Number of items of one origin; anything but a number counts as 0.
double number_of(const Json& items) {
  return items.is_number() ? items.get<double>() : 0;
}

/// What is known about an encoder's weights, which a reader of differences should know.
std::string weights_line(const EncoderWeights& known) {
  auto line = known.encoder + ": " + (known.weights.empty() ? "" : known.weights + ", ");
  if (known.pretrain_data.is_null())
    line += "training data not stated";
  else
    line += known.pretrain_data.empty() ? "untrained" : "trained on " + joined(known.pretrain_data);
  return line + (known.in_domain.empty() ? "" : "; in domain: " + joined(known.in_domain));
}

/// Where the reference answers of a dataset come from, such as people who listened, or a model that
/// read a caption. "" if no item has an origin.
std::string answers_line(const AnswerOrigins& answers) {
  double all = 0;
  for (const auto& [from, items] : answers.items.items())
    all += number_of(items);
  if (all == 0) return "";
  std::vector<std::string> shares;
  for (const auto& [from, items] : answers.items.items())
    shares.push_back(std::to_string(std::lround(100 * number_of(items) / all)) + " % " + from);
  return "reference answers of " + answers.dataset + ": " + protocol::join(shares);
}

}  // namespace

std::vector<std::string> provenance_lines(const std::vector<EncoderWeights>& weights,
                                          const std::vector<AnswerOrigins>& answers) {
  std::vector<std::string> lines;
  for (const auto& known : weights)
    lines.push_back(weights_line(known));
  for (const auto& origins : answers)
    if (auto line = answers_line(origins); !line.empty()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace earshot::host
