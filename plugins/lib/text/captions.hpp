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

/// The tokens of a caption for the metrics of COCO captions and aac-metrics: those of Stanford's
/// PTBTokenizer 3.4.1 with -lowerCase, without quotes, hyphens, commas, full stops and similar
/// punctuation. "A man's voice, it isn't loud." is a, man, 's, voice, it, is, n't, loud.
/// Parentheses stay, as "-lrb-": the original's list of dropped tokens has them in capitals, so it
/// never matches.
///
/// Reimplements its rules for English sentences: identical to the Java program on the 6,921
/// captions of AudioCaps' validation and test. Not implemented are Internet addresses, smileys, and
/// rare abbreviations.
std::vector<std::string> caption_tokens(std::string_view text);

/// Accepts "bleu_1" to "bleu_4", "rouge_l", "cider_d".
/// @throws Unsupported for "meteor", "spice", "spider", "fense" and "spider_fl", with what they
/// would need; ConfigError for anything else. A missing metric is never 0.
void check_caption_metric(std::string_view name);

/// BLEU-1 to -4 (Papineni et al. 2002; over the corpus, with the closest length of a reference; 0
/// to 1), ROUGE-L (Lin 2004; F with beta 1.2 of the best precision and the best recall over
/// references; mean over items) and CIDEr-D (Vedantam et al. 2015; n = 1 to 4, sigma 6, times 10;
/// document frequencies from the references of the scored items).
struct CaptionScores {
  std::array<double, 4> bleu{};
  double rouge_l = 0;
  std::optional<double> cider_d{};  ///< nullopt for fewer than two items: all weights are 0
  std::map<std::string, double> by_name() const;  ///< without cider_d if it has no value
};

/// Captions with their references, prepared so that any subset is scored in milliseconds.
class CaptionCorpus {
 public:
  /// @returns the index of the item: 0, 1, ...
  /// @param candidate the generated caption; without a token it scores 0.
  /// @throws ContractError without a reference.
  std::size_t add(std::string_view candidate, std::span<const std::string> references);

  std::size_t size() const { return items_.size(); }

  /// The score of one item; the corpus score is the mean over items.
  double rouge_l(std::size_t item) const { return items_.at(item).rouge_l; }

  /// For items in any order, which does not change a bit of the result; an item that is named twice
  /// counts twice, as in a bootstrap. @throws ContractError if there are none.
  CaptionScores score(std::span<const std::size_t> items) const;

 private:
  /// n-grams are numbered across all items and orders.
  struct Sentence {
    std::vector<std::int32_t> words{};
    std::vector<std::pair<std::int32_t, std::int32_t>> counts{};  ///< n-gram and count, by n-gram
  };
  struct Item {
    Sentence candidate{};
    std::vector<Sentence> references{};
    std::vector<std::int32_t> documented{};  ///< n-grams of the references, each once
    std::array<double, 4> matched{};         ///< BLEU's clipped counts
    double closest = 0;                      ///< length of the closest reference
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
