#include "statistics/influence.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

namespace earshot::statistics {
namespace {

static_assert(std::endian::native == std::endian::little,
              "packed() copies numbers in memory order");

constexpr std::string_view mark = "ESI1";

std::vector<std::int32_t> alone(std::int64_t items) {
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(items));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

/// Renumbers groups from 0 in order of first appearance.
std::vector<std::int32_t> renumbered(const std::vector<std::int64_t>& labels) {
  std::vector<std::int64_t> sorted = labels;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<std::int32_t> number(sorted.size(), -1), result;
  std::int32_t next = 0;
  for (const auto label : labels) {
    auto& own = number[static_cast<std::size_t>(
        std::lower_bound(sorted.begin(), sorted.end(), label) - sorted.begin())];
    if (own < 0) own = next++;
    result.push_back(own);
  }
  return result;
}

/// The groups in the order of their smallest hashes, divided into `most` runs of about equal size.
std::vector<std::int64_t> joined(const Partition& groups, std::span<const std::uint64_t> hashes,
                                 std::int64_t most) {
  std::vector<std::uint64_t> smallest(groups.sizes.size(),
                                      std::numeric_limits<std::uint64_t>::max());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    auto& own = smallest[static_cast<std::size_t>(groups.group_of[i])];
    own = std::min(own, hashes[i]);
  }
  std::vector<std::size_t> order(groups.sizes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return smallest[a] < smallest[b]; });
  std::vector<std::int64_t> run_of(groups.sizes.size());
  double before = 0;
  for (const auto group : order) {
    run_of[group] = static_cast<std::int64_t>(before * static_cast<double>(most) /
                                              static_cast<double>(hashes.size()));
    before += groups.sizes[group];
  }
  std::vector<std::int64_t> labels;
  for (const auto group : groups.group_of)
    labels.push_back(run_of[static_cast<std::size_t>(group)]);
  return labels;
}

/// Divides every group into parts in proportion to its share of `most`, by the hashes of its items.
std::vector<std::int64_t> cut(const Partition& groups, std::span<const std::uint64_t> hashes,
                              std::int64_t most) {
  std::vector<std::size_t> order(hashes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return hashes[a] < hashes[b]; });
  std::vector<std::int64_t> seen(groups.sizes.size()), labels(hashes.size());
  for (const auto item : order) {
    const auto group = static_cast<std::size_t>(groups.group_of[item]);
    const double size = groups.sizes[group];
    const double parts = std::max(
        1.0, std::floor(size * static_cast<double>(most) / static_cast<double>(hashes.size())));
    const auto part = static_cast<std::int64_t>(static_cast<double>(seen[group]++) * parts / size);
    labels[item] = static_cast<std::int64_t>(group) * (most + 1) + part;
  }
  return labels;
}

template <class Number>
void append(std::string& bytes, Number number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

template <class Number>
Number take(std::string_view& bytes) {
  Number number{};
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return number;
}

void center(Influences& influences) {
  double sum = 0;
  for (const auto block : influences.block_of)
    sum += influences.values[static_cast<std::size_t>(block)];
  for (auto& value : influences.values)
    value -= sum / static_cast<double>(influences.block_of.size());
}

/// Number of bytes that hold a block's number.
std::size_t width(std::size_t blocks) {
  return blocks <= 0x10000 ? sizeof(std::uint16_t) : sizeof(std::uint32_t);
}

}  // namespace

std::vector<double> Influences::of_items() const {
  std::vector<double> result;
  result.reserve(block_of.size());
  for (const auto block : block_of)
    result.push_back(values[static_cast<std::size_t>(block)]);
  return result;
}

bool Influences::finite() const {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

std::vector<std::int32_t> blocks(const Clusters& clusters, std::span<const std::uint64_t> hashes,
                                 std::int64_t most) {
  if (clusters.items() <= most) return alone(clusters.items());
  const auto& finest = clusters.partitions().back();  // by all dimensions at once
  if (finest.groups() <= most) return renumbered(cut(finest, hashes, most));
  if (clusters.dimensions().size() == 1) return renumbered(joined(finest, hashes, most));
  return renumbered({finest.group_of.begin(), finest.group_of.end()});
}

Influences influences(double metric, std::span<const double> without,
                      std::vector<std::int32_t> block_of) {
  Influences result{.values = {}, .block_of = std::move(block_of)};
  std::vector<double> sizes(without.size());
  for (const auto block : result.block_of)
    sizes[static_cast<std::size_t>(block)] += 1;
  const auto items = static_cast<double>(result.block_of.size());
  for (std::size_t b = 0; b < sizes.size(); ++b)
    result.values.push_back((metric - without[b]) * (items - sizes[b]) / sizes[b]);
  center(result);
  return result;
}

std::string packed(const Influences& influences) {
  std::string bytes(mark);
  append(bytes, static_cast<std::uint32_t>(influences.block_of.size()));
  append(bytes, static_cast<std::uint32_t>(influences.values.size()));
  for (const double value : influences.values)
    append(bytes, static_cast<float>(value));
  if (influences.single()) return bytes;
  for (const auto block : influences.block_of)
    if (width(influences.values.size()) == sizeof(std::uint16_t))
      append(bytes, static_cast<std::uint16_t>(block));
    else
      append(bytes, static_cast<std::uint32_t>(block));
  return bytes;
}

std::optional<Influences> unpacked(std::string_view bytes) {
  constexpr auto head = mark.size() + 2 * sizeof(std::uint32_t);
  if (bytes.size() < head || bytes.substr(0, mark.size()) != mark) return std::nullopt;
  bytes.remove_prefix(mark.size());
  const std::size_t items = take<std::uint32_t>(bytes), count = take<std::uint32_t>(bytes);
  const auto numbers = count == items ? 0 : items * width(count);
  if (count > items || bytes.size() != count * sizeof(float) + numbers) return std::nullopt;
  Influences result;
  for (std::size_t b = 0; b < count; ++b)
    result.values.push_back(take<float>(bytes));
  if (count == items) result.block_of = alone(static_cast<std::int64_t>(items));
  while (result.block_of.size() < items) {
    const std::size_t block = width(count) == sizeof(std::uint16_t) ? take<std::uint16_t>(bytes)
                                                                    : take<std::uint32_t>(bytes);
    if (block >= count) return std::nullopt;
    result.block_of.push_back(static_cast<std::int32_t>(block));
  }
  center(result);
  return result;
}

}  // namespace earshot::statistics
