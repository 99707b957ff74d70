#include <gmock/gmock.h>

#include "host/plan/history.hpp"
#include "host/plan/needed_weights.hpp"
#include "reader_world.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr auto one_reader = "[encoder.units]\nuse = 'units'\nfrom = 'mel'\n";
constexpr auto reader_chain =
    "[encoder.units]\nuse = 'units'\nfrom = 'mel'\n"
    "[encoder.words]\nuse = 'words'\nfrom = ['units']\n";

TEST(Reader, is_a_features_stage_that_reads_the_stage_of_its_source) {
  ReaderWorld world;
  const auto plan = world.plan("'units'", one_reader);
  ASSERT_THAT(plan.cells, SizeIs(1));
  const auto& cell = plan.cells[0];
  EXPECT_EQ(cell.decision, Decision::run) << cell.reason;
  ASSERT_THAT(plan.features, SizeIs(2));
  const auto& stage = plan.features.at(cell.features);
  EXPECT_EQ(stage.encoder_label, "units");
  ASSERT_THAT(stage.sources, SizeIs(1));
  const auto& source = plan.features.at(stage.sources[0]);
  EXPECT_EQ(source.encoder_label, "mel");
  EXPECT_EQ(source.source.encoder.component, "log_mel");
  EXPECT_THAT(source.sources, IsEmpty());
  const auto request = cell.request();
  ASSERT_THAT(request.features, SizeIs(1));
  ASSERT_THAT(request.features[0].from, SizeIs(1));
  EXPECT_EQ(request.features[0].from[0].key, source.source.key);
  EXPECT_FALSE(request.features[0].from[0].codes);
  ASSERT_THAT(request.features[0].encoder.sources, SizeIs(1));
  EXPECT_EQ(request.features[0].encoder.sources[0].features->frame_rate, 50);
  EXPECT_EQ(request.features[0].encoder.sources[0].features->dim, 64);
  EXPECT_THAT(plan.features_of(cell), ElementsAre(stage.sources[0], cell.features));
  std::vector<std::string> plugins;
  for (const auto& plugin : plan.plugins)
    plugins.push_back(plugin.name);
  EXPECT_THAT(plugins, ::testing::UnorderedElementsAre("units", "mel", "probe", "data"));
}

TEST(Reader, shares_the_stage_of_its_source_with_the_cells_of_that_encoder) {
  ReaderWorld world;
  const auto plan = world.plan("'mel', 'units'", one_reader);
  EXPECT_THAT(plan.features, SizeIs(2));
  EXPECT_THAT(plan.features.at(plan.cells[1].features).sources,
              ElementsAre(plan.cells[0].features));
}

TEST(Reader, leaves_the_keys_of_other_encoders_as_they_are) {
  ReaderWorld world;
  World without;
  const auto key = without.plan("encoder = ['mel']\ntask = ['probe']\n").cells.at(0);
  const auto plan = world.plan("'mel', 'units'", one_reader);
  EXPECT_EQ(plan.cells[0].key, key.key);
  EXPECT_EQ(plan.cells[0].source->key, key.source->key);
  EXPECT_EQ(plan.cells[0].identity.text().find("from"), std::string::npos);
}

TEST(Reader, has_a_key_that_changes_with_all_that_it_reads) {
  ReaderWorld world;
  std::set<std::string> keys, features;
  const auto add = [&](const Overrides& overrides) {
    const auto plan = world.plan("'words'", reader_chain, overrides);
    const auto& cell = plan.cells.at(0);
    EXPECT_EQ(cell.key, protocol::sha256(cell.identity.json()));
    return keys.insert(cell.key).second && features.insert(cell.source->key).second;
  };
  EXPECT_TRUE(add({}));
  for (const auto* change :
       {"encoder.mel.options.mels=40", "encoder.units.options.size=8", "encoder.mel.dtype=float16",
        "encoder.units.from=codec", "task.probe.audio.crop=centre"})
    EXPECT_TRUE(add({.set = {change}})) << change;
  EXPECT_FALSE(add({.set = {"encoder.mel.options.workers=3"}}));
  world.folder.write("plugins/mel.so", "another build");
  EXPECT_TRUE(add({}));
  const auto renamed =
      world.plan("'w'",
                 "[encoder.other]\nuse = 'log_mel'\n[encoder.u]\nuse = 'units'\nfrom = 'other'\n"
                 "[encoder.w]\nuse = 'words'\nfrom = 'u'\n");
  EXPECT_TRUE(keys.contains(renamed.cells.at(0).key)) << "labels are in no key";
}

TEST(Reader, of_a_reader_is_planned_in_their_order_and_connected_to_what_that_gives) {
  ReaderWorld world;
  const auto plan = world.plan("'words'", reader_chain);
  const auto& cell = plan.cells.at(0);
  std::vector<std::string> labels;
  for (const auto& key : plan.features_of(cell))
    labels.push_back(plan.features.at(key).encoder_label);
  EXPECT_THAT(labels, ElementsAre("mel", "units", "words"));
  EXPECT_TRUE(cell.source->from.at(0).codes);
  EXPECT_EQ(cell.source->from.at(0).from.at(0).encoder.component, "log_mel");
  ASSERT_THAT(world.connected["words"], SizeIs(1));
  EXPECT_EQ(world.connected["words"][0].codes->frame_rate, 50);
  EXPECT_THAT(world.connected["words"][0].codes->sizes, ElementsAre(16));
}

TEST(Reader, of_several_reads_of_each_what_it_says) {
  ReaderWorld world;
  const auto plan = world.plan("'both'", "[encoder.both]\nuse = 'both'\nfrom = ['mel', 'codec']\n");
  const auto& stage = plan.features.at(plan.cells.at(0).features);
  ASSERT_THAT(stage.sources, SizeIs(2));
  EXPECT_FALSE(plan.features.at(stage.sources[0]).source.codes);
  EXPECT_TRUE(plan.features.at(stage.sources[1]).source.codes);
}

TEST(Reader, reads_what_an_axis_names_for_each_of_its_values) {
  ReaderWorld world;
  const auto plan =
      world.plan("'units'", std::string("\"encoder.from\" = ['mel', 'codec']\n") + one_reader);
  ASSERT_THAT(plan.cells, SizeIs(2));
  EXPECT_EQ(plan.cells[1].cell.label(), "units/probe/encoder.from=codec/s0");
  EXPECT_NE(plan.cells[0].key, plan.cells[1].key);
  EXPECT_EQ(plan.cells[1].source->from.at(0).encoder.component, "codec");
  EXPECT_THAT(plan.features, SizeIs(4));
  EXPECT_THAT(
      world.refused("'units'", std::string("\"encoder.from\" = ['mel', 'codecs']\n") + one_reader),
      HasSubstr("x.toml:19:1: unknown encoder 'codecs'; known: codec, mel, units; did you "
                "mean 'codec'?"));
}

TEST(Reader, takes_option_axes_and_overrides_for_itself_and_leaves_its_sources_as_written) {
  ReaderWorld world;
  const auto plan = world.plan("'units'", std::string("\"encoder.size\" = [8, 16]\n") + one_reader +
                                              "[[override]]\nmatch = { encoder = 'units' }\n"
                                              "options = { encoder = { dtype = 'float16' } }\n");
  ASSERT_THAT(plan.cells, SizeIs(2));
  for (const auto& cell : plan.cells) {
    EXPECT_EQ(cell.source->dtype, "float16");
    EXPECT_EQ(cell.source->from.at(0).dtype, "float32");
  }
  EXPECT_EQ(plan.cells[0].source->encoder.options.at("size"), 8);
  EXPECT_THAT(plan.features, SizeIs(3));
}

TEST(Reader, of_a_trained_encoder_reads_what_the_training_makes_of_it) {
  ReaderWorld world;
  const std::string text =
      "[encoder.units]\nuse = 'units'\nfrom = 'net'\n[encoder.net]\nuse = 'net'\n";
  const std::string pretrain = "[encoder.net.pretrain]\nuse = 'train'\ndataset = 'made'\n";
  const auto untrained = world.plan("'units'", text),
             trained = world.plan("'units'", text + pretrain);
  const auto& cell = trained.cells.at(0);
  EXPECT_EQ(cell.decision, Decision::run) << cell.reason;
  EXPECT_NE(cell.key, untrained.cells.at(0).key);
  ASSERT_THAT(trained.pretrain, SizeIs(1));
  EXPECT_THAT(cell.pretrain, ElementsAre(trained.pretrain.begin()->first));
  EXPECT_EQ(cell.weights, "pretrained on made");
  EXPECT_THAT(cell.pretrain_data.value(), ElementsAre("made"));
  const auto& stage = trained.features.at(cell.features);
  EXPECT_THAT(stage.pretrain, IsEmpty());
  EXPECT_EQ(trained.features.at(stage.sources[0]).pretrain, cell.pretrain[0]);
  EXPECT_EQ(cell.source->from.at(0).encoder.state, trained.pretrain.begin()->second.request.file);
  const auto leaked = world.plan("'units'", "fold = [1]\n" + text +
                                                "[encoder.net.pretrain]\nuse = 'train'\n"
                                                "dataset = 'real'\n");
  EXPECT_EQ(leaked.cells.at(0).decision, Decision::skipped);
  EXPECT_THAT(leaked.cells.at(0).reason, HasSubstr("encoder 'net' is pretrained on all folds"));
}

TEST(Reader, is_labelled_with_the_weights_of_what_it_reads) {
  ReaderWorld world;
  const auto plan = world.plan("'units'", one_reader);
  EXPECT_EQ(plan.cells.at(0).weights, "random");
  EXPECT_THAT(plan.cells.at(0).pretrain_data.value(), IsEmpty());
  EXPECT_EQ(plan.cells.at(0).in_domain, false);
}

TEST(Reader, is_skipped_where_its_source_lacks_weights_or_cannot_be_asked) {
  ReaderWorld world;
  const auto skipped = [&](const std::string& end) {
    const auto plan = world.plan("'units'", one_reader + end);
    EXPECT_EQ(plan.cells.at(0).decision, Decision::skipped);
    return plan.cells.at(0).reason;
  };
  EXPECT_THAT(skipped("[encoder.mel.options]\nweights = 'w.bin'\n"),
              HasSubstr("encoder 'mel': there is no file"));
  world.queries.errors["log_mel"] = {"crash", "the worker was killed by signal 11"};
  EXPECT_EQ(skipped(""), "encoder 'mel': the worker was killed by signal 11");
}

TEST(Reader, is_skipped_by_tasks_that_need_audio) {
  ReaderWorld world;
  const auto plan = world.plan("'units'", std::string(one_reader) +
                                              "[task.hear]\nuse = 'heard'\ndataset = 'real'\n"
                                              "[[matrix]]\nencoder = 'units'\ntask = 'hear'\n");
  EXPECT_EQ(plan.cells.at(1).reason,
            "encoder 'units' reads other encoders, and task 'hear' needs one that takes audio");
}

TEST(Reader, needs_the_weights_of_what_it_reads) {
  ReaderWorld world;
  const auto text = World::text() + ReaderWorld::text("'words'", reader_chain) +
                    "[encoder.mel.options]\nweights = 'w.bin'\n";
  const auto experiment = parse_experiment((world.folder / "x.toml").string(), {},
                                           [&](const std::string&) { return text; });
  HashCache hashes(world.folder / "cache");
  const Catalog catalog(world.files, world.queries, hashes);
  const auto needed =
      needed_weights(experiment, {}, catalog, world.queries, hashes, world.folder / "cache");
  ASSERT_THAT(needed, SizeIs(1));
  EXPECT_THAT(needed[0].users, ElementsAre("encoder mel"));
}

TEST(Reader, and_what_it_reads_are_asked_once) {
  ReaderWorld world;
  wait_until_settled();
  world.plan("'words'", reader_chain);
  EXPECT_GT(world.asked, 0);
  world.plan("'words'", reader_chain);
  EXPECT_EQ(world.asked, 0);
}

TEST(From, of_an_encoder_that_takes_audio_is_refused_where_it_is_written) {
  ReaderWorld world;
  EXPECT_THAT(world.refused("'mel2'", "[encoder.mel2]\nuse = 'log_mel'\nfrom = 'mel'\n"),
              AllOf(HasSubstr("x.toml:21:8: encoder 'mel2' (mel/log_mel) has 'from'"),
                    HasSubstr("ability 'reader'")));
}

TEST(From, is_needed_by_a_reader) {
  ReaderWorld world;
  EXPECT_THAT(world.refused("'units'", "[encoder.units]\nuse = 'units'\n"),
              AllOf(HasSubstr("x.toml:19:10: encoder 'units' (units/units) reads other encoders"),
                    HasSubstr("Known: codec, mel, units")));
}

TEST(From, names_as_many_encoders_as_are_read) {
  ReaderWorld world;
  EXPECT_THAT(
      world.refused("'units'", "[encoder.units]\nuse = 'units'\nfrom = ['mel', 'codec']\n"),
      HasSubstr("x.toml:21:8: encoder 'units' (units/units) reads 1 encoder (features); 'from' "
                "names 2"));
}

TEST(From, names_codecs_where_codes_are_read) {
  ReaderWorld world;
  EXPECT_THAT(
      world.refused("'words'", "[encoder.words]\nuse = 'words'\nfrom = 'mel'\n"),
      AllOf(HasSubstr("x.toml:21:8: encoder 'words' (words_of_codes/words) reads codes, but "
                      "encoder 'mel' (mel/log_mel) has none"),
            HasSubstr("ability 'codec'")));
}

TEST(From, names_encoders_that_the_reader_can_read) {
  ReaderWorld world;
  world.queries.facts["log_mel"]["spec"]["frame_rate"] = 100;
  EXPECT_THAT(world.refused("'units'", one_reader),
              HasSubstr("x.toml:21:8: encoder 'units': it reads at most 99 frames per second"));
}

TEST(Change, of_what_a_reader_reads_is_named) {
  ReaderWorld world;
  const auto before = world.plan("'words'", reader_chain).cells.at(0).identity.json();
  const auto now = [&](const std::string& set) {
    return world.plan("'words'", reader_chain, {.set = {set}}).cells.at(0).identity.json();
  };
  EXPECT_EQ(changes(before, now("encoder.mel.options.mels=40")),
            "source's source's encoder option 'mels' changed (64 -> 40)");
  EXPECT_EQ(changes(before, now("encoder.units.options.size=8")),
            "source's encoder option 'size' changed (16 -> 8)");
  EXPECT_EQ(changes(before, now("encoder.mel.dtype=float16")),
            "source's source's dtype changed (float32 -> float16)");
}

}  // namespace
}  // namespace earshot::host
