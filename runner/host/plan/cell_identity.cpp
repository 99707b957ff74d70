#include "host/plan/cell_identity.hpp"

#include <string_view>

#include "protocol/hash.hpp"

namespace earshot::host {

EARSHOT_JSON_DEFINITIONS(ComponentIdentity, DatasetIdentity)

DatasetIdentity identity_of(const protocol::DatasetRef& dataset) {
  return {dataset.key, dataset.fold, dataset.limit, dataset.validation, dataset.shuffle_labels};
}

Json pretrain_identity(const ComponentIdentity& evaluator, const DatasetIdentity& dataset,
                       std::int64_t seed, const ComponentIdentity* trained) {
  Json identity{{"evaluator", evaluator},
                {"dataset", dataset},
                {"seed", seed},
                {"audio_version", protocol::audio_version},
                {"split_version", protocol::split_version}};
  if (trained != nullptr) identity["trained"] = *trained;
  return identity;
}

Json source_identity(const ComponentIdentity& encoder, const std::string& dtype, bool codes) {
  return {{"encoder", encoder}, {"dtype", dtype}, {"codes", codes}};
}

CellIdentity::Text CellIdentity::text_of(const ComponentIdentity& component) {
  return std::make_shared<const std::string>(protocol::canonical(component));
}

namespace {

/// The canonical text of an object, composed of the texts of its values, which are in the order of
/// their keys.
class ObjectText {
 public:
  void add(std::string_view key, std::string_view value) {
    text_.append(text_.empty() ? "{\"" : ",\"").append(key).append("\":").append(value);
  }
  void add(std::string_view key, const CellIdentity::Text& value) {
    add(key, value == nullptr ? std::string_view("null") : std::string_view(*value));
  }
  void add(std::string_view key, std::int64_t value) { add(key, std::to_string(value)); }
  template <class Value>
  void add(std::string_view key, const std::optional<Value>& value) {
    add(key, value ? protocol::canonical(Json(*value)) : "null");
  }
  void add_json(std::string_view key, const Json& value) { add(key, protocol::canonical(value)); }

  std::string take() { return text_.empty() ? "{}" : std::move(text_) + "}"; }

 private:
  std::string text_{};
};

}  // namespace

std::string CellIdentity::text(Parts parts) const {
  const bool made_here = imported.empty();
  const bool fit = parts != Parts::scoring && made_here;
  const bool scoring = parts != Parts::fit;
  const bool both = fit || scoring;
  const bool import = parts == Parts::all && !made_here;
  ObjectText object;
  if (fit) object.add("audio", audio);
  if (fit) object.add("audio_version", audio_version);
  if (both) object.add_json("dataset", dataset);
  if (fit) object.add("dtype", dtype);
  if (fit) object.add("encoder", encoder);
  if (both) object.add("evaluator", evaluator);
  if (import) object.add_json("imported", imported);
  if (scoring) object.add("interval_version", interval_version);
  if (fit) object.add("language_model", language_model);
  if (fit) object.add("mapper", mapper);
  if (scoring) object.add_json("metrics", metrics);
  if (scoring) object.add("replicates", replicates);
  if (import && scores) object.add("scores", 1);
  if (fit || import) object.add("seed", seed);
  if (both) object.add("split_version", split_version);
  if (!validation || parts != Parts::all) return object.take();
  ObjectText split;
  split.add("cell", object.take());
  split.add_json("predict", "validation");
  return split.take();
}

std::string CellIdentity::key() const {
  return protocol::sha256(std::string_view(text()));
}

std::string CellIdentity::fit_key() const {
  return protocol::sha256(std::string_view(text(Parts::fit)));
}

namespace {

/// A part of `json`; `absent` if it is missing or null.
template <class Part>
Part part_of(const Json& json, const char* name, Part absent) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return absent;
  try {
    return found->get<Part>();
  } catch (const Json::exception& error) {
    throw protocol::FieldError(name, error.what());
  }
}

template <class Part>
std::optional<Part> optional_part(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return std::nullopt;
  return part_of<Part>(json, name, {});
}

CellIdentity::Text text_in(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return nullptr;
  return std::make_shared<const std::string>(protocol::canonical(*found));
}

}  // namespace

CellIdentity CellIdentity::from_json(const Json& json) {
  if (!json.is_object()) throw protocol::ProtocolError("an identity that is not an object");
  if (const auto cell = json.find("cell"); cell != json.end()) {
    auto identity = from_json(*cell);
    identity.validation = true;
    return identity;
  }
  CellIdentity identity;
  identity.encoder = text_in(json, "encoder");
  identity.evaluator = text_in(json, "evaluator");
  identity.mapper = text_in(json, "mapper");
  identity.language_model = text_in(json, "language_model");
  identity.dataset = part_of<DatasetIdentity>(json, "dataset", {});
  identity.audio = optional_part<AudioOverrides>(json, "audio");
  identity.dtype = optional_part<std::string>(json, "dtype");
  identity.seed = optional_part<std::int64_t>(json, "seed");
  identity.metrics = part_of(json, "metrics", identity.metrics);
  identity.replicates = part_of<std::int64_t>(json, "replicates", 0);
  identity.audio_version = part_of<std::int64_t>(json, "audio_version", 0);
  identity.interval_version = part_of<std::int64_t>(json, "interval_version", 0);
  identity.split_version = part_of<std::int64_t>(json, "split_version", 0);
  identity.imported = part_of<std::string>(json, "imported", "");
  identity.scores = part_of<std::int64_t>(json, "scores", 0) != 0;
  return identity;
}

}  // namespace earshot::host
