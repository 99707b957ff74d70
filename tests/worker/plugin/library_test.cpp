#include "worker/plugin/library.hpp"

#include <fstream>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <earshot/encoder.hpp>

#include "fixture_plugins.hpp"
#include "protocol/hash.hpp"
#include "temporary_folder.hpp"
#include "worker/plugin/facts.hpp"
#include "worker/plugin/inputs.hpp"

namespace earshot::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(const std::string& defect) {
  try {
    open_library(fixture_plugin(defect));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Library, describes_a_plugin_and_its_components) {
  const auto& info = open_library(fixture_plugin("good_codec")).info;
  EXPECT_EQ(info.name, "good_codec");
  EXPECT_EQ(info.version, "1.0.0");
  EXPECT_EQ(info.abi_tag, EARSHOT_ABI_TAG);
  ASSERT_EQ(info.components.size(), 1U);
  EXPECT_EQ(info.components[0].kind, "encoder");
  EXPECT_EQ(info.components[0].name, "it");
  EXPECT_EQ(info.components[0].abilities, std::vector<std::string>{"codec"});
}

TEST(Library, gives_the_same_object_the_second_time) {
  EXPECT_EQ(&open_library(fixture_plugin("good")), &open_library(fixture_plugin("good")));
}

TEST(Library, says_in_the_linker_s_words_why_a_file_is_no_library) {
  const auto file = std::filesystem::temp_directory_path() / "earshot_no_library.so";
  std::ofstream(file) << "not ELF";
  try {
    open_library(file);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(),
                AllOf(StartsWith(file.string() + ": not loaded: "), HasSubstr("file too short")));
  }
  std::filesystem::remove(file);
}

TEST(Library, refuses_a_file_that_is_not_there) {
  EXPECT_THAT(refusal("never_built"), HasSubstr("never_built.so: no such file"));
}

TEST(Library, refuses_a_library_without_the_symbol) {
  EXPECT_THAT(refusal("no_symbol"), HasSubstr("exports no symbol 'earshot_plugin'"));
}

TEST(Library, refuses_another_libtorch_naming_both_tags) {
  EXPECT_THAT(refusal("foreign_torch"),
              AllOf(HasSubstr("torch2.10.0"), HasSubstr(EARSHOT_ABI_TAG)));
}

TEST(Library, refuses_another_cpp_library) {
  EXPECT_THAT(refusal("foreign_library"), HasSubstr("C++ library: built with libc++1"));
}

TEST(Library, refuses_another_sdk_and_a_newer_minor) {
  const auto said = [](int major, int minor) {
    return "built for SDK " + std::to_string(major) + "." + std::to_string(minor) +
           "; this runner has SDK " + std::to_string(EARSHOT_SDK_MAJOR) + "." +
           std::to_string(EARSHOT_SDK_MINOR);
  };
  EXPECT_THAT(refusal("foreign_sdk"), HasSubstr(said(EARSHOT_SDK_MAJOR + 1, 0)));
  EXPECT_THAT(refusal("newer_minor"), HasSubstr(said(EARSHOT_SDK_MAJOR, EARSHOT_SDK_MINOR + 1)));
}

TEST(Library, refuses_a_header_that_is_too_short) {
  EXPECT_THAT(refusal("short_header"), HasSubstr("the plugin's header has 16 bytes"));
}

TEST(Library, warns_of_another_language_standard_and_goes_on) {
  const auto& info = open_library(fixture_plugin("other_compiler")).info;
  EXPECT_THAT(info.warnings, ::testing::ElementsAre(HasSubstr("c++209912L")));
}

TEST(Library, refuses_a_plugin_without_components_or_with_two_of_one_name) {
  EXPECT_THAT(refusal("no_component"), HasSubstr("registers no component"));
  EXPECT_THAT(refusal("duplicate_components"), HasSubstr("registers two components named 'it'"));
}

TEST(Library, lets_what_a_plugin_throws_while_registering_through) {
  EXPECT_THROW(open_library(fixture_plugin("throws_while_registering")), std::runtime_error);
}

TEST(Library, refuses_a_plugin_that_is_not_the_one_that_was_planned) {
  const auto file = fixture_plugin("good_mapper");
  EXPECT_THROW(open_library(file, std::string(64, '0')), FileChanged);
  const auto sha256 = protocol::sha256_file(file);
  EXPECT_EQ(open_library(file, sha256).sha256, sha256);
  EXPECT_THROW(open_library(file, std::string(64, '0')), FileChanged) << "loaded, and another";
}

TEST(Library, refuses_a_pipe) {
  const auto pipe =
      std::filesystem::temp_directory_path() / ("earshot_pipe_" + std::to_string(::getpid()));
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THROW(open_library(pipe), ConfigError);
  std::filesystem::remove(pipe);
}

TEST(Inputs, are_refused_when_their_content_changed_and_only_then) {
  const earshot::testing::TemporaryFolder folder;
  std::ofstream(folder / "weights") << "one";
  protocol::ComponentRef ref;
  ref.inputs.push_back({.path = (folder / "weights").string(),
                        .files = {},
                        .sha256 = protocol::sha256(std::string_view("one")),
                        .stamps = "another time"});
  EXPECT_NO_THROW(check_inputs(ref)) << "touched, and the same";
  std::ofstream(folder / "weights") << "two";
  try {
    check_inputs(ref);
    FAIL() << "no error";
  } catch (const FileChanged& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("weights: it changed while the experiment ran"),
                                    HasSubstr("run again")));
  }
  std::filesystem::remove(folder / "weights");
  EXPECT_THROW(check_inputs(ref), FileChanged);
}

TEST(Library, refuses_a_second_plugin_of_one_name) {
  const auto copy = std::filesystem::temp_directory_path() / "earshot_copy_of_good.so";
  std::filesystem::copy_file(fixture_plugin("good"), copy,
                             std::filesystem::copy_options::overwrite_existing);
  open_library(fixture_plugin("good"));
  try {
    open_library(copy);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("a plugin named 'good' is loaded already from"),
                                    HasSubstr("good.so")));
  }
  std::filesystem::remove(copy);
}

TEST(Make, constructs_a_component_and_finds_its_contracts) {
  const auto made = make({fixture_plugin("good_codec").string(), "it"}, at::kCPU, 1);
  EXPECT_NE(made.as<Encoder>(), nullptr);
  EXPECT_NE(made.as<Codec>(), nullptr);
  EXPECT_EQ(made.as<Dataset>(), nullptr);
  EXPECT_THROW(made.require<Learner>(), ConfigError);
}

TEST(Make, names_the_nearest_component) {
  try {
    make({fixture_plugin("good").string(), "itt"}, at::kCPU, 1);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no component 'itt'; known: "));
  }
}

TEST(Facts, give_an_encoder_s_needs_and_specs) {
  const auto made = make({fixture_plugin("good_codec").string(), "it"}, at::kCPU, 1);
  const protocol::Json known = facts(made);
  EXPECT_EQ(known.at("needs").at("sample_rate"), 16000);
  EXPECT_EQ(known.at("needs").at("crop"), "first");
  EXPECT_EQ(known.at("spec").at("frame_rate"), 100.0);
  EXPECT_EQ(known.at("code_spec").at("bits_per_second"), 800.0);
}

TEST(Facts, give_an_evaluator_s_uses_and_metrics) {
  const auto made =
      make({fixture_plugin("good_evaluator").string(), "it", {{"target", "kind"}}}, at::kCPU, 1);
  const protocol::Json known = facts(made);
  EXPECT_EQ(known.at("uses").at("features"), true);
  EXPECT_EQ(known.at("uses").at("seed"), false);
  EXPECT_EQ(known.at("metrics").at(0).at("name"), "accuracy");
  EXPECT_EQ(known.at("metrics").at(0).at("primary"), true);
}

}  // namespace
}  // namespace earshot::worker
