#include "scene_questions.hpp"

#include <set>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/questions.hpp>

namespace earshot::scenes {
namespace {

using testing::IsSubsetOf;

SceneQuestions make(std::map<std::string, OptionValue> given) {
  given.emplace("seconds", 0.5);
  return {Options(SceneQuestions::options(), given), {.device = at::kCPU}};
}

SceneQuestions make(std::int64_t clips, std::int64_t per_category = 1, std::int64_t world = 0) {
  return make({{"clips", clips}, {"per_category", per_category}, {"world", world}});
}

std::string label(const Item& item, const char* name) {
  return std::get<std::string>(item.labels.at(name));
}

/// The answer, derived again from the captions.
std::string answer_from_captions(const Item& item) {
  const auto& text = item.question->text;
  const auto says = [&](const char* caption, const std::string& word) {
    return (" " + label(item, caption)).find(" " + word) != std::string::npos;
  };
  const auto topic_of = [&] {
    for (int topic = 0; topic < topics; ++topic)
      if (text.find(std::string("the ") + noun(static_cast<Topic>(topic)) + " ") !=
              std::string::npos ||
          text.find(std::string("the ") + noun(static_cast<Topic>(topic)) + "?") !=
              std::string::npos)
        return static_cast<Topic>(topic);
    throw std::logic_error(text);
  };
  const auto topic = topic_of();
  const std::string start = std::string("the ") + noun(topic) + " ";
  const auto named = [&] {
    const auto from = text.find(start) + start.size();
    return text.substr(from, text.size() - 1 - from);
  };
  if (text.ends_with(" the same?")) {
    for (const auto& word : words(topic))
      if (says("caption", word)) return says("second_caption", word) ? "yes" : "no";
  }
  if (text.starts_with("is")) return says("caption", named()) ? "yes" : "no";
  for (const auto& word : words(topic))
    if (says("caption", word)) return word;
  return "?";
}

TEST(SceneQuestions, have_answers_that_follow_from_the_scenes) {
  const auto data = make(432, 2);
  ASSERT_EQ(data.size(), 432 * 7 * 2);
  EXPECT_EQ(data.slice_roles().at(SliceRole::answer_origin), "gold_from");
  std::set<std::string> ids, seen;
  for (std::int64_t i = 0; i < data.size(); ++i) {
    const auto item = data.item(i);
    EXPECT_EQ(kit::question_fault(item), "") << item.id;
    EXPECT_EQ(answer_from_captions(item), item.question->answers.front())
        << item.question->text << " of " << label(item, "caption");
    EXPECT_EQ(item.slices.at("gold_from"), "synthesised");
    EXPECT_EQ(item.slices.at("category") == "compare", item.clips.size() == 2);
    if (item.clips.size() == 2) {
      EXPECT_TRUE(label(item, "second_caption").find(label(item, "second_event")) !=
                  std::string::npos);
    }
    if (item.slices.at("category") == "multiple_choice") {
      const auto& choices = item.question->choices;
      EXPECT_EQ(std::set<std::string>(choices.begin(), choices.end()).size(), 4U);
    }
    ids.insert(item.id);
    for (const auto* dimension : {"category", "content", "format"})
      seen.insert(item.slices.at(dimension));
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(data.size()));
  EXPECT_THAT(
      (std::set<std::string>{"multiple_choice", "compare", "sound_event", "acoustic_properties",
                             "mood", "environment", "yes_no", "event", "acoustics", "open"}),
      IsSubsetOf(seen));
}

TEST(SceneQuestions, share_the_audio_of_their_scene) {
  const auto data = make(24);
  std::map<std::int64_t, std::string> captions;
  std::int64_t checked = 0;
  for (std::int64_t i = 0; i < data.size(); ++i) {
    const auto item = data.item(i);
    for (std::size_t clip = 0; clip < item.clips.size(); ++clip) {
      ASSERT_GE(item.clips[clip].shared, 0);
      const auto caption = label(item, kit::caption_labels[clip]);
      const auto [known, fresh] = captions.try_emplace(item.clips[clip].shared, caption);
      EXPECT_EQ(known->second, caption);
      if (clip == 0 || ++checked > 3) continue;
      const auto original = item.clips[1].shared * 7;  // the first question about that scene
      EXPECT_TRUE(at::equal(data.synthesize(i, 1).samples, data.synthesize(original, 0).samples));
      EXPECT_EQ(item.split, data.item(original).split);
    }
  }
  EXPECT_EQ(captions.size(), 24U);
  EXPECT_GT(checked, 3);
  EXPECT_THROW(data.synthesize(0, 2), ContractError);
}

/// The question and the answer: the position of the answer if there are choices.
std::pair<std::string, std::string> asked(const Item& item) {
  const auto& [text, choices, answers] = *item.question;
  if (choices.empty()) return {text, answers.front()};
  const auto place = std::find(choices.begin(), choices.end(), answers.front());
  return {"choices", std::to_string(place - choices.begin())};
}

TEST(SceneQuestions, reveal_little_more_than_chance_without_their_audio) {
  const auto data = make(1728, 4);
  std::map<std::string, std::map<std::string, int>> learnt;  // by question, answer
  std::map<std::string, double> right, all;                  // by category
  for (std::int64_t i = 0; i < data.size(); ++i) {
    const auto item = data.item(i);
    const auto [text, answer] = asked(item);
    auto& answers = learnt[text];
    if (item.split == Split::train) ++answers[answer];
    if (item.split != Split::test) continue;
    const auto best = std::max_element(
        answers.begin(), answers.end(),
        [](const auto& one, const auto& other) { return one.second < other.second; });
    const auto& category = item.slices.at("category");
    right[category] += best != answers.end() && best->first == answer ? 1 : 0;
    ++all[category];
  }
  const std::map<std::string, double> chance = {
      {"multiple_choice", 0.25},     {"compare", 0.5},  {"yes_no", 0.5},
      {"environment", 1.0 / 6},      {"mood", 1.0 / 3}, {"sound_event", 1.0 / 12},
      {"acoustic_properties", 0.31},  // of three words, and in one case of four
  };
  for (const auto& [category, expected] : chance) {
    EXPECT_EQ(all.at(category), 432 * 4);
    EXPECT_NEAR(right.at(category) / all.at(category), expected, 0.04) << category;
  }
}

TEST(SceneQuestions, can_be_limited_to_some_categories_and_weighted) {
  const auto data = make({{"clips", std::int64_t{24}},
                          {"categories", std::vector<std::string>{"yes_no", "mood", "yes_no"}}});
  ASSERT_EQ(data.size(), 24 * 3);
  std::map<std::string, int> counts;
  std::set<std::string> ids;
  for (std::int64_t i = 0; i < data.size(); ++i) {
    ++counts[data.item(i).slices.at("category")];
    ids.insert(data.item(i).id);
  }
  EXPECT_EQ(counts, (std::map<std::string, int>{{"mood", 24}, {"yes_no", 48}}));
  EXPECT_EQ(std::ssize(ids), data.size());
  EXPECT_THROW(make({{"categories", std::vector<std::string>{}}}), ConfigError);
}

TEST(SceneQuestions, have_captions_of_some_words_that_contain_the_answer) {
  const auto all = make({{"clips", std::int64_t{432}}, {"captions", std::string("words")}}),
             some = make({{"clips", std::int64_t{432}}, {"captions", std::string("some_words")}});
  std::set<std::size_t> lengths;
  for (std::int64_t i = 0; i < some.size(); ++i) {
    const auto item = some.item(i);
    EXPECT_EQ(answer_from_captions(item), item.question->answers.front())
        << item.question->text << " of " << label(item, "caption");
    EXPECT_EQ(answer_from_captions(all.item(i)), item.question->answers.front());
    EXPECT_LE(label(item, "caption").size(), label(all.item(i), "caption").size());
    const auto caption = label(item, "caption");
    lengths.insert(static_cast<std::size_t>(std::count(caption.begin(), caption.end(), ' ')));
  }
  EXPECT_GE(lengths.size(), 7U);
}

TEST(SceneQuestions, are_the_same_in_one_world_and_differ_in_another) {
  const auto one = make(48), again = make(48), other = make(48, 1, 1);
  int differ = 0;
  for (std::int64_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one.item(i).question->text, again.item(i).question->text);
    EXPECT_EQ(one.item(i).question->answers, again.item(i).question->answers);
    differ += one.item(i).question->answers != other.item(i).question->answers ? 1 : 0;
  }
  EXPECT_GT(differ, one.size() / 4);
}

}  // namespace
}  // namespace earshot::scenes
