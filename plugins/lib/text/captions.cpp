#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <lib/text/captions.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {
namespace {

constexpr int orders = 4;

std::size_t longest_common_subsequence(const std::vector<std::int32_t>& a,
                                       const std::vector<std::int32_t>& b) {
  std::vector<std::size_t> row(b.size() + 1, 0);
  for (const auto word : a) {
    std::size_t diagonal = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto above = row[j + 1];
      row[j + 1] = word == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

double ratio(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void check_caption_metric(std::string_view name) {
  static const std::set<std::string_view> known = {"bleu_1", "bleu_2",  "bleu_3",
                                                   "bleu_4", "rouge_l", "cider_d"};
  if (known.contains(name)) return;
  const std::map<std::string_view, std::string> missing = {
      {"meteor", "WordNet's synonyms and the paraphrase table of METEOR 1.5"},
      {"spice", "Stanford's scene graph parser"},
      {"spider", "SPICE, and therefore Stanford's scene graph parser"},
      {"spider_fl", "SPICE, and the weights of a detector of fluency errors"},
      {"fense", "the weights of a sentence encoder and of a detector of fluency errors"}};
  const auto found = missing.find(name);
  const std::string allowed =
      "; allowed are 'bleu_1' to 'bleu_4', 'rouge_l' and 'cider_d'. Choose one of these";
  if (found != missing.end())
    throw Unsupported("caption metric '" + std::string(name) + "' needs " + found->second +
                      ", which Earshot does not have" + allowed);
  throw ConfigError("caption metric '" + std::string(name) + "' is unknown" + allowed);
}

std::map<std::string, double> CaptionScores::by_name() const {
  std::map<std::string, double> named = {{"rouge_l", rouge_l}};
  for (std::size_t n = 0; n < bleu.size(); ++n)
    named["bleu_" + std::to_string(n + 1)] = bleu[n];
  if (cider_d) named["cider_d"] = *cider_d;
  return named;
}

std::int32_t CaptionCorpus::ngram(std::int32_t prefix, std::int32_t word, int order) {
  const auto key = static_cast<std::uint64_t>(prefix + 1) << 32 | static_cast<std::uint32_t>(word);
  const auto [found, is_new] = ngrams_.try_emplace(key, static_cast<std::int32_t>(ngrams_.size()));
  if (is_new) orders_.push_back(static_cast<std::uint8_t>(order));
  return found->second;
}

CaptionCorpus::Sentence CaptionCorpus::sentence(std::string_view text) {
  Sentence sentence;
  for (const auto& token : caption_tokens(text))
    sentence.words.push_back(
        words_.try_emplace(token, static_cast<std::int32_t>(words_.size())).first->second);
  std::map<std::int32_t, std::int32_t> counts;
  for (std::size_t begin = 0; begin < sentence.words.size(); ++begin) {
    std::int32_t before = -1;
    const auto end = std::min(sentence.words.size(), begin + orders);
    for (auto i = begin; i < end; ++i) {
      before = ngram(before, sentence.words[i], static_cast<int>(i - begin));
      ++counts[before];
    }
  }
  sentence.counts.assign(counts.begin(), counts.end());
  return sentence;
}

std::size_t CaptionCorpus::add(std::string_view candidate,
                               std::span<const std::string> references) {
  if (references.empty())
    throw ContractError("caption '" + std::string(candidate) +
                        "' has no reference; expected at least one");
  Item item{.candidate = sentence(candidate)};
  const auto& words = item.candidate.words;
  std::map<std::int32_t, std::int32_t> most;
  std::pair<std::size_t, std::size_t> closest{static_cast<std::size_t>(-1), 0};
  double precision = 0, recall = 0;
  for (const auto& reference : references) {
    const auto& one = item.references.emplace_back(sentence(reference));
    for (const auto& [id, count] : one.counts)
      most[id] = std::max(most[id], count);
    const auto length = one.words.size();
    closest = std::min(
        closest, {length > words.size() ? length - words.size() : words.size() - length, length});
    const auto common = longest_common_subsequence(words, one.words);
    precision = std::max(precision, ratio(common, words.size()));
    recall = std::max(recall, ratio(common, length));
  }
  item.closest = static_cast<double>(closest.second);
  for (const auto& [id, count] : most)
    item.documented.push_back(id);
  for (const auto& [id, count] : item.candidate.counts)
    if (const auto found = most.find(id); found != most.end())
      item.matched[static_cast<std::size_t>(orders_[static_cast<std::size_t>(id)])] +=
          std::min(count, found->second);
  constexpr double beta2 = 1.2 * 1.2;
  if (precision > 0) item.rouge_l = (1 + beta2) * precision * recall / (recall + beta2 * precision);
  items_.push_back(std::move(item));
  return items_.size() - 1;
}

/// Inverse document frequencies among the items that are scored.
class CaptionCorpus::Weights {
 public:
  Weights(const CaptionCorpus& corpus, const std::vector<const Item*>& items)
      : frequency_(corpus.orders_.size(), 0) {
    for (const auto* item : items)
      for (const auto id : item->documented)
        ++frequency_[static_cast<std::size_t>(id)];
    const auto all = std::log(static_cast<double>(items.size()));
    inverse_.push_back(all);  // n-grams in no reference count as if one reference had them
    for (std::size_t i = 1; i <= items.size(); ++i)
      inverse_.push_back(all - std::log(static_cast<double>(i)));
  }
  double of(std::int32_t ngram) const {
    return inverse_[frequency_[static_cast<std::size_t>(ngram)]];
  }

 private:
  std::vector<std::size_t> frequency_;
  std::vector<double> inverse_{};
};

double CaptionCorpus::cider_d(const Item& item, const Weights& weights) const {
  const auto order = [&](std::int32_t id) {
    return static_cast<std::size_t>(orders_[static_cast<std::size_t>(id)]);
  };
  const auto norms = [&](const Sentence& sentence) {
    std::array<double, orders> squares{};
    for (const auto& [id, count] : sentence.counts)
      squares[order(id)] += std::pow(count * weights.of(id), 2);
    for (auto& square : squares)
      square = std::sqrt(square);
    return squares;
  };
  const auto bigrams = [](const Sentence& sentence) {
    return std::max(0.0, static_cast<double>(sentence.words.size()) - 1);
  };
  const auto candidate = norms(item.candidate);
  double sum = 0;
  for (const auto& reference : item.references) {
    std::array<double, orders> similar{};
    auto other = reference.counts.begin();
    for (const auto& [id, count] : item.candidate.counts) {
      while (other != reference.counts.end() && other->first < id)
        ++other;
      if (other == reference.counts.end()) break;
      if (other->first != id) continue;
      const auto weight = weights.of(id), theirs = other->second * weight;
      similar[order(id)] += std::min(count * weight, theirs) * theirs;
    }
    const auto norm = norms(reference);
    const auto difference = bigrams(item.candidate) - bigrams(reference);
    constexpr double sigma = 6;
    for (std::size_t n = 0; n < similar.size(); ++n) {
      if (candidate[n] != 0 && norm[n] != 0) similar[n] /= candidate[n] * norm[n];
      sum += similar[n] * std::exp(-difference * difference / (2 * sigma * sigma));
    }
  }
  return 10 * sum / (orders * static_cast<double>(item.references.size()));
}

CaptionScores CaptionCorpus::score(std::span<const std::size_t> numbers) const {
  if (numbers.empty()) throw ContractError("no captions to score; expected at least one");
  std::vector<std::size_t> sorted(numbers.begin(), numbers.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<const Item*> items;
  items.reserve(sorted.size());
  for (const auto number : sorted)
    items.push_back(&items_.at(number));

  CaptionScores scores;
  const auto count = static_cast<double>(items.size());
  std::array<double, orders> matched{}, said{};
  double length = 0, closest = 0;
  for (const auto* item : items) {
    const auto words = static_cast<double>(item->candidate.words.size());
    length += words;
    closest += item->closest;
    for (std::size_t n = 0; n < said.size(); ++n) {
      matched[n] += item->matched[n];
      said[n] += std::max(0.0, words - static_cast<double>(n));
    }
    scores.rouge_l += item->rouge_l / count;
  }
  // The tiny numbers are those of COCO's program, so that an empty caption scores 0.
  constexpr double tiny = 1e-15, small = 1e-9;
  const auto brevity = (length + tiny) / (closest + small);
  double product = 1;
  for (std::size_t n = 0; n < said.size(); ++n) {
    product *= (matched[n] + tiny) / (said[n] + small);
    scores.bleu[n] = std::pow(product, 1 / static_cast<double>(n + 1));
    if (brevity < 1) scores.bleu[n] *= std::exp(1 - 1 / brevity);
  }
  if (items.size() < 2) return scores;
  const Weights weights(*this, items);
  scores.cider_d = 0;
  for (const auto* item : items)
    *scores.cider_d += cider_d(*item, weights) / count;
  return scores;
}

}  // namespace earshot::kit
