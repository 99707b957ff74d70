#include <algorithm>
#include <cmath>
#include <optional>

#include <ATen/ATen.h>

#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"
#include "worker/audio/policy.hpp"
#include "worker/audio/write_sound.hpp"
#include "worker/plugin/device.hpp"
#include "worker/plugin/leftovers.hpp"
#include "worker/requests/feature_files.hpp"
#include "worker/requests/verbs.hpp"
#include "worker/stage/encoding.hpp"
#include "worker/stage/opened.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;
using protocol::EncodeRequest;
using protocol::Json;

/// A file that was read.
struct SoundFile {
  explicit SoundFile(const std::string& name) : file(name), sound(decode(name)) {}

  /// Where a seeded crop begins depends on the content, as in the features stage.
  std::string identity(const AudioNeeds& needs) const {
    if (needs.crop != Crop::seeded) return "";
    return protocol::sha256(Json{"file", protocol::sha256_file(file), 0., 0.});
  }

  std::string file{};
  Sound sound{};
};

/// Runs an encoder over recordings as the features stage does, and with the same checks. A reader
/// reads what its sources make of the recording, which are run likewise.
class Coder {
 public:
  Coder(const protocol::FeatureSource& source, c10::Device device) : encoding_(source, device) {
    const auto name = "encoder '" + source.encoder.component + "'";
    if (encoding_.looks_up())
      throw Unsupported(name +
                        " looks features up by the items of a dataset; it cannot encode "
                        "files");
    if (encoding_.reads().size() != source.from.size())
      throw ConfigError(name + " gets " + std::to_string(source.from.size()) +
                        " sources; expected " + std::to_string(encoding_.reads().size()));
    for (const auto& from : source.from)
      sources_.emplace_back(from, device);
  }

  const ShardHeader& layout() const { return encoding_.layout(); }
  /// Hz; nothing of a reader, which takes no audio.
  std::optional<std::int64_t> sample_rate() const {
    if (!encoding_.takes_audio()) return std::nullopt;
    return encoding_.needs().sample_rate;
  }
  /// Of the recording that was encoded last, as the encoder took it.
  double seconds() const { return seconds_; }

  /// (1, T, D)
  FeatureBatch features(const SoundFile& recording) {
    auto clip = encode(recording);
    const auto type = layout().dtype == "float16" ? at::kHalf : at::kFloat;
    return {at::from_blob(clip.values.data(), {1, clip.frames, layout().width}, type)
                .to(at::kFloat, false, true),
            at::tensor({clip.frames}, at::kLong),
            {layout().frame_rate, layout().first_frame, layout().width}};
  }

  /// (1, Q, T)
  CodeBatch codes(const SoundFile& recording) {
    auto clip = encode(recording);
    const auto width = layout().width;
    auto* data = clip.values.data();
    CodeBatch batch{at::from_blob(data, {1, width, clip.frames}, at::kInt).to(at::kLong),
                    at::tensor({clip.frames}, at::kLong),
                    {layout().frame_rate, layout().first_frame, layout().sizes},
                    {}};
    if (clip.side > 0)
      batch.side =
          at::from_blob(data + width * clip.frames * 4, {1, clip.side}, at::kFloat).clone();
    return batch;
  }

 private:
  EncodedClip encode(const SoundFile& recording) {
    if (encoding_.takes_audio()) {
      const auto& needs = encoding_.needs();
      const Prepared prepared{prepare(recording.sound, needs, recording.identity(needs)),
                              recording.file};
      seconds_ =
          static_cast<double>(prepared.samples.size()) / static_cast<double>(needs.sample_rate);
      return std::move(encoding_.encode({&prepared, 1}).at(0));
    }
    std::vector<SourceBatch> batches;
    seconds_ = 0;
    for (auto& source : sources_) {
      if (source.layout().dtype == "int32")
        batches.emplace_back(source.codes(recording));
      else
        batches.emplace_back(source.features(recording));
      seconds_ = std::max(seconds_, source.seconds());
    }
    const std::vector<std::string> names{recording.file};
    return std::move(encoding_.read(std::move(batches), names).at(0));
  }

  Encoding encoding_;
  std::vector<Coder> sources_{};
  double seconds_ = 0;
};

/// What a request asks of its encoder.
class Coding {
 public:
  Coding(const EncodeRequest& request, c10::Device device)
      : request_(request), made_(open_encoder(request.encoder, device)), device_(device) {
    if (!request.to.empty() && !request.codes) features_.emplace(source(false), device);
    if (request.codes || !request.decode.empty()) codes_.emplace(source(true), device);
  }

  const ShardHeader& layout() const { return coder().layout(); }

  std::map<std::string, std::string> about() const {
    auto about = request_.about.get<std::map<std::string, std::string>>();
    about["frame_rate"] = Json(layout().frame_rate).dump();
    about["first_frame"] = Json(layout().first_frame).dump();
    if (const auto rate = coder().sample_rate()) about["sample_rate"] = std::to_string(*rate);
    if (!features_) about["codebook_sizes"] = Json(layout().sizes).dump();
    return about;
  }

  Coder& features() { return *features_; }
  Coder& codes() { return *codes_; }

  /// Audio again, without what the codec adds to fill its last frame.
  void write_decoded(CodeBatch codes, const fs::path& file) {
    codes.codes = codes.codes.to(device_);
    if (codes.side.defined()) codes.side = codes.side.to(device_);
    const auto audio = made_.require<Codec>().decode(codes);
    audio.check();
    const auto length = std::min<std::int64_t>(
        std::llround(codes_->seconds() * static_cast<double>(audio.sample_rate)),
        audio.lengths[0].item<std::int64_t>());
    const auto samples = audio.samples[0].narrow(1, 0, length).t().to(at::kCPU).contiguous();
    write_wav(file, {samples.const_data_ptr<float>(), static_cast<std::size_t>(samples.numel())},
              audio.sample_rate, samples.size(1));
  }

 private:
  const Coder& coder() const { return features_ ? *features_ : *codes_; }

  protocol::FeatureSource source(bool codes) const {
    return {.encoder = request_.encoder, .codes = codes, .from = request_.from};
  }

  const EncodeRequest& request_;
  ComponentInstance made_;
  c10::Device device_;
  std::optional<Coder> features_, codes_;
};

void encode_file(const EncodeRequest& request, Coding& coding, const std::string& file,
                 const std::string& key, FeatureFiles* files) {
  const SoundFile recording(file);
  if (files != nullptr && !request.codes)
    files->add({key, coding.features().features(recording).values[0], {}});
  if (!request.codes && request.decode.empty()) return;
  const auto codes = coding.codes().codes(recording);
  if (files != nullptr && request.codes)
    files->add({key, codes.codes[0], codes.side.defined() ? codes.side[0] : at::Tensor()});
  if (!request.decode.empty())
    coding.write_decoded(codes, protocol::path_of(request.decode) / (key + ".wav"));
}

}  // namespace

protocol::EncodeResult perform(const EncodeRequest& request, Session& session) {
  use_threads(static_cast<int>(std::max<std::int64_t>(1, request.threads)));
  Coding coding(request, open_device(request.device));
  std::unique_ptr<FeatureFiles> files;
  if (!request.to.empty())
    files = open_feature_files(request.format, protocol::path_of(request.to),
                               coding.layout().frame_rate, coding.layout().first_frame);
  if (!request.decode.empty()) fs::create_directories(protocol::path_of(request.decode));

  protocol::EncodeResult result;
  auto names = Json::object();  // of files, by key
  const auto total = static_cast<std::int64_t>(request.files.size());
  for (std::size_t n = 0; n < request.files.size(); ++n) {
    const auto file = protocol::bytes_of(request.files[n]);
    try {
      encode_file(request, coding, file, request.keys.at(n), files.get());
      result.written.push_back(request.keys[n]);
      names[request.keys[n]] = protocol::path_text(fs::path(file).filename());
    } catch (const Error& error) {
      const std::string reason = error.what();
      const auto prefix = file + ": ";
      session.send(protocol::event::Lost{
          .file = file,
          .reason = reason.starts_with(prefix) ? reason.substr(prefix.size()) : reason});
    }
    session.progress(static_cast<std::int64_t>(n) + 1, total, "files");
  }
  if (files) {
    auto about = coding.about();
    about["files"] = protocol::json_text(names);
    files->finish(about);
  }
  return result;
}

}  // namespace earshot::worker
