#include "protocol/verbs.hpp"

#include <set>

#include <gmock/gmock.h>

namespace earshot::protocol {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StrEq;

template <class Action>
std::string complaint(Action&& action) {
  try {
    action();
  } catch (const ProtocolError& error) {
    return error.what();
  }
  return "";
}

/// The error of read_one_of() for a message of any verb.
std::string complaint_of_event(const Json& header) {
  return complaint([&] { read_one_of(Events(), {header}); });
}

TEST(Verbs, have_names_of_their_own) {
  std::set<std::string> names;
  Verbs::each([&]<class Verb>(std::type_identity<Verb>) {
    EXPECT_TRUE(names.insert(Verb::name).second) << Verb::name;
    static_assert(std::is_same_v<VerbOf<typename Verb::Request>, Verb>);
  });
}

TEST(Verbs, have_requests_and_results_that_come_back_from_json_as_they_were) {
  Verbs::each([]<class Verb>(std::type_identity<Verb>) {
    const Json request = typename Verb::Request(), result = typename Verb::Result();
    EXPECT_EQ(Json(read_request<Verb>(request)), request) << Verb::name;
    EXPECT_EQ(Json(read_result<Verb>(result)), result) << Verb::name;
  });
}

TEST(Events, come_back_from_messages_as_they_were) {
  Events::each([]<class Event>(std::type_identity<Event>) {
    const auto message = to_message(3, Event());
    EXPECT_EQ(message.header.at("type"), Event::type);
    EXPECT_EQ(message.header.at("id"), 3);
    const auto said = read_one_of(Events(), message);
    ASSERT_TRUE(std::holds_alternative<Event>(said)) << Event::type;
    EXPECT_EQ(Json(std::get<Event>(said)), Json(Event()));
  });
}

TEST(Events, travel_with_the_bytes_behind_their_header) {
  const event::Predictions sent{.rows = {{.item = 3, .value = "dog", .scores = 1}},
                                .binary = "abcd"};
  const auto message = to_message(1, sent);
  EXPECT_EQ(message.binary, "abcd");
  EXPECT_FALSE(message.header.contains("binary"));
  EXPECT_EQ(message.header.at("rows").at(0), Json({3, "dog", "", Json::object(), 1, nullptr}));
  EXPECT_EQ(std::get<event::Predictions>(read_one_of(Events(), message)).binary, "abcd");
}

TEST(Events, that_a_verb_does_not_have_are_refused_in_words) {
  const auto text =
      complaint([] { read_one_of(verb::Features::Events(), to_message(1, event::Lost())); });
  EXPECT_THAT(text, StrEq("message 'lost' is unknown here; expected one of 'progress', 'spent'"));
  EXPECT_THAT(complaint_of_event({{"type", 3}}), HasSubstr("message '' is unknown here"));
  EXPECT_THAT(complaint_of_event(Json::object()), HasSubstr("message '' is unknown here"));
}

TEST(Fields, that_are_missing_or_of_another_type_are_named_with_where_they_are) {
  EXPECT_THAT(complaint_of_event({{"type", "progress"}, {"done", 1}}),
              StrEq("message 'progress': field 'total': it is missing"));
  EXPECT_THAT(complaint_of_event({{"type", "warning"}, {"text", 1}}),
              AllOf(HasSubstr("message 'warning': field 'text'"), HasSubstr("must be string")));
  EXPECT_THAT(complaint([] {
                read_request<verb::Resolve>(Json{{"component", {{"inputs", {{{"path", 7}}}}}}});
              }),
              HasSubstr("request 'resolve': field 'component.inputs.path'"));
  EXPECT_THAT(complaint([] { read_result<verb::Adapter>(Json::array()); }),
              StrEq("result of 'adapter': it is of type array; expected an object"));
}

TEST(Fields, that_a_part_lacks_have_their_defaults) {
  const auto cell = read_request<verb::Cell>(Json{{"seed", 3}});
  EXPECT_EQ(cell.seed, 3);
  EXPECT_EQ(cell.predict, "test");
}

TEST(Fields, of_a_chain_of_sources_come_back_as_they_were) {
  FeatureSource source{.key = "units", .from = {{.key = "mel", .from = {{.key = "codec"}}}}};
  source.encoder.sources = {{.features = FeatureSpec{.frame_rate = 12.5, .dim = 3}},
                            {.codes = CodeSpec{.frame_rate = 75, .sizes = {16, 8}}}};
  const auto back = Json(source).get<FeatureSource>();
  EXPECT_EQ(Json(back), Json(source));
  EXPECT_EQ(back.from.at(0).from.at(0).key, "codec");
  EXPECT_FALSE(back.encoder.sources.at(1).features);
}

TEST(Fields, that_are_optional_are_left_out_or_null) {
  const Json result = CompleteResult{.context = 8, .length = 2, .log_prob = -1.5};
  EXPECT_EQ(result, Json({{"context", 8}, {"length", 2}, {"log_prob", -1.5}}));
  EXPECT_TRUE(Json(CompleteRequest()).at("answer").is_null());
  auto asked = Json(CompleteRequest());
  asked["answer"] = "rain";
  EXPECT_EQ(read_request<verb::Complete>(asked).answer, "rain");
}

TEST(Facts, are_told_apart_by_their_first_field) {
  const auto facts = [](const Json& json) { return read_result<verb::Resolve>(json); };
  EXPECT_TRUE(std::holds_alternative<NoFacts>(facts(Json::object())));
  EXPECT_TRUE(std::holds_alternative<LanguageModelFacts>(
      facts({{"spec", {{"embedding_dim", 4}, {"context", 8}}}})));
  const auto reader = facts(ReaderFacts{.reads = {"codes"}, .spec = FeatureSpec{.dim = 4}});
  ASSERT_TRUE(std::holds_alternative<ReaderFacts>(reader));
  EXPECT_EQ(std::get<ReaderFacts>(reader).spec->dim, 4);
  EXPECT_THAT(complaint([&] {
                facts({{"uses", Json::object()}});
              }),
              StrEq("result of 'resolve': field 'metrics': it is missing"));
  EXPECT_THAT(complaint([] { read_result<verb::Check>(Json::object()); }),
              StrEq("result of 'check': it has none of the fields 'outcome', 'checks'"));
}

}  // namespace
}  // namespace earshot::protocol
