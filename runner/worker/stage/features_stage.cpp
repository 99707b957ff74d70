#include "worker/stage/features_stage.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "base/fault.hpp"
#include "protocol/path_text.hpp"
#include "worker/audio/clip_audio.hpp"
#include "worker/audio/policy.hpp"
#include "worker/cache/clip_index.hpp"
#include "worker/cache/shard_writer.hpp"
#include "worker/plugin/device.hpp"
#include "worker/plugin/leftovers.hpp"
#include "worker/stage/effective_rank.hpp"
#include "worker/stage/encoding.hpp"
#include "worker/stage/opened.hpp"
#include "worker/stage/peak_memory.hpp"
#include "worker/stage/source_features.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;

// Limits of a batch: clips, and samples or what a reader reads with padding, unless a single clip
// has more.
constexpr std::size_t batch_clips = 16, batch_samples = 1 << 24;

/// One source with what it still needs.
struct Work {
  Work(const protocol::FeatureSource& given, c10::Device device)
      : source(given), encoding(given, device) {}

  const protocol::FeatureSource& source;
  Encoding encoding;
  std::vector<std::string> keys{};        ///< of all shards
  std::vector<std::size_t> missing{};     ///< shards to compute, ascending
  std::optional<SourceFeatures> reads{};  ///< of a reader that still needs something
  std::vector<ShardClip> clips{};         ///< of the shard at hand
  std::vector<std::vector<std::byte>> values{};
  std::int64_t written = 0;  ///< clips of this attempt
  protocol::FeatureResult result{};
};

class FeaturesStage {
 public:
  FeaturesStage(const protocol::FeaturesRequest& request, Session& session)
      : request_(request),
        session_(session),
        dataset_(open_dataset(request.dataset)),
        clips_(dataset_->view.clips()),
        audio_(dataset_->view, at::get_num_threads(),
               {protocol::path_of(request.cache), request.dataset.key, request.keep_made_audio}) {
    const auto device = open_device(request.device);
    std::vector<protocol::ComponentRef> encoders;
    for (const auto& source : request.sources)
      encoders.push_back(source.encoder);
    keep_encoders(encoders, device);
    for (const auto& source : request.sources)
      works_.push_back(std::make_unique<Work>(source, device));
    find_missing();
  }

  protocol::Json run() {
    open_sources();
    check_disk();
    check_names();
    try {
      compute_missing();
    } catch (...) {
      writer_.write();  // what is done need not be done again
      throw;
    }
    writer_.write();
    if (to_do_ > 0) tell_spent();
    dataset_->readers.clear();
    return results();
  }

 private:
  fs::path file(const Work& work, std::size_t shard) const {
    return shard_file(protocol::path_of(request_.cache), work.source.key, work.keys[shard]);
  }

  void find_missing() {
    for (const auto& work : works_) {
      work->keys = shard_keys(work->source.key, dataset_->identities);
      work->result.key = work->source.key;
      for (std::size_t shard = 0; shard < work->keys.size(); ++shard)
        if (!open_shard(file(*work, shard), work->keys[shard])) work->missing.push_back(shard);
      for (const auto shard : work->missing)
        work->result.computed += static_cast<std::int64_t>(end(shard) - shard * clips_per_shard);
      to_do_ = std::max(to_do_, work->result.computed);
    }
  }

  /// What was opened for an earlier request may have been deleted or damaged since.
  void open_sources() {
    dataset_->readers.clear();
    for (const auto& work : works_)
      if (const auto& reads = work->encoding.reads(); !reads.empty() && !work->missing.empty())
        work->reads.emplace(*dataset_, request_.cache, work->source, reads);
  }

  void compute_missing() {
    for (std::size_t shard = 0; shard * clips_per_shard < clips_.size(); ++shard) {
      std::vector<std::size_t> missing;
      for (std::size_t w = 0; w < works_.size(); ++w)
        if (const auto& shards = works_[w]->missing;
            std::binary_search(shards.begin(), shards.end(), shard))
          missing.push_back(w);
      if (missing.empty()) continue;
      if (Session::stopping())
        throw DataError("interrupted as requested; run again to continue from the cache");
      compute(shard, missing);
      tell_spent();
    }
  }

  std::size_t end(std::size_t shard) const {
    return std::min(clips_.size(), (shard + 1) * clips_per_shard);
  }

  /// Duration of a clip, from the header of its file if the dataset does not give it; 0: unknown.
  static double seconds_of(const Clip& clip) {
    if (clip.duration > 0 || clip.file.empty()) return clip.duration;
    std::error_code ignored;  // a pipe would be waited for
    if (!fs::is_regular_file(clip.file, ignored)) return 0;
    return std::max(0.0, declared_seconds(clip.file) - clip.start);
  }

  /// Seconds of a clip on average, from the headers of at most 64 files.
  double mean_seconds() const {
    const auto count = std::min<std::size_t>(64, clips_.size());
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i)
      sum += seconds_of(clips_[i * clips_.size() / count].clip_info);
    return sum / static_cast<double>(count);
  }

  void check_disk() const {
    if (to_do_ == 0) return;
    const auto seconds = mean_seconds();
    double bytes = 0;
    for (const auto& work : works_)
      bytes += static_cast<double>(work->result.computed) * work->encoding.estimated_bytes(seconds);
    const auto cache = protocol::path_of(request_.cache);
    check_space(cache, bytes);
    for (const auto& work : works_)
      remove_leftovers(cache / "features" / work->source.key);
  }

  void compute(std::size_t shard, const std::vector<std::size_t>& missing) {
    std::vector<Work*> works;
    for (const auto w : missing) {
      works.push_back(works_[w].get());
      works.back()->clips.clear();
      works.back()->values.clear();
    }
    for (auto first = shard * clips_per_shard; first < end(shard); first += batch_clips)
      encode(first, std::min(end(shard), first + batch_clips), works);
    for (std::size_t i = 0; i < works.size(); ++i) {
      auto& work = *works[i];
      auto header = work.encoding.layout();
      header.key = work.keys[shard];
      header.clips = std::move(work.clips);
      writer_.add({missing[i], file(work, shard), std::move(header), std::move(work.values)});
    }
  }

  /// Nothing that another plugin or other weights gave gets a key of the planned ones.
  void check_unchanged_since_planning(const std::set<std::size_t>& sources) const {
    for (const auto source : sources)
      check_unchanged(works_[source]->source.encoder);
    check_unchanged(request_.dataset.component);
  }

  /// Reports the time spent so far, for an attempt that may not finish.
  void tell_spent() {
    protocol::event::Spent spent;
    for (const auto& work : works_)
      spent.encoders.push_back({.computed = work->written,
                                .audio_seconds = work->result.audio_seconds,
                                .encode_seconds = work->encoding.encode_seconds});
    session_.send(std::move(spent));
  }

  /// What the clips from `first` up to `last` give for each of `needs`.
  struct Loaded {
    std::vector<std::vector<Prepared>> prepared{};  ///< by needs, by clip
    std::vector<std::string> lost{};                ///< by clip
  };

  Loaded load(std::size_t first, std::size_t last, const std::vector<AudioNeeds>& needs) {
    Loaded loaded{{needs.size(), std::vector<Prepared>(last - first)},
                  std::vector<std::string>(last - first)};
    if (needs.empty()) return loaded;  // nobody listens
    const auto load_one = [&](std::size_t n) {
      const auto& clip = clips_[first + n];
      try {
        const auto sound = audio_.read(static_cast<std::int64_t>(first + n), at::get_thread_num());
        for (std::size_t k = 0; k < needs.size(); ++k)
          loaded.prepared[k][n] = {prepare(sound, needs[k], clip.identity), clip_name(clip)};
      } catch (const DataError& error) {
        // The file's folder is not part of the cache.
        std::string reason = error.what();
        const auto prefix = clip_name(clip) + ": ";
        loaded.lost[n] =
            protocol::readable(reason.starts_with(prefix) ? reason.substr(prefix.size()) : reason);
      }
    };
    at::parallel_for(0, static_cast<std::int64_t>(last - first), 1,
                     [&](std::int64_t begin, std::int64_t stop) {
                       const at::NoGradGuard no_grad;
                       for (auto n = begin; n < stop; ++n)
                         load_one(static_cast<std::size_t>(n));
                     });
    return loaded;
  }

  void encode(std::size_t first, std::size_t last, const std::vector<Work*>& works) {
    std::vector<AudioNeeds> needs;
    for (const auto* work : works)
      if (work->encoding.takes_audio() &&
          std::find(needs.begin(), needs.end(), work->encoding.needs()) == needs.end())
        needs.push_back(work->encoding.needs());
    auto loaded = load(first, last, needs);
    for (auto* work : works) {
      if (work->encoding.looks_up()) {
        look_up(*work, first, last);
      } else if (work->reads) {
        read(*work, first, last);
      } else {
        const auto place = std::find(needs.begin(), needs.end(), work->encoding.needs());
        encode(*work, loaded.prepared[static_cast<std::size_t>(place - needs.begin())],
               loaded.lost);
      }
    }
    done_ += static_cast<std::int64_t>(last - first);
    session_.progress(std::min(done_, to_do_), to_do_, "features");
  }

  /// Asks for every clip before anything is kept: two that an encoder cannot tell apart may be in
  /// shards that different passes compute.
  void check_names() {
    for (const auto& work : works_) {
      if (!work->encoding.looks_up() || work->missing.empty()) continue;
      if (names_.empty()) names_ = clip_names(dataset_->view);
      for (const auto& name : names_) {
        std::vector<std::byte> values;
        try {
          work->encoding.look_up(name, 0, values);
        } catch (const DataError&) {
          continue;  // told of when its shard is computed
        }
      }
    }
  }

  void look_up(Work& work, std::size_t first, std::size_t last) {
    for (auto n = first; n < last; ++n) {
      const auto seconds = seconds_of(clips_[n].clip_info);
      auto& clip = work.clips.emplace_back();
      auto& values = work.values.emplace_back();
      try {
        clip.frames = work.encoding.look_up(names_[n], seconds, values);
        work.result.audio_seconds += seconds;
      } catch (const DataError& error) {
        clip.lost = protocol::readable(error.what());
      }
    }
  }

  void encode(Work& work, const std::vector<Prepared>& prepared,
              const std::vector<std::string>& lost) {
    std::vector<Prepared> readable;
    for (std::size_t n = 0; n < prepared.size(); ++n)
      if (lost[n].empty()) readable.push_back(prepared[n]);

    std::vector<EncodedClip> encoded;
    for (std::size_t begin = 0; begin < readable.size();) {
      const auto size = batch_size(std::span(readable).subspan(begin));
      for (auto& clip : work.encoding.encode(std::span(readable).subspan(begin, size)))
        encoded.push_back(std::move(clip));
      begin += size;
    }
    for (const auto& recording : readable)
      work.result.audio_seconds += static_cast<double>(recording.samples.size()) /
                                   static_cast<double>(work.encoding.needs().sample_rate);
    take(work, std::move(encoded), lost);
  }

  void read(Work& work, std::size_t first, std::size_t last) {
    std::vector<std::string> lost;
    std::vector<std::int64_t> readable;
    for (auto n = static_cast<std::int64_t>(first); n < static_cast<std::int64_t>(last); ++n) {
      lost.push_back(work.reads->lost(n));
      if (lost.back().empty()) readable.push_back(n);
    }
    std::vector<EncodedClip> encoded;
    for (std::span<const std::int64_t> left(readable); !left.empty();) {
      const auto batch = left.first(work.reads->batch_size(left, batch_samples));
      left = left.subspan(batch.size());
      std::vector<std::string> names;
      for (const auto n : batch) {
        names.push_back(clip_name(clips_[static_cast<std::size_t>(n)]));
        work.result.audio_seconds += work.reads->seconds(n);
      }
      for (auto& clip : work.encoding.read(work.reads->batch({batch.begin(), batch.end()}), names))
        encoded.push_back(std::move(clip));
    }
    take(work, std::move(encoded), lost);
  }

  /// What came out of the clips that are not lost, in their order, and why the others are.
  static void take(Work& work, std::vector<EncodedClip> encoded,
                   const std::vector<std::string>& lost) {
    auto next = encoded.begin();
    for (const auto& reason : lost) {
      if (!reason.empty()) {
        work.clips.push_back({.lost = reason});
        work.values.emplace_back();
        continue;
      }
      work.clips.push_back({.frames = next->frames, .side = next->side});
      work.values.push_back(std::move(next->values));
      ++next;
    }
  }

  static std::size_t batch_size(std::span<const Prepared> recordings) {
    std::size_t size = 0, longest = 0;
    for (; size < std::min(batch_clips, recordings.size()); ++size) {
      longest = std::max(longest, recordings[size].samples.size());
      if (size > 0 && longest * (size + 1) > batch_samples) break;
    }
    return size;
  }

  /// Nothing for codes, and where the rank is not defined.
  std::optional<double> rank(const Work& work) const {
    if (work.source.codes) return std::nullopt;
    const auto reader = dataset_->features(request_.cache, work.source.key);
    return effective_rank(sample_of_frames(dataset_->view, *reader));
  }

  /// Numbers of the clips of every item, for programs that read the cache without the dataset.
  std::vector<std::array<std::int64_t, 2>> clips_of_items() const {
    const auto& view = dataset_->view;
    std::vector<std::array<std::int64_t, 2>> items;
    for (std::int64_t i = 0, size = view.dataset().size(); i < size; ++i)
      items.push_back({view.clip_number(i, 0), view.clip_number(i, 1)});
    return items;
  }

  protocol::FeaturesResult results() {
    protocol::FeaturesResult all;
    const auto items = clips_of_items();
    const auto peak = peak_memory();
    for (const auto& work : works_) {
      auto& result = work->result;
      result.clips = static_cast<std::int64_t>(clips_.size());
      result.encode_seconds = work->encoding.encode_seconds;
      result.facts = work->encoding.facts();
      for (std::size_t shard = 0; shard < work->keys.size(); ++shard) {
        const auto opened = open_shard(file(*work, shard), work->keys[shard]);
        if (!opened)
          throw DataError(file(*work, shard).string() +
                          ": cannot be read although it was just written; check the disk");
        result.bytes += static_cast<std::int64_t>(opened->file_bytes());
        for (std::size_t n = 0; n < opened->header().clips.size(); ++n)
          if (const auto& reason = opened->header().clips[n].lost; !reason.empty())
            result.lost.push_back({clip_name(clips_[shard * clips_per_shard + n]), reason});
      }
      check_lost(result.lost, result.clips, request_.dataset.allow_lost);
      write_clip_index(protocol::path_of(request_.cache), work->source.key, request_.dataset.key,
                       request_.dataset.limit > 0, {work->keys, items});
      result.peak_bytes = peak;
      if (const auto found = rank(*work)) result.effective_rank = *found;
      all.encoders.push_back(result);
    }
    return all;
  }

  const protocol::FeaturesRequest& request_;
  Session& session_;
  std::shared_ptr<OpenDataset> dataset_;
  const std::vector<ClipSource>& clips_;
  ClipAudio audio_;
  std::vector<std::unique_ptr<Work>> works_;
  std::vector<ClipName> names_;        ///< of the clips, once somebody looks up
  std::int64_t to_do_ = 0, done_ = 0;  ///< clips
  ShardWriter writer_{[this](const auto& sources) { check_unchanged_since_planning(sources); },
                      [this](const ComputedShard& shard) {
                        works_[shard.source]->written += std::ssize(shard.header.clips);
                        base::fault_point("feature-shard-written");
                      }};
};

}  // namespace

protocol::FeaturesResult features_stage(const protocol::FeaturesRequest& request,
                                        Session& session) {
  const at::NoGradGuard no_grad;
  use_threads(static_cast<int>(std::max<std::int64_t>(1, request.threads)));
  reset_peak_memory();
  return FeaturesStage(request, session).run();
}

}  // namespace earshot::worker
