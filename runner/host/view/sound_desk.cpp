#include "host/view/sound_desk.hpp"

#include <exception>
#include <utility>

#include "host/base/plain_text.hpp"
#include "host/report/sounds.hpp"
#include "host/store/predictions.hpp"
#include "host/store/training_samples.hpp"

namespace earshot::host {
namespace {

constexpr int not_found = 404, gone = 410, busy = 503, too_slow = 504;

/// What was thrown, as an answer for people.
PageAnswer refusal_from(const std::exception& error) {
  return text_answer(gone, plain_text(error.what()));
}

PageAnswer bytes_answer(const std::string& type, std::string bytes, std::size_t clips) {
  return {.type = type,
          .headers = {{"Earshot-Clips", std::to_string(clips)}},
          .body = std::make_shared<const std::string>(std::move(bytes))};
}

}  // namespace

SoundDesk::SoundDesk(Settings settings)
    : settings_(std::move(settings)), sounds_(settings_.planning) {
  thread_ = std::thread([this] { work(); });
}

SoundDesk::~SoundDesk() {
  end_within({});
  thread_.join();
}

bool SoundDesk::end_within(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  ended_ = true;
  waiting_.clear();  // whoever waits gets a broken promise
  wake_.notify_all();
  return done_.wait_for(lock, time, [&] { return finished_; });
}

void SoundDesk::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return ended_ || !waiting_.empty(); });
    if (ended_) break;
    auto task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
  finished_ = true;
  done_.notify_all();
}

PageAnswer SoundDesk::answer(const SoundTarget& asked) {
  try {
    if (const auto* one = std::get_if<SampleTarget>(&asked)) return sample(*one);
    return item(std::get<ItemTarget>(asked));
  } catch (const std::exception& error) {
    return refusal_from(error);
  }
}

PageAnswer SoundDesk::sample(const SampleTarget& asked) const {
  const Store store(settings_.results, Store::Mode::read);
  if (!sample_file(store, asked.sha256))
    return text_answer(not_found, "these results have no such sample");
  auto file = sample_bytes(store, asked.sha256);
  return bytes_answer(file.type, std::move(file.bytes), 1);
}

PageAnswer SoundDesk::item(const ItemTarget& asked) {
  std::future<PageAnswer> answer;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return text_answer(busy, "it ends");
    if (waiting_.size() >= settings_.most_waiting)
      return text_answer(busy, "other audio is being read; play this again in a while");
    waiting_.emplace_back([this, asked] { return read(asked); });
    answer = waiting_.back().get_future();
  }
  wake_.notify_one();
  if (answer.wait_for(settings_.longest_wait) != std::future_status::ready)
    return text_answer(too_slow,
                       "the dataset is still being read for its audio; play this again in a while");
  return answer.get();
}

PageAnswer SoundDesk::read(const ItemTarget& asked) {
  try {
    const Store store(settings_.results, Store::Mode::read);
    if (!item_id(store, asked.dataset, asked.item))
      return text_answer(not_found, "these results have no such item");
    auto sound = sounds_.read(store, asked.dataset, {asked.item}).front();
    if (!sound.lost.empty()) return text_answer(gone, plain_text(sound.lost));
    const auto clips = sound.clips.size();
    const auto clip = static_cast<std::size_t>(asked.clip);
    if (clip >= clips) return text_answer(not_found, "this item has only one clip");
    return bytes_answer("audio/flac", std::move(sound.clips[clip]), clips);
  } catch (const std::exception& error) {
    return refusal_from(error);
  }
}

}  // namespace earshot::host
