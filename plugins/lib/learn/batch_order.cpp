#include <algorithm>
#include <map>
#include <utility>

#include <lib/learn/batch_order.hpp>

#include <earshot/kit/random.hpp>

namespace earshot::kit {

namespace {

template <class T>
void shuffle(std::vector<T>& values, Random& random) {
  for (auto i = std::ssize(values); i > 1; --i)
    std::swap(values[static_cast<std::size_t>(i - 1)],
              values[static_cast<std::size_t>(random.below(i))]);
}

}  // namespace

BatchOrder::BatchOrder(std::vector<std::int64_t> items, std::vector<std::int64_t> strata,
                       const Settings& settings, Length length)
    : items_(std::move(items)),
      settings_(settings),
      length_(std::move(length)),
      batch_size_(std::min(settings.batch, std::ssize(items_))),
      per_epoch_(std::ssize(items_) / batch_size_) {
  if (strata.empty()) return;
  members_.resize(static_cast<std::size_t>(*std::max_element(strata.begin(), strata.end())) + 1);
  for (std::size_t i = 0; i < items_.size(); ++i)
    members_[static_cast<std::size_t>(strata[i])].push_back(items_[i]);
}

void BatchOrder::draw_epoch(std::int64_t epoch) {
  Random random(derive(settings_.seed, "epoch", epoch));
  order_ = items_;
  epoch_ = epoch;
  window_ = -1;
  if (members_.empty()) {
    shuffle(order_, random);
    return;
  }
  auto pools = members_;
  std::vector<std::size_t> next(pools.size(), 0);
  for (auto& pool : pools)
    shuffle(pool, random);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const auto stratum = i % pools.size();
    auto& pool = pools[stratum];
    if (next[stratum] == pool.size()) {
      shuffle(pool, random);
      next[stratum] = 0;
    }
    order_[i] = pool[next[stratum]++];
  }
  // Otherwise, the strata would be in the same order in each batch.
  shuffle(order_, random);
}

void BatchOrder::draw_window(std::int64_t epoch, std::int64_t window) {
  const auto first = window * settings_.window;
  const auto count = std::min(settings_.window, per_epoch_ - first);
  std::vector<std::int64_t> some(order_.begin() + first * batch_size_,
                                 order_.begin() + (first + count) * batch_size_);
  if (settings_.window > 1) {
    std::map<std::int64_t, std::int64_t> lengths;
    for (const auto item : some)
      if (!lengths.contains(item)) lengths[item] = length_(item);
    std::stable_sort(some.begin(), some.end(),
                     [&](auto a, auto b) { return lengths.at(a) < lengths.at(b); });
  }
  batches_.clear();
  for (std::int64_t b = 0; b < count; ++b)
    batches_.emplace_back(some.begin() + b * batch_size_, some.begin() + (b + 1) * batch_size_);
  Random random(derive(derive(settings_.seed, "window", epoch), "window", window));
  shuffle(batches_, random);
  window_ = window;
}

std::vector<std::int64_t> BatchOrder::batch(std::int64_t number) {
  const auto epoch = number / per_epoch_, place = number % per_epoch_;
  if (epoch != epoch_) draw_epoch(epoch);
  if (place / settings_.window != window_) draw_window(epoch, place / settings_.window);
  return batches_[static_cast<std::size_t>(place % settings_.window)];
}

}  // namespace earshot::kit
