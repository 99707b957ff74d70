#include "host/experiment/experiment.hpp"

#include <limits>

#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

constexpr auto both_axes = "encoder = ['mel', 'level']\ntask = ['room', 'event']\n";

std::string with(const std::string& section) {
  return small(both_axes) + section;
}

TEST(Experiment, reads_every_section) {
  const auto experiment = parse(R"([experiment]
name = "all"
question = "What is kept?"
key = "version"
max_cells = 50
[dataset.rooms]
use = "scenes"
options = { clips = 20 }
limit = 10
validation = 0.25
shuffle_labels = true
allow_lost = 2
[encoder.mel]
use = "log_mel/log_mel"
dtype = "float16"
[encoder.small]
use = "log_mel"
[encoder.small.pretrain]
use = "imitate"
dataset = "rooms"
options = { steps = 5 }
[mapper.mlp]
use = "mlp"
[language_model.lm]
use = "llama"
[task.room]
use = "linear_probe"
dataset = "rooms"
options = { target = "room", bands = [1.5, 2] }
audio = { crop = "centre", pad = "repeat", max_seconds = 5, min_seconds = 1.5 }
[[matrix]]
encoder = ["mel", "small"]
task = "room"
"task.c" = [0.1, 1]
mapper = ["mlp"]
language_model = ["lm"]
category = "*"
seed = [0, 1]
where = { seed = { le = 5 } }
[[exclude]]
match = { encoder = "mel", seed = 1 }
reason = "enough"
[[override]]
match = { encoder = "small" }
options = { task = { epochs = 3 } }
resources = { timeout = "2min", memory = "1.5GiB" }
[select]
over = ["task.c"]
by = "validation.accuracy"
[[hypothesis]]
name = "more"
claim = "mel > small"
tasks = ["room"]
slices = { category = "a" }
margin = 0.1
positive_control = "mel"
blind_control = "small"
[compare]
axis = "encoder"
base = "mel"
[[reference]]
match = { encoder = "mel" }
metric = "accuracy"
value = 1
source = "a paper"
protocol = "5 folds"
comparable = false
[resources]
jobs = 4
threads = 2
timeout = 90
memory = "8GiB"
attempts = 2
device = "cuda:0"
[statistics]
replicates = 100
)");
  EXPECT_EQ(experiment.name, "all");
  EXPECT_EQ(experiment.question, "What is kept?");
  EXPECT_EQ(experiment.key_policy, "version");
  EXPECT_EQ(experiment.max_cells, 50);
  const auto& rooms = *experiment.find(Table::dataset, "rooms");
  EXPECT_EQ(rooms.options, Json({{"clips", 20}}));
  EXPECT_EQ(
      std::get<DatasetSettings>(rooms.settings),
      (DatasetSettings{.limit = 10, .allow_lost = 2, .validation = 0.25, .shuffle_labels = true}));
  EXPECT_EQ(rooms.position.text(), "x.toml:6:10");
  EXPECT_EQ(rooms.option_positions.at("clips").text(), "x.toml:8:13");
  const auto& mel = *experiment.find(Table::encoder, "mel");
  EXPECT_EQ(mel.use, "log_mel/log_mel");
  EXPECT_EQ(std::get<EncoderSettings>(mel.settings).dtype, "float16");
  ASSERT_EQ(experiment.pretrainings.size(), 1u);
  const auto& training = *experiment.pretraining(Table::encoder, "small");
  EXPECT_EQ(training.dataset, "rooms");
  EXPECT_EQ(training.trainer.use, "imitate");
  EXPECT_EQ(training.trainer.options, Json({{"steps", 5}}));
  EXPECT_EQ(training.trainer.position.text(), "x.toml:18:16");
  const auto& room = *experiment.find(Table::task, "room");
  EXPECT_EQ(room.dataset, "rooms");
  EXPECT_EQ(room.options, Json::parse(R"({"target": "room", "bands": [1.5, 2]})"));
  EXPECT_EQ(
      std::get<TaskSettings>(room.settings).audio,
      (AudioOverrides{.crop = "centre", .pad = "repeat", .max_seconds = 5, .min_seconds = 1.5}));
  const auto& block = experiment.blocks.at(0);
  ASSERT_EQ(block.axes.size(), 6u);
  EXPECT_EQ(block.axes[1], (BlockAxis{"task", {"room"}}));
  EXPECT_EQ(block.axes[2], (BlockAxis{"task.c", {OptionValue{0.1}, OptionValue{1}}}));
  EXPECT_EQ(block.slices.at("category"), std::vector<std::string>{"*"});
  EXPECT_EQ(block.where.json(), Json::parse(R"({"seed": {"le": 5.0}})"));
  EXPECT_EQ(experiment.excludes.at(0).reason, "enough");
  ASSERT_EQ(experiment.overrides.at(0).assignments.size(), 1u);
  const auto& assignment = experiment.overrides.at(0).assignments.at(0);
  EXPECT_EQ(assignment.table, Table::task);
  EXPECT_EQ(assignment.option, "epochs");
  EXPECT_EQ(assignment.value, 3);
  EXPECT_EQ(experiment.overrides.at(0).resources,
            (ResourceLimits{.timeout = 120, .memory = 1610612736}));
  EXPECT_EQ(experiment.select.over, std::vector<std::string>{"task.c"});
  EXPECT_EQ(experiment.select.by, "accuracy");
  EXPECT_EQ(experiment.compare_axis, "encoder");
  EXPECT_EQ(experiment.compare_base, "mel");
  const auto& reference = experiment.references.at(0);
  EXPECT_EQ(reference.value, 1);
  EXPECT_EQ(reference.source, "a paper");
  EXPECT_EQ(reference.protocol, "5 folds");
  EXPECT_FALSE(reference.comparable);
  EXPECT_EQ(experiment.resources.jobs, 4);
  EXPECT_EQ(experiment.resources.threads, 2);
  EXPECT_EQ(experiment.resources.timeout, 90);
  EXPECT_EQ(experiment.resources.memory, std::int64_t{8} << 30);
  EXPECT_EQ(experiment.resources.attempts, 2);
  EXPECT_EQ(experiment.resources.device, "cuda:0");
  EXPECT_EQ(experiment.replicates, 100);
}

TEST(Experiment, is_the_same_whatever_comments_and_the_order_of_keys_are) {
  const auto one = parse(small(both_axes));
  const auto other = parse("# a comment\n" + small("task = ['room', 'event']\n"
                                                   "encoder = ['mel', 'level']  # two\n"));
  EXPECT_EQ(protocol::canonical(one.resolved), protocol::canonical(other.resolved));
}

TEST(Experiment, has_no_limit_of_memory_only_where_0_is_written) {
  EXPECT_EQ(parse(small(both_axes)).resources.memory, 0) << "the default limit";
  EXPECT_EQ(parse(with("[resources]\nmemory = 0\n")).resources.memory,
            std::numeric_limits<std::int64_t>::max());
}

struct Mistake {
  std::string name, text, message;
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.name;
}

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, are_told_with_their_place) {
  EXPECT_EQ(refusal([&] { parse(GetParam().text); }), GetParam().message);
}

// Sections that follow small(both) begin in line 19.
INSTANTIATE_TEST_SUITE_P(
    All, Mistakes,
    testing::Values(
        Mistake{
            "no_toml", "[experiment\n",
            "x.toml:1:12: invalid TOML: Error while parsing table header: expected ']', saw '\\n"
            "'"},
        Mistake{"section", with("[experimnt]\n"),
                "x.toml:19:2: unknown key in the experiment file: 'experimnt'; known: experiment, "
                "dataset, "
                "encoder, mapper, language_model, task, matrix, exclude, override, select, "
                "hypothesis, compare, reference, resources, statistics; did you mean "
                "'experiment'?"},
        Mistake{"no_experiment", "[dataset.a]\nuse = 'x'\n",
                "x.toml:1:1: there is no [experiment]; expected a table with a name"},
        Mistake{"no_name", "[experiment]\nquestion = '?'\n",
                "x.toml:1:1: [experiment] has no 'name'; it is required"},
        Mistake{"empty_name", "[experiment]\nname = ' '\n",
                "x.toml:2:8: name of [experiment] is empty; expected a string"},
        Mistake{"name_path", "[experiment]\nname = '../../x'\n",
                "x.toml:2:8: the name '../../x'; allowed: letters, digits, '_', '-', '.' and '+'"},
        Mistake{"name_up", "[experiment]\nname = '..'\n",
                "x.toml:2:8: the name '..' begins with '.'; allowed as the first character: "
                "letters, digits, '_' and '+'"},
        Mistake{"name_option", "[experiment]\nname = '--failed'\n",
                "x.toml:2:8: the name '--failed' begins with '-'; allowed as the first character: "
                "letters, digits, '_' and '+'"},
        Mistake{"name_controls", "[experiment]\nname = \"a\\u001b[2J\\n\\u0000\"\n",
                "x.toml:2:8: the name 'a?[2J?"
                "?'; allowed: letters, digits, '_', '-', '.' and '+'"},
        Mistake{"name_length", "[experiment]\nname = '" + std::string(300, 'n') + "'\n",
                "x.toml:2:8: the name 'nnnnnnnnnnnnnnnnnnnn...' has 300 characters; at most 100 "
                "are allowed"},
        Mistake{"label_length", with("[encoder." + std::string(101, 'n') + "]\nuse = 'x'\n"),
                "x.toml:19:10: the label 'nnnnnnnnnnnnnnnnnnnn...' has 101 characters; at most 100 "
                "are allowed"},
        Mistake{"key_policy", "[experiment]\nname = 'a'\nkey = 'byte'\n",
                "x.toml:3:7: key is 'byte'; allowed: 'bytes', 'version'; did you mean 'bytes'?"},
        Mistake{"max_cells", "[experiment]\nname = 'a'\nmax_cells = 0\n",
                "x.toml:3:13: max_cells is 0 (an integer); expected an integer, 1 or more"},
        Mistake{"no_matrix", "[experiment]\nname = 'a'\n",
                "x.toml:1:1: there is no [[matrix]]; expected one with encoders and tasks"},
        Mistake{
            "component_key", with("[encoder.b]\nuse = 'x'\noptoins = {}\n"),
            "x.toml:21:1: unknown key in [encoder.b]: 'optoins'; known: dtype, from, use, options, "
            "pretrain, pretrain_data, in_domain; did you mean 'options'?"},
        Mistake{
            "pretrain_data_key", with("[encoder.b]\nuse = 'x'\npretrain_date = ['y']\n"),
            "x.toml:21:1: unknown key in [encoder.b]: 'pretrain_date'; known: dtype, from, use, "
            "options, pretrain, pretrain_data, in_domain; did you mean 'pretrain_data'?"},
        Mistake{"pretrain_data", with("[encoder.b]\nuse = 'x'\npretrain_data = 5\n"),
                "x.toml:21:17: pretrain_data is 5 (an integer); expected a list of strings"},
        Mistake{"in_domain", with("[encoder.b]\nuse = 'x'\nin_domain = ['romms']\n"),
                "x.toml:21:13: unknown dataset 'romms'; known: rooms; did you mean 'rooms'?"},
        Mistake{"no_use", with("[encoder.b]\n"),
                "x.toml:19:1: [encoder.b] has no 'use'; it is required"},
        Mistake{"component_is_text", "[experiment]\nname = 'a'\n[encoder]\nb = 'x'\n",
                "x.toml:4:5: [encoder.b] is 'x' (a string); expected a table"},
        Mistake{"label", with("[encoder.'a b']\nuse = 'x'\n"),
                "x.toml:19:10: the label 'a b'; allowed: letters, digits, '_', '-', '.' and '+'"},
        Mistake{"same_label", with("[encoder.mel]\nuse = 'x'\n"),
                "x.toml:19:1: invalid TOML: Error while parsing table header: cannot redefine "
                "existing table 'encoder.mel'"},
        Mistake{"limit", with("[dataset.b]\nuse = 'x'\nlimit = 'ten'\n"),
                "x.toml:21:9: limit is 'ten' (a string); expected an integer, 0 or more"},
        Mistake{"validation", with("[dataset.b]\nuse = 'x'\nvalidation = 1\n"),
                "x.toml:21:14: validation is 1 (an integer); expected a number, 0.0 to 0.9"},
        Mistake{"flag", with("[dataset.b]\nuse = 'x'\nshuffle_labels = 1\n"),
                "x.toml:21:18: shuffle_labels is 1 (an integer); expected true or false"},
        Mistake{"date", with("[dataset.b]\nuse = 2024-01-01\n"),
                "x.toml:20:7: a date or time; expected a string, number, true or false. Put it in "
                "quotes"},
        Mistake{"not_finite", with("[dataset.b]\nuse = nan\n"),
                "x.toml:20:7: a number that is not finite; expected a finite one"},
        Mistake{"option_table", with("[dataset.b]\nuse = 'x'\noptions = { a = { b = 1 } }\n"),
                "x.toml:21:17: a is a table; expected a string, number, bool or list"},
        Mistake{"audio_key", with("[task.b]\nuse = 'x'\naudio = { crop = 'center' }\n"),
                "x.toml:21:18: crop is 'center'; allowed: 'first', 'centre', 'seeded'; did you "
                "mean 'centre'?"},
        Mistake{"task_dataset", with("[task.b]\nuse = 'x'\ndataset = 'room'\n"),
                "x.toml:21:11: unknown dataset 'room'; known: rooms; did you mean 'rooms'?"},
        Mistake{"exclude_reason", with("[[exclude]]\nmatch = { encoder = 'mel' }\n"),
                "x.toml:19:1: [[exclude]] has no 'reason'; it is required"},
        Mistake{
            "match_axis", with("[[exclude]]\nmatch = { encodr = 'mel' }\nreason = 'r'\n"),
            "x.toml:20:11: unknown key in match: 'encodr'; known: encoder, task, dataset, seed; "
            "did you mean 'encoder'?"},
        Mistake{"match_label", with("[[exclude]]\nmatch = { encoder = ['mell'] }\nreason = 'r'\n"),
                "x.toml:20:22: unknown encoder 'mell'; known: level, mel; did you mean 'mel'?"},
        Mistake{
            "match_empty", with("[[exclude]]\nmatch = {}\nreason = 'r'\n"),
            "x.toml:20:9: match has no conditions; expected some, such as { encoder = \"mfcc\" }"},
        Mistake{"match_form", with("[[exclude]]\nmatch = { seed = { gt = 1 } }\nreason = 'r'\n"),
                "x.toml:20:20: unknown key in the condition on 'seed': 'gt'; known: in, not, ge, "
                "le; did you mean 'ge'?"},
        Mistake{"match_type", with("[[exclude]]\nmatch = { seed = 'one' }\nreason = 'r'\n"),
                "x.toml:20:18: the condition on 'seed' is 'one' (a string); expected an integer"},
        Mistake{"override_nothing", with("[[override]]\nmatch = { encoder = 'mel' }\n"),
                "x.toml:19:1: [[override]] changes nothing; add 'options' or 'resources'"},
        Mistake{"options_mixed_up",
                with("[[override]]\nmatch = { encoder = 'mel' }\noptions = { timeout = 5 }\n"),
                "x.toml:21:13: unknown key in options of [[override]]: 'timeout'; known: encoder, "
                "task, dataset, mapper, language_model"},
        Mistake{"resources_mixed_up",
                with("[[override]]\nmatch = { encoder = 'mel' }\nresources = { task = { lr = 1 } "
                     "}\n"),
                "x.toml:21:15: unknown key in resources of [[override]]: 'task'; known: timeout, "
                "memory"},
        Mistake{"memory", with("[resources]\nmemory = '8GB'\n"),
                "x.toml:20:10: memory is '8GB' (a string); expected bytes, or a string such as "
                "'512MiB' or '8GiB'"},
        Mistake{"reference_value",
                with("[[reference]]\nmatch = { encoder = 'mel' }\nmetric = 'a'\nsource = 's'\n"),
                "x.toml:19:1: [[reference]] has no 'value'; it is required"},
        Mistake{"one_rule_as_table", with("[exclude]\nreason = 'r'\n"),
                "x.toml:19:1: exclude is a table; expected tables, each under [[exclude]]"},
        Mistake{"no_encoder", small("task = ['room']\n"),
                "x.toml:16:1: [[matrix]] has no axis 'encoder'; it is required"},
        Mistake{"axis_label", small("encoder = ['mell']\ntask = ['room']\n"),
                "x.toml:17:12: unknown encoder 'mell'; known: level, mel; did you mean 'mel'?"},
        Mistake{"axis_name", small("encoder = ['mel']\ntask = ['room']\nsed = [0, 1]\n"),
                "x.toml:19:1: unknown axis 'sed'; known: encoder, task, dataset, mapper, "
                "language_model, seed, fold, option axes such as \"task.lr\", and dimensions of "
                "slices, with \"*\" or names; did you mean 'seed'?"},
        Mistake{"axis_twice", small("encoder = ['mel']\ntask = ['room', 'room']\n"),
                "x.toml:18:17: the axis 'task' has \"room\" twice"},
        Mistake{"axis_empty", small("encoder = []\ntask = ['room']\n"),
                "x.toml:17:11: the axis 'encoder' has no values"},
        Mistake{"seed_type", small("encoder = ['mel']\ntask = ['room']\nseed = [0, 1.5]\n"),
                "x.toml:19:12: seed is 1.5 (a number); expected integers, 0 or more"},
        Mistake{"option_axis_table", small("encoder = ['mel']\ntask = ['room']\n'taks.c' = [1]\n"),
                "x.toml:19:1: unknown component of the option axis 'taks.c' 'taks'; known: "
                "encoder, task, dataset, mapper, language_model; did you mean 'task'?"},
        Mistake{"option_axis_unquoted",
                small("encoder = ['mel']\ntask = ['room']\nmapper.c = [1]\n"),
                "x.toml:19:1: 'mapper' is a table; write an option axis in quotes: \"mapper.lr\" = "
                "[...]"},
        Mistake{"option_axis_alone",
                small("encoder = ['mel']\ntask = ['room']\n'mapper.c' = [1]\n"),
                "x.toml:19:1: the axis 'mapper.c' needs an axis 'mapper' in its block"},
        Mistake{"setting_axis_type",
                small("encoder = ['mel']\ntask = ['room']\n'dataset.limit' = [10, -1]\n"),
                "x.toml:19:24: limit is -1 (an integer); expected an integer, 0 or more"},
        Mistake{"zip_axis",
                small("encoder = ['mel']\ntask = ['room']\nzip = [['encoder', 'mapper']]\n"),
                "x.toml:19:8: unknown axis of this block 'mapper'; known: encoder, task"},
        Mistake{"zip_length",
                small("encoder = ['mel', 'level']\ntask = ['room']\nzip = [['encoder', 'task']]\n"),
                "x.toml:19:7: zip joins axes of unequal length: 'encoder' has 2, 'task' has 1; "
                "each needs as many values"}),
    [](const auto& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace earshot::host
