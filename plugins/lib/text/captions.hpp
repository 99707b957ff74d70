#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace earshot::kit {

/// The tokens of a caption as the metrics of COCO captions, and aac-metrics after them, see it:
/// those of Stanford's PTBTokenizer 3.4.1 with -lowerCase, less quotes, hyphens, commas, full stops
/// and the like. "A man's voice, it isn't loud." is a, man, 's, voice, it, is, n't, loud.
/// Parentheses stay, as "-lrb-": the list of what is dropped there has them in capitals, and never
/// meets them.
///
/// A rewriting of its rules for English sentences: equal to the Java program on the 6,921 captions
/// of AudioCaps' validation and test. Not rewritten are addresses of the Internet, smileys, and
/// rare abbreviations.
std::vector<std::string> caption_tokens(std::string_view text);

/// "bleu_1" to "bleu_4", "rouge_l", "cider_d".
/// @throws Unsupported for "meteor", "spice", "spider", "fense" and "spider_fl", with what they
/// would need; ConfigError for anything else. A metric that is not there is never 0.
void check_caption_metric(std::string_view name);

/// BLEU-1 to -4 (Papineni et al. 2002; of the corpus, with the closest length of a reference; 0 to
/// 1), ROUGE-L (Lin 2004; F with beta 1.2 of the best precision and the best recall over
/// references; mean over items) and CIDEr-D (Vedantam et al. 2015; n = 1 to 4, sigma 6, times 10;
/// document frequencies from the references of the items that are scored).
struct CaptionScores {
  std::array<double, 4> bleu{};
  double rouge_l = 0;
  std::optional<double> cider_d{};  ///< nothing for less than two items: every word's weight is 0
  std::map<std::string, double> by_name() const;  ///< without cider_d where there is none
};

/// Captions with their references, prepared so that any part of them is scored in milliseconds.
class CaptionCorpus {
 public:
  /// @returns the number of the item: 0, 1, ...
  /// @param candidate what was said; without a token it scores 0.
  /// @throws ContractError without a reference.
  std::size_t add(std::string_view candidate, std::span<const std::string> references);

  std::size_t size() const { return items_.size(); }

  /// Of one item: its share of the mean over items.
  double rouge_l(std::size_t item) const { return items_.at(item).rouge_l; }

  /// Of items in any order, which changes no bit of the result; one that is named twice counts
  /// twice, as in a bootstrap. @throws ContractError for none.
  CaptionScores score(std::span<const std::size_t> items) const;

 private:
  /// n-grams are numbered, over all items and orders.
  struct Sentence {
    std::vector<std::int32_t> words{};
    std::vector<std::pair<std::int32_t, std::int32_t>> counts{};  ///< n-gram and count, by n-gram
  };
  struct Item {
    Sentence candidate{};
    std::vector<Sentence> references{};
    std::vector<std::int32_t> documented{};  ///< n-grams of the references, each once
    std::array<double, 4> matched{};         ///< BLEU's clipped counts
    double closest = 0;                      ///< length of a reference
    double rouge_l = 0;
  };
  class Weights;
  Sentence sentence(std::string_view text);
  std::int32_t ngram(std::int32_t prefix, std::int32_t word, int order);
  double cider_d(const Item& item, const Weights& weights) const;

  std::vector<Item> items_{};
  std::unordered_map<std::string, std::int32_t> words_{};
  std::unordered_map<std::uint64_t, std::int32_t> ngrams_{};  ///< by the n-gram before, and a word
  std::vector<std::uint8_t> orders_{};                        ///< of each n-gram: 0 for one word
};

}  // namespace earshot::kit
