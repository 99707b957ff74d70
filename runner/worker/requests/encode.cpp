#include <optional>

#include <ATen/ATen.h>

#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"
#include "worker/audio/policy.hpp"
#include "worker/audio/write_wav.hpp"
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

/// Runs an encoder over recordings as the features stage does, and with the same checks.
class Coder {
 public:
  Coder(const EncodeRequest& request, c10::Device device)
      : request_(request), made_(open_encoder(request.encoder, device)), device_(device) {
    const bool features = !request.to.empty() && !request.codes;
    if (features) features_.emplace(source(false), device);
    if (request.codes || !request.decode.empty()) codes_.emplace(source(true), device);
    if (features && features_->looks_up())
      throw Unsupported("encoder '" + request.encoder.component +
                        "' looks features up by the items of a dataset; it cannot encode files");
  }

  const ShardHeader& layout() const { return (features_ ? *features_ : *codes_).layout(); }

  std::map<std::string, std::string> about() const {
    auto about = request_.about.get<std::map<std::string, std::string>>();
    about["frame_rate"] = Json(layout().frame_rate).dump();
    about["first_frame"] = Json(layout().first_frame).dump();
    about["sample_rate"] = std::to_string(needs().sample_rate);
    if (!features_) about["codebook_sizes"] = Json(layout().sizes).dump();
    return about;
  }

  Prepared prepared(const std::string& file) const {
    const auto sound = decode(file);
    // Where a seeded crop begins depends on the content, as in the features stage.
    const auto identity = needs().crop == Crop::seeded
                              ? protocol::sha256(Json{"file", protocol::sha256_file(file), 0., 0.})
                              : "";
    return {prepare(sound, needs(), identity), file};
  }

  at::Tensor features(const Prepared& recording) {
    auto clip = features_->encode({&recording, 1}).at(0);
    return at::from_blob(clip.values.data(), {clip.frames, features_->layout().width}, at::kFloat)
        .clone();
  }

  CodeBatch codes(const Prepared& recording) {
    auto clip = codes_->encode({&recording, 1}).at(0);
    const auto width = codes_->layout().width;
    auto* data = clip.values.data();
    CodeBatch batch{at::from_blob(data, {1, width, clip.frames}, at::kInt).to(at::kLong),
                    at::tensor({clip.frames}, at::kLong),
                    made_.require<Codec>().code_spec(),
                    {}};
    if (clip.side > 0)
      batch.side =
          at::from_blob(data + width * clip.frames * 4, {1, clip.side}, at::kFloat).clone();
    return batch;
  }

  /// Audio again, without what the codec adds to fill its last frame: `length` samples.
  void write_decoded(CodeBatch codes, std::int64_t length, const fs::path& file) {
    codes.codes = codes.codes.to(device_);
    if (codes.side.defined()) codes.side = codes.side.to(device_);
    const auto audio = made_.require<Codec>().decode(codes);
    audio.check();
    length = std::min(length, audio.lengths[0].item<std::int64_t>());
    const auto samples = audio.samples[0].narrow(1, 0, length).t().to(at::kCPU).contiguous();
    write_wav(file, {samples.const_data_ptr<float>(), static_cast<std::size_t>(samples.numel())},
              audio.sample_rate, samples.size(1));
  }

 private:
  const AudioNeeds& needs() const { return (features_ ? *features_ : *codes_).needs(); }

  protocol::FeatureSource source(bool codes) const {
    return {.encoder = request_.encoder, .codes = codes};
  }

  const EncodeRequest& request_;
  ComponentInstance made_;
  c10::Device device_;
  std::optional<Encoding> features_, codes_;
};

void encode_file(const EncodeRequest& request, Coder& coder, const std::string& file,
                 const std::string& key, FeatureFiles* files) {
  const auto recording = coder.prepared(file);
  if (files != nullptr && !request.codes) files->add({key, coder.features(recording), {}});
  if (!request.codes && request.decode.empty()) return;
  const auto codes = coder.codes(recording);
  if (files != nullptr && request.codes)
    files->add({key, codes.codes[0], codes.side.defined() ? codes.side[0] : at::Tensor()});
  if (!request.decode.empty())
    coder.write_decoded(codes, std::ssize(recording.samples),
                        protocol::path_of(request.decode) / (key + ".wav"));
}

}  // namespace

protocol::EncodeResult perform(const EncodeRequest& request, Session& session) {
  use_threads(static_cast<int>(std::max<std::int64_t>(1, request.threads)));
  Coder coder(request, open_device(request.device));
  std::unique_ptr<FeatureFiles> files;
  if (!request.to.empty())
    files = open_feature_files(request.format, protocol::path_of(request.to),
                               coder.layout().frame_rate, coder.layout().first_frame);
  if (!request.decode.empty()) fs::create_directories(protocol::path_of(request.decode));

  protocol::EncodeResult result;
  auto names = Json::object();  // of files, by key
  const auto total = static_cast<std::int64_t>(request.files.size());
  for (std::size_t n = 0; n < request.files.size(); ++n) {
    const auto file = protocol::bytes_of(request.files[n]);
    try {
      encode_file(request, coder, file, request.keys.at(n), files.get());
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
    auto about = coder.about();
    about["files"] = protocol::json_text(names);
    files->finish(about);
  }
  return result;
}

}  // namespace earshot::worker
