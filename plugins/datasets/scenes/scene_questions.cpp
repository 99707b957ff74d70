#include "scene_questions.hpp"

#include <algorithm>

#include <earshot/kit/questions.hpp>
#include <earshot/kit/random.hpp>

namespace earshot::scenes {

namespace {

/// Labels that comparisons ask for; those of the second clip are named second_event and so on.
constexpr std::array<const char*, 4> compared_labels = {"event", "distance_class", "noise",
                                                        "quality"};

Options scene_options(const Options& options) {
  return Options(Scenes::options(), {{"clips", options.integer("clips")},
                                     {"world", options.integer("world")},
                                     {"sample_rate", options.integer("sample_rate")},
                                     {"seconds", options.number("seconds")}});
}

std::string of_second(const std::string& label) {
  return std::string(kit::second_clip_label) + label;
}

int count(Topic topic) {
  return static_cast<int>(words(topic).size());
}

const std::string& word(Topic topic, int level) {
  return words(topic)[static_cast<std::size_t>(level)];
}

}  // namespace

OptionSchema SceneQuestions::options() {
  OptionSchema schema;
  for (auto& option : Scenes::options())
    for (const auto* name : {"clips", "world", "sample_rate", "seconds"})
      if (option.name == name) schema.push_back(option);
  schema.front().min = 24;
  schema.front().max = 1'000'000;
  schema.front().help = "Number of scenes; factors cross exactly at multiples of 1728";
  std::vector<std::string> all;
  for (int category = 0; category < scenes::categories; ++category)
    all.emplace_back(name_of(static_cast<Category>(category)));
  schema.push_back(
      {.name = "categories",
       .value = all,
       .help = "Categories of questions; a category given twice is asked twice as often",
       .choices = all});
  schema.push_back({.name = "per_category",
                    .value = 1,
                    .help = "Questions per scene and category",
                    .min = 1,
                    .max = 8});
  schema.push_back({.name = "captions",
                    .value = std::string("sentence"),
                    .help = "The labels caption and second_caption: the whole scene in a sentence; "
                            "in bare words; or some of these words, always with the fact in "
                            "question, from which a model learns faster how to find an answer",
                    .choices = {"sentence", "words", "some_words"}});
  return schema;
}

/// Draws the content of questions, split by split.
class SceneQuestions::Dealer {
 public:
  Dealer(const Scenes& scenes, std::uint64_t seed) : scenes_(scenes), seed_(seed) {
    for (std::int64_t clip = 0; clip < scenes.size(); ++clip)
      clips_[static_cast<std::size_t>(scenes.row(clip).split)].push_back(clip);
  }

  /// A number below `count`, with equal frequencies among questions with the same `what`.
  int deal(const Plan& plan, const std::string& what, int count) {
    const auto name = std::to_string(static_cast<int>(row(plan).split)) + "/" +
                      name_of(plan.category) + "/" + what;
    return static_cast<int>(
        shufflers_.try_emplace(name, kit::derive(seed_, name.c_str()), count).first->second.next());
  }

  void topic(Plan& plan) {
    const auto& all = topics_of(plan.category);
    plan.topic = all[static_cast<std::size_t>(deal(plan, "topic", static_cast<int>(all.size())))];
    plan.answer = word(plan.topic, own(plan));
  }

  /// The answer and three other words; the position of the answer is balanced.
  void choices(Plan& plan) {
    auto& all = plan.choices = {own(plan)};
    while (all.size() < 4) {
      const int other = deal(plan, key(plan) + "other", count(plan.topic));
      if (std::find(all.begin(), all.end(), other) == all.end()) all.push_back(other);
    }
    std::swap(all[0], all[static_cast<std::size_t>(deal(plan, key(plan) + "place", 4))]);
  }

  void yes_or_no(Plan& plan) {
    const bool yes = deal(plan, key(plan) + "yes", 2) == 1;
    plan.asked = yes ? own(plan) : other_level(plan);
    plan.answer = yes ? "yes" : "no";
  }

  void comparison(Plan& plan) {
    const bool same = deal(plan, key(plan) + "same", 2) == 1;
    plan.second = partner(plan, same ? own(plan) : other_level(plan));
    plan.answer = level(plan.topic, scenes_.row(plan.second)) == own(plan) ? "yes" : "no";
  }

 private:
  const Row& row(const Plan& plan) const { return scenes_.row(plan.clip); }
  int own(const Plan& plan) const { return level(plan.topic, row(plan)); }
  /// Name of the shuffler of a topic's level.
  std::string key(const Plan& plan) const {
    return std::to_string(static_cast<int>(plan.topic)) + "/" + std::to_string(own(plan)) + "/";
  }
  int other_level(const Plan& plan) {
    const int n = count(plan.topic);
    return (own(plan) + 1 + deal(plan, key(plan) + "level", n - 1)) % n;
  }

  /// Another clip of the split: with this level if there is one; otherwise with a level that
  /// differs from its own; or any, if the few scenes of a split all have the same level.
  std::int64_t partner(const Plan& plan, int wanted) {
    const auto& clips = clips_[static_cast<std::size_t>(row(plan).split)];
    kit::Random random(kit::derive(seed_, "partner", plan.clip * 64 + plan.number));
    const auto size = std::ssize(clips);
    const auto start = random.below(size);
    std::int64_t any = -1, other = -1;
    for (std::int64_t i = 0; i < size; ++i) {
      const auto clip = clips[static_cast<std::size_t>((start + i) % size)];
      if (clip == plan.clip) continue;
      const int its = level(plan.topic, scenes_.row(clip));
      if (its == wanted) return clip;
      (its == own(plan) ? any : other) = clip;
    }
    return other >= 0 ? other : any;
  }

  const Scenes& scenes_;
  std::uint64_t seed_;
  std::array<std::vector<std::int64_t>, 3> clips_{};
  std::map<std::string, Shuffler> shufflers_{};
};

SceneQuestions::SceneQuestions(const Options& options, const Context& context)
    : scenes_(scene_options(options), context),
      seed_(kit::derive(static_cast<std::uint64_t>(options.integer("world")), "questions")),
      captions_(options.text("captions")) {
  Dealer dealer(scenes_, seed_);
  for (const auto& name : options.texts("categories"))
    for (std::size_t category = 0; category < counts_.size(); ++category)
      if (name == name_of(static_cast<Category>(category)))
        counts_[category] += options.integer("per_category");
  if (options.texts("categories").empty())
    throw ConfigError("categories is empty; expected at least one, as in the default");
  for (std::int64_t clip = 0; clip < options.integer("clips"); ++clip)
    for (std::size_t category = 0; category < counts_.size(); ++category)
      for (int number = 0; number < counts_[category]; ++number) {
        Plan plan{.clip = clip, .category = static_cast<Category>(category), .number = number};
        dealer.topic(plan);
        if (plan.category == Category::multiple_choice) dealer.choices(plan);
        if (plan.category == Category::yes_no) dealer.yes_or_no(plan);
        if (plan.category == Category::compare) dealer.comparison(plan);
        plans_.push_back(std::move(plan));
      }
}

std::vector<LabelSpec> SceneQuestions::labels() const {
  auto specs = scenes_.labels();
  for (auto spec : scenes_.labels())
    for (const std::string name : compared_labels)
      if (spec.name == name) {
        spec.name = of_second(name);
        specs.push_back(spec);
      }
  specs.push_back({.name = "mood", .type = std::string(), .classes = words(Topic::mood)});
  for (const auto* name : kit::caption_labels)
    specs.push_back({.name = name, .type = std::string()});
  return specs;
}

Question SceneQuestions::question_of(const Plan& plan) const {
  const std::string what = noun(plan.topic);
  Question question{.answers = {plan.answer}};
  if (plan.category == Category::compare)
    question.text = "is the " + what + " the same?";
  else if (plan.asked >= 0)
    question.text = "is the " + what + " " + word(plan.topic, plan.asked) + "?";
  else
    question.text = "what is the " + what + "?";
  for (const auto choice : plan.choices)
    question.choices.push_back(word(plan.topic, choice));
  return question;
}

std::string SceneQuestions::caption_of(const Plan& plan, std::int64_t scene) const {
  const auto& row = scenes_.row(scene);
  if (captions_ == "sentence") return caption(row);
  std::vector<Topic> said(in_captions.begin(), in_captions.end());
  if (captions_ == "some_words") {
    const auto* which = scene == plan.clip ? "first" : "second";
    kit::Random random(
        kit::derive(kit::derive(seed_, name_of(plan.category), plan.number), which, plan.clip));
    for (auto left_out = random.below(topics); left_out > 0; --left_out) {
      const auto topic = said.begin() + random.below(std::ssize(said));
      if (*topic != plan.topic) said.erase(topic);
    }
  }
  return caption_words(row, said);
}

Item SceneQuestions::item(std::int64_t index) const {
  const auto& plan = plans_[static_cast<std::size_t>(index)];
  auto item = scenes_.item(plan.clip);
  const std::string category = name_of(plan.category);
  item.groups["clip"] = item.id;
  item.id += "-" + category;
  if (counts_[static_cast<std::size_t>(plan.category)] > 1)
    item.id += "-" + std::to_string(plan.number);
  item.clips.front().shared = plan.clip;
  item.labels["mood"] = word(Topic::mood, level(Topic::mood, scenes_.row(plan.clip)));
  item.labels[kit::caption_labels[0]] = caption_of(plan, plan.clip);
  if (plan.second >= 0) {
    auto second = item.clips.front();
    second.shared = plan.second;
    item.clips.push_back(second);
    const auto other = scenes_.item(plan.second);
    item.groups["second_clip"] = other.id;
    for (const std::string name : compared_labels)
      item.labels[of_second(name)] = other.labels.at(name);
    item.labels[kit::caption_labels[1]] = caption_of(plan, plan.second);
  }
  const bool named = plan.category == Category::multiple_choice ||
                     plan.category == Category::yes_no || plan.category == Category::compare;
  item.slices = {{"category", category},
                 {"format", named ? category : "open"},
                 {"content", content(plan.topic)},
                 {"gold_from", "synthesised"}};
  item.question = question_of(plan);
  return item;
}

AudioBatch SceneQuestions::synthesize(std::int64_t index, std::int64_t clip) const {
  const auto& plan = plans_.at(static_cast<std::size_t>(index));
  if (clip < 0 || clip > (plan.second < 0 ? 0 : 1))
    throw ContractError("clip " + std::to_string(clip) + " of item " + std::to_string(index) +
                        "; it has " + (plan.second < 0 ? "one" : "two"));
  return scenes_.synthesize(clip == 0 ? plan.clip : plan.second, 0);
}

}  // namespace earshot::scenes
