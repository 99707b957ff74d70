// runner/protocol/README.md lists the fields of every verb, event and part; so do the structs.
// Neither may change without the other.
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "protocol/verbs.hpp"

namespace earshot::protocol {
namespace {

using Names = std::set<std::string>;

/// The content below a heading "### name".
struct Section {
  std::map<std::string, Names> fields{};  ///< by the first column of the row
  Names events{};
};

using Chapter = std::map<std::string, Section>;

/// The texts between backticks in a line.
std::vector<std::string> in_backticks(const std::string& line) {
  std::vector<std::string> texts;
  for (std::size_t begin = line.find('`'); begin != line.npos;) {
    const auto end = line.find('`', begin + 1);
    if (end == line.npos) break;
    texts.push_back(line.substr(begin + 1, end - begin - 1));
    begin = line.find('`', end + 1);
  }
  return texts;
}

/// The sections of the page by chapter, "## Verbs", and heading.
std::map<std::string, Chapter> read_page() {
  std::ifstream page(EARSHOT_SOURCE_DIR "/runner/protocol/README.md");
  std::map<std::string, Chapter> chapters;
  std::string chapter, heading;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) chapter = line.substr(3), heading.clear();
    if (line.starts_with("### ")) {
      const auto name = in_backticks(line);
      heading = name.empty() ? line.substr(4) : name.front();
      chapters[chapter][heading];
    }
    if (heading.empty()) continue;
    auto& section = chapters[chapter][heading];
    const auto names = in_backticks(line);
    if (line.starts_with("Events: ")) section.events = {names.begin(), names.end()};
    if (line.starts_with("| ") && !names.empty() && line.find("| `") != line.npos)
      section.fields[line.substr(2, line.find(" |", 2) - 2)].insert(names.front());
  }
  return chapters;
}

template <class Struct>
Names names_of() {
  const auto names = field_names<Struct>();
  return {names.begin(), names.end()};
}

Names headings(const Chapter& chapter) {
  Names names;
  for (const auto& [heading, section] : chapter)
    names.insert(heading);
  return names;
}

TEST(ProtocolPage, describes_every_verb_with_its_fields_and_events) {
  auto chapter = read_page()["Verbs"];
  Names verbs;
  Verbs::each([&]<class Verb>(std::type_identity<Verb>) {
    verbs.insert(Verb::name);
    auto& section = chapter[Verb::name];
    EXPECT_EQ(section.fields["request"], names_of<typename Verb::Request>()) << Verb::name;
    EXPECT_EQ(section.fields["result"], names_of<typename Verb::Result>()) << Verb::name;
    Names events;
    Verb::Events::each([&]<class Event>(std::type_identity<Event>) { events.insert(Event::type); });
    EXPECT_EQ(section.events, events) << Verb::name;
  });
  EXPECT_EQ(headings(chapter), verbs);
}

TEST(ProtocolPage, describes_every_event_with_its_fields) {
  auto chapter = read_page()["Events"];
  Names events;
  Events::each([&]<class Event>(std::type_identity<Event>) {
    events.insert(Event::type);
    EXPECT_EQ(chapter[Event::type].fields["event"], names_of<Event>()) << Event::type;
  });
  EXPECT_EQ(headings(chapter), events);
}

/// Checks a part that has the name of its struct.
template <class Part>
void check(Chapter& chapter, const std::string& name, Names& parts) {
  parts.insert(name);
  EXPECT_EQ(chapter[name].fields["field"], names_of<Part>()) << name;
}

TEST(ProtocolPage, describes_the_answers_with_their_fields) {
  auto chapter = read_page()["Answers"];
  Names answers;
  check<Hello>(chapter, "Hello", answers);
  check<Done>(chapter, "Done", answers);
  check<Failed>(chapter, "Failed", answers);
  EXPECT_EQ(headings(chapter), answers);
}

TEST(ProtocolPage, describes_the_parts_with_their_fields) {
  auto chapter = read_page()["Parts"];
  Names parts;
#define EARSHOT_CHECK_PART(Part) check<Part>(chapter, #Part, parts);
  EARSHOT_EACH(EARSHOT_CHECK_PART, ComponentInfo, ComponentRef, InputRef, Uses, Metric, AudioNeeds,
               FeatureSpec, CodeSpec, SourceSpec, LanguageModelSpec, CheckInfo, LabelInfo, LeftOut,
               LeftOuts, DatasetRef, LintCheck, LintFile, ItemAudio, FeatureSource, FeatureResult,
               LostClip, AnsweredSeed)
#undef EARSHOT_CHECK_PART
  EXPECT_EQ(headings(chapter), parts);
}

}  // namespace
}  // namespace earshot::protocol
