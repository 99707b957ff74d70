#include "scenes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <ATen/ATen.h>

#include <earshot/kit/random.hpp>

#include "convolution.hpp"
#include "noise.hpp"

namespace earshot::scenes {

namespace {

// Instances per class in each split: training, validation, test. Twelve events and six rooms make
// 72 sources and 48 rooms in the test split.
constexpr std::array<std::int64_t, 3> source_counts = {24, 6, 6}, place_counts = {36, 12, 8};
constexpr std::array<const char*, 3> split_names = {"train", "validation", "test"};

std::size_t at(Split split) {
  return static_cast<std::size_t>(split);
}

template <std::size_t size>
std::vector<std::string> names(const std::array<const char*, size>& list) {
  return {list.begin(), list.end()};
}

Pairs pairs_of(const std::string& text) {
  if (text == "room") return Pairs::room;
  if (text == "distance") return Pairs::distance;
  if (text == "steps") return Pairs::steps;
  return text == "quality" ? Pairs::quality : Pairs::off;
}

/// A seed for an instance of a class in a split.
std::uint64_t instance_seed(std::uint64_t world, const char* what, int kind, Split split,
                            std::int64_t instance) {
  const std::uint64_t seed = kit::derive(world, what, kind);
  return kit::derive(seed, split_names[at(split)], instance);
}

}  // namespace

OptionSchema Scenes::options() {
  return {
      {.name = "clips",
       .value = 1728,
       .help = "Number of items, with pairs = \"steps\" of scenes, which then are all test items; "
               "factors cross exactly at multiples of 1728, of test items at multiples of 432",
       .min = 6,
       .max = 10'000'000},
      {.name = "world", .value = 0, .help = "Seed of everything in the dataset", .min = 0},
      {.name = "sample_rate",
       .value = 32000,
       .help = "Sample rate of the clips: 16000, 32000 or 48000; there is nothing above 8 kHz",
       .unit = "Hz",
       .min = 16000,
       .max = 48000},
      {.name = "seconds",
       .value = 10.0,
       .help = "Length of a clip",
       .unit = "s",
       .min = 0.5,
       .max = 60},
      {.name = "pairs",
       .value = "off",
       .help =
           "Two clips per item: the same dry source in two rooms, distances or qualities, or the "
           "same scene with one quantity changed by a known step, an item for each quantity",
       .choices = {"off", "room", "distance", "quality", "steps"}},
      {.name = "sources",
       .value = Path{},
       .help = "Folder of dry recordings to use instead of synthetic events, a folder per class"},
      {.name = "rirs",
       .value = Path{},
       .help = "Folder of impulse responses to use instead of modelled rooms, a folder per class"},
  };
}

Scenes::Scenes(const Options& options, const Context& context) : Scenes(options, context, false) {}

Scenes::Scenes(const Options& options, const Context& context, bool seen_rooms)
    : clips_(options.integer("clips")),
      seed_(options.integer("world")),
      sample_rate_(options.integer("sample_rate")),
      seconds_(options.number("seconds")),
      pairs_(pairs_of(options.text("pairs"))),
      seen_rooms_(seen_rooms),
      device_(context.device),
      world_(kit::derive(static_cast<std::uint64_t>(seed_), "world")) {
  if (sample_rate_ % static_cast<std::int64_t>(rate) != 0)
    throw ConfigError("sample_rate is '" + std::to_string(sample_rate_) +
                      "'; allowed are 16000, 32000 and 48000. Choose any of them: encoders get "
                      "audio at their own rate");
  const auto& sources = options.path("sources");
  const auto& rirs = options.path("rirs");
  if (!sources.empty()) recordings_ = find_recordings(sources, kit::derive(world_, "recordings"));
  if (!rirs.empty()) responses_ = find_recordings(rirs, kit::derive(world_, "responses"));
  if (!rirs.empty() && (pairs_ == Pairs::distance || pairs_ == Pairs::room))
    throw ConfigError("pairs is '" + options.text("pairs") +
                      "' and rirs is given, but recorded impulse responses allow no comparison of "
                      "room or distance. Omit one of them, or set pairs = \"quality\"");
  for (const auto& file : responses_.files())
    if (const auto time = reverberation_time(read_recording(file))) response_rt60_[file] = *time;
  deal();
  if (pairs_ == Pairs::steps) add_steps();
}

/// The rows of the design that become scenes. Steps have test scenes only: what learns from scenes
/// learns from others.
std::vector<Row> Scenes::rows() const {
  if (pairs_ != Pairs::steps) return cross(clips_, world_);
  auto all = cross(4 * clips_, world_);
  std::erase_if(all, [](const Row& row) { return row.split != Split::test; });
  return all;
}

/// Assigns instances to the rows: for each class as evenly as possible, at random.
void Scenes::deal() {
  std::map<std::string, Shuffler> shufflers;
  const auto draw = [&](const std::string& name, Split split, std::int64_t count) {
    const std::string full = name + "/" + split_names[at(split)];
    return shufflers.try_emplace(full, kit::derive(world_, full.c_str()), count)
        .first->second.next();
  };
  const auto event_count = static_cast<std::int64_t>(event_classes().size());
  const auto room_count = static_cast<std::int64_t>(room_classes().size());
  for (Row& row : rows()) {
    // Numbers of classes that differ from the design's: still balanced if they divide it, otherwise
    // drawn evenly.
    if (!recordings_.empty())
      row.event =
          static_cast<int>(events % event_count == 0 ? row.event % event_count
                                                     : draw("event class", row.split, event_count));
    if (!responses_.empty())
      row.room = static_cast<int>(room_kinds % room_count == 0
                                      ? row.room % room_count
                                      : draw("room class", row.split, room_count));
    Plan plan{.row = row};
    plan.source = draw("source " + std::to_string(row.event), row.split, sources_in(row));
    plan.place = draw("place " + std::to_string(row.room), row.split, places_in(row, row.room));
    const int levels = pairs_ == Pairs::room ? room_kinds : distances;  // there are as many
                                                                        // qualities
    const int own = pairs_ == Pairs::room       ? row.room
                    : pairs_ == Pairs::distance ? row.distance
                                                : row.quality;
    plan.other =
        (own + 1 + static_cast<int>(draw("other " + std::to_string(own), row.split, levels - 1))) %
        levels;
    if (pairs_ == Pairs::room)
      plan.other_place =
          draw("other place " + std::to_string(plan.other), row.split, places_in(row, plan.other));
    plans_.push_back(plan);
  }
}

/// There is no reverberation time outdoors, and recorded impulse responses have one distance and
/// one reverberation time.
void Scenes::add_steps() {
  for (std::int64_t n = 0; n < std::ssize(plans_); ++n)
    for (std::size_t s = 0; s < step_names.size(); ++s) {
      const auto step = static_cast<Step>(s);
      const bool outside = plans_[static_cast<std::size_t>(n)].row.room == outdoors;
      if (step == Step::distance && !responses_.empty()) continue;
      if (step == Step::reverberation && (outside || !responses_.empty())) continue;
      stepped_items_.push_back({n, step});
    }
}

std::int64_t Scenes::size() const {
  return pairs_ == Pairs::steps ? std::ssize(stepped_items_) : clips_;
}

const Scenes::Plan& Scenes::plan(std::int64_t index) const {
  const auto place = static_cast<std::size_t>(index);
  if (pairs_ != Pairs::steps) return plans_[place];
  return plans_[static_cast<std::size_t>(stepped_items_[place].plan)];
}

Step Scenes::step_of(std::int64_t index, std::int64_t clip) const {
  if (pairs_ != Pairs::steps || clip == 0) return Step::same;
  return stepped_items_[static_cast<std::size_t>(index)].step;
}

std::size_t Scenes::length() const {
  return static_cast<std::size_t>(std::lround(seconds_ * rate));
}

std::vector<std::string> Scenes::event_classes() const {
  if (recordings_.empty()) return names(event_names);
  const auto given = recordings_.names();
  return given.empty() ? std::vector<std::string>{""} : given;
}

std::vector<std::string> Scenes::room_classes() const {
  if (responses_.empty()) return names(room_names);
  const auto given = responses_.names();
  return given.empty() ? std::vector<std::string>{""} : given;
}

std::int64_t Scenes::sources_in(const Row& row) const {
  if (recordings_.empty()) return source_counts[at(row.split)];
  return std::ssize(recordings_.classes[static_cast<std::size_t>(row.event)].files[at(row.split)]);
}

std::int64_t Scenes::places_in(const Row& row, int room) const {
  if (responses_.empty()) return place_counts[at(rooms_of(row))];
  return std::ssize(responses_.classes[static_cast<std::size_t>(room)].files[at(rooms_of(row))]);
}

std::vector<LabelSpec> Scenes::labels() const {
  std::vector<LabelSpec> specs;
  const auto classes = [&](const char* name, std::vector<std::string> values) {
    specs.push_back({.name = name, .type = std::string(), .classes = std::move(values)});
  };
  const auto number = [&](const char* name, const char* unit) {
    specs.push_back({.name = name, .type = 0.0, .unit = unit});
  };
  if (event_classes().front() != "") classes("event", event_classes());
  if (room_classes().front() != "") classes("room", room_classes());
  number("rt60", "s");
  if (responses_.empty()) {
    classes("setting", {"indoor", "outdoor"});
    number("distance", "m");
    classes("distance_class", names(distance_names));
    number("distance_critical", "");
  }
  number("snr", "dB");
  classes("noise", names(snr_names));
  classes("noise_type", names(noise_names));
  classes("quality", names(quality_names));
  number("severity", "");
  if (pairs_ == Pairs::steps) {
    classes("quantity", names(step_names));
    classes("step", {});  // a text
  } else if (pairs_ != Pairs::off) {
    classes("pair", {"first", "second"});
  }
  return specs;
}

namespace {

/// "class/file": name of a recording as a group.
std::string name_of(const std::filesystem::path& file) {
  return (file.parent_path().filename() / file.filename()).string();
}

}  // namespace

std::string Scenes::source_name(const Plan& plan) const {
  if (!recordings_.empty())
    return name_of(recordings_.classes[static_cast<std::size_t>(plan.row.event)]
                       .files[at(plan.row.split)][static_cast<std::size_t>(plan.source)]);
  return std::string(event_names[static_cast<std::size_t>(plan.row.event)]) + "-" +
         split_names[at(plan.row.split)] + "-" + std::to_string(plan.source);
}

std::string Scenes::place_name(const Row& row, int room, std::int64_t place) const {
  if (!responses_.empty())
    return name_of(responses_.classes[static_cast<std::size_t>(room)]
                       .files[at(rooms_of(row))][static_cast<std::size_t>(place)]);
  return std::string(room_names[static_cast<std::size_t>(room)]) + "-" +
         split_names[at(rooms_of(row))] + "-" + std::to_string(place);
}

void Scenes::set_place(Scene& scene, const Row& row, int room, std::int64_t place) const {
  if (!responses_.empty()) {
    scene.response = responses_.classes[static_cast<std::size_t>(room)]
                         .files[at(rooms_of(row))][static_cast<std::size_t>(place)];
    return;
  }
  scene.room =
      draw_room(room, kit::Random(instance_seed(world_, "place", room, rooms_of(row), place)));
}

double Scenes::distance(const Row& row, int room, int level) const {
  const Range range = distance_range(room, level);
  kit::Random random(instance_seed(world_, "distance", level, row.split, row.number));
  return range.low * std::pow(range.high / range.low, random.uniform());
}

Scene Scenes::scene(std::int64_t index, std::int64_t clip) const {
  if (index < 0 || index >= size() || clip < 0 || clip > (pairs_ == Pairs::off ? 0 : 1))
    throw ContractError("clip " + std::to_string(clip) + " of item " + std::to_string(index) +
                        "; there are " + std::to_string(size()) + " items with " +
                        (pairs_ == Pairs::off ? "one clip" : "two clips"));
  const Plan& plan = this->plan(index);
  const Step step = step_of(index, clip);
  const Row& row = plan.row;
  const auto other = [&](Pairs factor) { return clip == 1 && pairs_ == factor; };
  const std::uint64_t seed = instance_seed(world_, "clip", 0, row.split, row.number);
  Scene scene;
  if (recordings_.empty())
    scene.source =
        draw_source(row.event, instance_seed(world_, "source", row.event, row.split, plan.source));
  else
    scene.recording = recordings_.classes[static_cast<std::size_t>(row.event)]
                          .files[at(row.split)][static_cast<std::size_t>(plan.source)];
  scene.performance = kit::derive(seed, "performance");
  const int room = other(Pairs::room) ? plan.other : row.room;
  set_place(scene, row, room, other(Pairs::room) ? plan.other_place : plan.place);
  if (responses_.empty())
    scene.distance = distance(row, room, other(Pairs::distance) ? plan.other : row.distance);
  scene.positions = kit::derive(seed, "positions");
  scene.tail = kit::derive(seed, "tail");
  scene.noise_type = row.noise_type;
  kit::Random snr(kit::derive(seed, "snr"));
  const Range range = snr_range(row.noise);
  scene.snr = snr.uniform(range.low, range.high);
  scene.noise = kit::derive(seed, "noise");
  const bool other_quality = other(Pairs::quality);
  kit::Random device(kit::derive(seed, "recorder", other_quality ? 1 : 0));
  const double severity = draw_severity(other_quality ? plan.other : row.quality, device);
  scene.recorder =
      draw_recorder(step == Step::recorder ? stepped_severity(severity) : severity, device);
  scene.gain = kit::derive(seed, "gain", pairs_ == Pairs::steps ? 0 : clip);
  return stepped(std::move(scene), step);
}

std::map<std::string, Label> Scenes::labels_of(const Plan& plan, const Scene& scene) const {
  const Row& row = plan.row;
  std::map<std::string, Label> labels = {
      {"snr", scene.snr},
      {"noise", std::string(snr_names[static_cast<std::size_t>(row.noise)])},
      {"noise_type", std::string(noise_names[static_cast<std::size_t>(row.noise_type)])},
      {"quality", std::string(quality_names[static_cast<std::size_t>(row.quality)])},
      {"severity", scene.recorder.severity}};
  const std::string event = event_classes()[static_cast<std::size_t>(row.event)];
  const std::string room = room_classes()[static_cast<std::size_t>(row.room)];
  if (!event.empty()) labels["event"] = event;
  if (!room.empty()) labels["room"] = room;
  if (!scene.response.empty()) {
    const auto time = response_rt60_.find(scene.response);
    if (time != response_rt60_.end()) labels["rt60"] = time->second;
    return labels;
  }
  labels["setting"] = std::string(row.room == outdoors ? "outdoor" : "indoor");
  labels["distance"] = scene.distance;
  labels["distance_class"] = std::string(distance_names[static_cast<std::size_t>(row.distance)]);
  if (row.room != outdoors) {
    labels["rt60"] = scene.room.rt60();
    labels["distance_critical"] = scene.distance / scene.room.critical_distance();
  }
  return labels;
}

int Scenes::answer(const Scene& first, const Scene& second) const {
  if (pairs_ == Pairs::room) return second.room.rt60() > first.room.rt60() ? 1 : 0;
  if (pairs_ == Pairs::distance) return second.distance > first.distance ? 1 : 0;
  return second.recorder.severity > first.recorder.severity ? 1 : 0;
}

Item Scenes::item(std::int64_t index) const {
  const Scene first = scene(index, 0);
  const Plan& plan = this->plan(index);
  const std::string number = std::to_string(plan.row.number);
  Item item{.id = "world" + std::to_string(seed_) + "-" + split_names[at(plan.row.split)] + "-" +
                  std::string(number.size() < 5 ? 5 - number.size() : 0, '0') + number,
            .split = plan.row.split,
            .clips = std::vector<Clip>(pairs_ == Pairs::off ? 1 : 2, Clip{.duration = seconds_}),
            .labels = labels_of(plan, first)};
  item.groups = {{"clip", item.id},
                 {"room", place_name(plan.row, plan.row.room, plan.place)},
                 {"source", source_name(plan)}};
  item.slices["noise_type"] = noise_names[static_cast<std::size_t>(plan.row.noise_type)];
  if (responses_.empty()) item.slices["setting"] = plan.row.room == outdoors ? "outdoor" : "indoor";
  if (pairs_ == Pairs::off) return item;
  if (pairs_ == Pairs::steps) {
    const auto [shared, step] = stepped_items_[static_cast<std::size_t>(index)];
    const std::string quantity = step_names[static_cast<std::size_t>(step)];
    item.id += "-" + quantity;
    item.clips.front().shared = shared;
    item.slices["quantity"] = quantity;
    item.labels["quantity"] = quantity;
    item.labels["step"] = std::string(step_sizes[static_cast<std::size_t>(step)]);
    return item;
  }

  const std::vector<std::string> choices = {"first", "second"};
  const std::string right = choices[static_cast<std::size_t>(answer(first, scene(index, 1)))];
  item.labels["pair"] = right;
  const char* text = pairs_ == Pairs::room ? "In which recording is the room more reverberant?"
                     : pairs_ == Pairs::distance
                         ? "In which recording is the sound source farther away?"
                         : "Which recording was made with the worse equipment?";
  item.question = Question{.text = text, .choices = choices, .answers = {right}};
  return item;
}

AudioBatch Scenes::synthesize(std::int64_t index, std::int64_t clip) const {
  const Scene made_of = scene(index, clip);
  const Signal sound = pairs_ == Pairs::steps
                           ? render_stepped(made_of, step_of(index, clip), length())
                           : render(made_of, length()).clip;
  const Signal made = raise_rate(sound, sample_rate_ / static_cast<std::int64_t>(rate));
  const auto samples = static_cast<std::int64_t>(made.size());
  AudioBatch batch{.samples = at::empty({1, 1, samples}, at::kFloat),
                   .lengths = at::full({1}, samples, at::kLong),
                   .sample_rate = sample_rate_};
  std::copy(made.begin(), made.end(), batch.samples.data_ptr<float>());
  batch.samples = batch.samples.to(device_);
  return batch;
}

std::vector<std::filesystem::path> Scenes::sources() const {
  auto files = recordings_.files();
  const auto more = responses_.files();
  files.insert(files.end(), more.begin(), more.end());
  return files;
}

}  // namespace earshot::scenes
