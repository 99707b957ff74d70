#include "host/view/live_data.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "host/base/plain_text.hpp"
#include "host/store/file_version.hpp"
#include "host/store/revisions.hpp"
#include "protocol/hash.hpp"
#include "protocol/json.hpp"
#include "protocol/stamp.hpp"

namespace earshot::host {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t inode_of(const std::filesystem::path& file) {
  const auto stamp = protocol::stamp_of(file);
  return stamp ? stamp->inode : 0;
}

}  // namespace

LiveData::LiveData(LiveSettings settings) : settings_(std::move(settings)), store_(open()) {
  for (const auto& name : settings_.experiments)
    store_->require_experiment(name);
  thread_ = std::thread([this] { work(); });
}

LiveData::~LiveData() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_all();
  while (!finished_) {
    std::shared_ptr<const Store> store;
    {
      const std::lock_guard lock(mutex_);
      store = store_;
    }
    if (store) interrupt_reading(*store);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  thread_.join();
}

LiveState LiveData::now() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::shared_ptr<const Store> LiveData::open() {
  inode_ = inode_of(settings_.results);
  return std::make_shared<const Store>(settings_.results, Store::Mode::read);
}

void LiveData::work() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    lock.unlock();
    const auto begin = Clock::now();
    look();
    const auto took = Clock::now() - begin;
    const auto rest = std::max<Clock::duration>(settings_.every, 4 * took);
    lock.lock();
    wake_.wait_for(lock, rest, [&] { return ended_; });
  }
  finished_ = true;
}

void LiveData::look() {
  try {
    auto store = store_;  // only this thread changes it
    if (!store || inode_of(settings_.results) != inode_) {
      {
        const std::lock_guard lock(mutex_);
        store_.reset();
      }
      store = open();
      seen_.reset();
      const std::lock_guard lock(mutex_);
      store_ = store;
    }
    Seen seen{file_version(*store), store->lost_runs()};
    if (seen_ == seen) return;
    read(*store);
    seen_ = std::move(seen);
  } catch (const std::exception& error) {
    report(error.what());
  }
}

void LiveData::read(const Store& store) {
  {
    const std::lock_guard lock(mutex_);
    state_.reading = true;
  }
  auto data = page_data(
      store, settings_.experiments.empty() ? experiment_names(store) : settings_.experiments,
      settings_.limits);
  data.generator = settings_.generator;
  data.results = settings_.results.filename().string();
  auto text = std::make_shared<const std::string>(protocol::json_text(Json(data)));
  auto revision = protocol::sha256(std::string_view(*text)).substr(0, 16);
  const std::lock_guard lock(mutex_);
  state_ = {.revision = std::move(revision), .data = std::move(text)};
}

void LiveData::report(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  state_.reading = false;
  state_.problem = plain_text(problem);
  store_.reset();  // the next look opens it again
}

}  // namespace earshot::host
