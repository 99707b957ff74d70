#include "design.hpp"

#include <numeric>
#include <utility>

#include <earshot/kit/random.hpp>

namespace earshot::scenes {

namespace {

constexpr std::int64_t block_size = events * room_kinds;
constexpr std::int64_t unit_size = 6 * block_size;

std::vector<std::int64_t> permutation(std::int64_t count, kit::Random& random) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = count - 1; i > 0; --i)
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(random.below(i + 1))]);
  return order;
}

/// Permutations of the levels of all factors.
struct Labels {
  explicit Labels(std::uint64_t seed) : random(seed) {}
  kit::Random random;
  std::vector<std::int64_t> event = permutation(events, random),
                            room = permutation(room_kinds, random),
                            distance = permutation(distances, random),
                            noise = permutation(noise_levels, random),
                            noise_type = permutation(noise_kinds, random),
                            quality = permutation(qualities, random);
};

int pick(const std::vector<std::int64_t>& labels, std::int64_t level) {
  return static_cast<int>(labels[static_cast<std::size_t>(level)]);
}

Row row(Split split, std::int64_t number, const Labels& labels) {
  const std::int64_t place = number % unit_size;
  const std::int64_t block = place / block_size, line = place % block_size / events;
  // Along a line, both events and rooms rotate, so that the beginning of a block is nearly
  // balanced, too.
  const std::int64_t e = place % events, r = (line + e) % room_kinds;
  const std::int64_t e3 = e % 3, e4 = e / 3, r3 = r % 3, r2 = r / 3;
  const std::int64_t alternating = (block % 3 + r3 + block / 3) % 2;
  const std::int64_t type = 2 * ((e4 / 2) ^ r2) + ((e4 % 2) ^ alternating);
  return {.split = split,
          .event = pick(labels.event, e),
          .room = pick(labels.room, r),
          .distance = pick(labels.distance, (e3 + r3) % 3),
          .noise = pick(labels.noise, (e3 + 2 * r3) % 3),
          .noise_type = pick(labels.noise_type, type),
          .quality = pick(labels.quality, (e3 + r3 + block) % 3),
          .number = number};
}

}  // namespace

std::vector<Row> cross(std::int64_t clips, std::uint64_t world) {
  const std::int64_t train = clips / 2, validation = clips / 4;
  const std::int64_t counts[] = {train, validation, clips - train - validation};
  std::vector<Row> rows;
  rows.reserve(static_cast<std::size_t>(clips));
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    const auto index = static_cast<std::int64_t>(split);
    const std::uint64_t seed = kit::derive(world, "design", index);
    for (std::int64_t number = 0; number < counts[index];) {
      const Labels labels(kit::derive(seed, "labels", number / unit_size));
      const std::int64_t end = std::min(counts[index], (number / unit_size + 1) * unit_size);
      for (; number < end; ++number)
        rows.push_back(row(split, number, labels));
    }
  }
  return rows;
}

Shuffler::Shuffler(std::uint64_t seed, std::int64_t count)
    : seed_(seed), order_(static_cast<std::size_t>(count)), next_(order_.size()) {}

std::int64_t Shuffler::next() {
  if (next_ == order_.size()) {
    kit::Random random(kit::derive(seed_, "deck", round_++));
    order_ = permutation(static_cast<std::int64_t>(order_.size()), random);
    next_ = 0;
  }
  return order_[next_++];
}

}  // namespace earshot::scenes
