#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/checkpoint.hpp>

#include "files.hpp"
#include "made_files.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using earshot::kit::Checkpoint;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string six = floats({0, 1, 2, 3, 4, 5});

class Torch : public ::testing::Test {
 protected:
  Checkpoint open(const std::string& bytes) {
    write(folder / "x.pth", bytes);
    return Checkpoint(folder / "x.pth");
  }
  std::string refusal_of(const std::string& bytes) {
    return refusal([&] { open(bytes); });
  }
  /// The error for a zip file with this value and one valid storage, "0", of six floats.
  std::string refusal_of_value(const std::string& value) {
    return refusal_of(torch_zip(value, {{"0", six}}));
  }
  TemporaryFolder folder;
};

/// Views of one storage, nested as in trainers.
std::string training_state() {
  const auto weights = pickle::with_items(
      pickle::ordered_dict(),
      {{"plain", pickle::tensor({})},
       {"transposed", pickle::tensor({.shape = {3, 2}, .strides = {1, 3}})},
       {"row", pickle::tensor({.offset = 3, .shape = {3}, .strides = {1}})},
       {"scalar", pickle::tensor({.offset = 5, .shape = {}, .strides = {}})},
       {"expanded", pickle::tensor({.offset = 1, .shape = {4, 2}, .strides = {0, 2}})},
       {"empty", pickle::tensor({.shape = {0, 3}})},
       {"parameter", pickle::call(pickle::global("torch._utils", "_rebuild_parameter"),
                                  {pickle::tensor({}), "\x88", pickle::ordered_dict()})}});
  return pickle::dict(
      {{"state_dict", weights},
       {"epoch", pickle::integer(3)},
       {"done", "\x88"},
       {"list", std::string("](") + pickle::tensor({}) + "N" + pickle::tensor({}) + "e"}});
}

void expect_training_state(const Checkpoint& checkpoint) {
  const auto six_numbers = at::arange(6.F);
  const auto get = [&](const std::string& name) { return checkpoint.get("state_dict." + name); };
  EXPECT_TRUE(at::equal(get("plain"), six_numbers.view({2, 3})));
  EXPECT_TRUE(at::equal(get("transposed"), six_numbers.view({2, 3}).t()));
  EXPECT_TRUE(at::equal(get("row"), at::tensor({3.F, 4.F, 5.F})));
  EXPECT_EQ(get("scalar").item<float>(), 5);
  EXPECT_TRUE(at::equal(get("expanded"), at::tensor({1.F, 3.F}).expand({4, 2})));
  EXPECT_EQ(get("empty").sizes(), (at::IntArrayRef{0, 3}));
  EXPECT_TRUE(at::equal(get("parameter"), get("plain")));
  EXPECT_TRUE(at::equal(checkpoint.get("list.2"), get("plain")));
  EXPECT_FALSE(checkpoint.contains("list.1"));
  EXPECT_TRUE(checkpoint.contains_under("state_dict."));
  EXPECT_FALSE(checkpoint.contains_under("ema."));
  EXPECT_EQ(checkpoint.metadata().at("epoch"), "3");
  EXPECT_EQ(checkpoint.metadata().at("done"), "true");
}

TEST_F(Torch, zip_files_hold_views_of_storages_named_by_their_path) {
  const auto checkpoint = open(torch_zip(training_state(), {{"0", six}}));
  expect_training_state(checkpoint);
}

TEST_F(Torch, tensors_that_share_a_storage_share_memory_if_aligned) {
  // Padding until the storage is aligned, like PyTorch's own padding.
  for (int bytes = 0; bytes < 4; ++bytes) {
    const auto checkpoint = open(zip_bytes({{"a/padding", std::string(bytes, ' ')},
                                            {"a/data.pkl", pickle::program(training_state())},
                                            {"a/data/0", six}}));
    const auto plain = checkpoint.get("state_dict.plain");
    if (plain.const_data_ptr() != checkpoint.get("list.0").const_data_ptr()) continue;
    plain.fill_(7);
    EXPECT_EQ(checkpoint.get("state_dict.row")[0].item<float>(), 7);
    return;
  }
  FAIL() << "none was mapped";
}

TEST_F(Torch, older_files_hold_the_same) {
  auto state = training_state();
  expect_training_state(open(torch_legacy(state, {{"0", 6, six}})));
}

TEST_F(Torch, older_files_hold_views_of_storages_too) {
  const auto view = pickle::tuple({pickle::text("v"), pickle::integer(2), pickle::integer(3)});
  const auto value = pickle::dict({{"a", pickle::tensor({.shape = {3}, .strides = {1}}, {view})}});
  EXPECT_TRUE(
      at::equal(open(torch_legacy(value, {{"0", 6, six}})).get("a"), at::tensor({2.F, 3.F, 4.F})));
  const auto beyond = pickle::dict({{"a", pickle::tensor({.shape = {4}, .strides = {1}}, {view})}});
  EXPECT_THAT(refusal_of(torch_legacy(beyond, {{"0", 6, six}})), HasSubstr("to byte 16 of 12"));
}

TEST_F(Torch, files_of_big_endian_machines_are_byte_swapped) {
  std::string swapped;
  for (std::size_t i = 0; i < six.size(); i += 4)
    swapped += {six[i + 3], six[i + 2], six[i + 1], six[i]};
  const auto value = pickle::dict({{"a", pickle::tensor({})}});
  const auto checkpoint = open(torch_zip(value, {{"0", swapped}}, {{"archive/byteorder", "big"}}));
  EXPECT_TRUE(at::equal(checkpoint.get("a"), at::arange(6.F).view({2, 3})));
  EXPECT_THAT(refusal_of(torch_zip(value, {{"0", six}}, {{"archive/byteorder", "middle"}})),
              HasSubstr("byte order 'middle'"));
}

TEST_F(Torch, objects_of_unknown_classes_are_skipped_and_named) {
  const auto object = [](const std::string& module, const std::string& name) {
    return pickle::global(module, name) + ")\x81" + pickle::dict({{"lr", "N"}}) + "b";
  };
  const auto checkpoint = open(torch_zip(
      pickle::dict(
          {{"a", pickle::tensor({})},
           {"args", object("argparse", "Namespace")},
           {"many", pickle::call(pickle::global("torch._utils", "_rebuild_sparse_tensor"), {"N"})},
           {"path", pickle::call(pickle::global("pathlib", "PosixPath"), {pickle::text("x")})},
           {"type", pickle::call(pickle::global("numpy", "dtype"), {pickle::text("f8")})},
           {"more", pickle::with_items(pickle::call(pickle::global("collections", "defaultdict"),
                                                    {pickle::global("builtins", "list")}),
                                       {{"b", pickle::tensor({})}})}}),
      {{"0", six}}));
  EXPECT_THAT(checkpoint.names(), ElementsAre("a", "more.b"));
  EXPECT_THAT(checkpoint.skipped(),
              ElementsAre("args (argparse.Namespace)", "many (torch._utils._rebuild_sparse_tensor)",
                          "path (pathlib.PosixPath)", "type (numpy.dtype)"));
}

TEST_F(Torch, pickles_that_call_functions_are_refused_with_their_name) {
  const auto calling = [](const std::string& module, const std::string& name) {
    return pickle::dict(
        {{"a", pickle::tensor({})},
         {"b", pickle::call(pickle::global(module, name), {pickle::text("true")})}});
  };
  for (const auto& [module, name] :
       std::vector<std::pair<std::string, std::string>>{{"os", "system"},
                                                        {"posix", "system"},
                                                        {"nt", "system"},
                                                        {"subprocess", "Popen"},
                                                        {"builtins", "eval"},
                                                        {"__builtin__", "getattr"},
                                                        {"builtins", "__import__"},
                                                        {"some.module", "run"},
                                                        {"torch.hub", "load"},
                                                        {"operator", "attrgetter"},
                                                        {"torch.storage", "_load_from_bytes"},
                                                        {"importlib", "import_module"}})
    EXPECT_THAT(refusal_of_value(calling(module, name)),
                AllOf(HasSubstr("x.pth: "), HasSubstr("'" + module + "." + name + "'"),
                      HasSubstr("Nothing was executed")))
        << name;
  const auto by_stack =
      std::string("\x8c\x02os\x8c\x06system\x93") + pickle::tuple({pickle::text("x")}) + "R";
  EXPECT_THAT(refusal_of_value(by_stack), HasSubstr("'os.system'"));
  const auto made = pickle::global("functools", "partial");
  EXPECT_THAT(refusal_of_value(pickle::call(pickle::call(made, {"N"}), {"N"})),
              HasSubstr("calls something that is not a name"));
}

TEST_F(Torch, old_instance_opcodes_and_extensions_are_refused) {
  for (const std::string opcode : {"(ios\nsystem\n", "(o", "\x82\x01", "P0\n", "S'x'\n"})
    EXPECT_THAT(refusal_of_value(opcode), HasSubstr("which checkpoints of plain data do not need"));
}

TEST_F(Torch, tensors_that_reach_beyond_their_storage_are_refused) {
  const auto refused = [&](const pickle::Tensor& tensor) {
    return refusal_of_value(pickle::dict({{"a", pickle::tensor(tensor)}}));
  };
  constexpr auto huge = std::int64_t{1} << 62;
  EXPECT_THAT(refused({.shape = {2, 4}, .strides = {4, 1}}), HasSubstr("to byte 32 of 24"));
  EXPECT_THAT(refused({.offset = 1}), HasSubstr("to byte 28 of 24"));
  EXPECT_THAT(refused({.strides = {4, 1}}), HasSubstr("to byte 28 of 24"));
  EXPECT_THAT(refused({.offset = -1}), HasSubstr("impossible"));
  EXPECT_THAT(refused({.offset = huge}), HasSubstr("impossible"));
  EXPECT_THAT(refused({.shape = {-2, 3}}), HasSubstr("impossible"));
  EXPECT_THAT(refused({.strides = {-3, 1}}), HasSubstr("impossible"));
  EXPECT_THAT(refused({.shape = {3, 2}, .strides = {huge, 1}}), HasSubstr("impossible"));
  EXPECT_THAT(refused({.shape = {huge, 16}, .strides = {0, 0}}), HasSubstr("impossible"));
  EXPECT_THAT(refused({.shape = {2, 3}, .strides = {1}}), HasSubstr("impossible"));
  EXPECT_THAT(refused({.shape = {1 << 30, 3}, .strides = {0, 1}}),
              HasSubstr("has 12884901888 bytes, made from 24 by repeating"));
  EXPECT_THAT(refused({.elements = huge}), HasSubstr("impossible size"));
  EXPECT_THAT(refused({.elements = -6}), HasSubstr("impossible size"));
}

TEST_F(Torch, storages_that_are_not_what_the_pickle_says_are_refused) {
  const auto refused = [&](const pickle::Tensor& tensor) {
    return refusal_of_value(pickle::dict({{"a", pickle::tensor(tensor)}}));
  };
  EXPECT_THAT(refused({.key = "1"}), HasSubstr("lacks storage '1'"));
  EXPECT_THAT(refused({.key = "../data.pkl"}), HasSubstr("lacks storage '../data.pkl'"));
  EXPECT_THAT(refused({.key = ""}), HasSubstr("lacks storage ''"));
  EXPECT_THAT(refused({.elements = 7}), HasSubstr("has 24 bytes and should have 28"));
  EXPECT_THAT(refused({.storage = "DoubleStorage"}), HasSubstr("has 24 bytes and should have 48"));
  EXPECT_THAT(refused({.storage = "QInt8Storage"}), HasSubstr("contains a (torch.QInt8Storage)"));
}

TEST_F(Torch, older_files_with_inconsistent_storages_are_refused) {
  const auto value = pickle::dict({{"a", pickle::tensor({})}});
  EXPECT_THAT(refusal_of(torch_legacy(value, {{"0", 7, six}})), HasSubstr("has 7 elements"));
  EXPECT_THAT(refusal_of(torch_legacy(value, {{"0", 6, six.substr(1)}})), HasSubstr("cut off in"));
  EXPECT_THAT(refusal_of(torch_legacy(value, {{"0", 6, six + "x"}})), HasSubstr("1 bytes at the"));
  EXPECT_THAT(refusal_of(torch_legacy(value, {})), HasSubstr("lacks storage '0'"));
  EXPECT_THAT(refusal_of(torch_legacy(value, {{"9", 6, six}})),
              HasSubstr("does not belong to a tensor"));
  EXPECT_THAT(refusal_of(torch_legacy(value, {{"0", 6, six}, {"0", 6, six}})),
              HasSubstr("listed twice"));
}

TEST_F(Torch, archives_that_torch_save_did_not_write_are_refused) {
  const auto good = pickle::program(pickle::dict({{"a", pickle::tensor({})}}));
  EXPECT_THAT(refusal_of(zip_bytes({{"readme.txt", "hello"}})), HasSubstr("it has no data.pkl"));
  EXPECT_THAT(refusal_of(zip_bytes({{"a/data.pkl", good}, {"b/data.pkl", good}})),
              HasSubstr("two pickles"));
  EXPECT_THAT(refusal_of(zip_bytes({{"a/data.pkl", good}, {"a/data.pkl", good}})),
              HasSubstr("entry 'a/data.pkl' twice"));
  EXPECT_THAT(refusal_of(zip_bytes({{"a/data.pkl", good}, {"a/constants.pkl", ""}})),
              HasSubstr("TorchScript"));
  EXPECT_THAT(refusal_of(zip_bytes({{"a/data.pkl", good, 8}})), HasSubstr("is compressed"));
  EXPECT_THAT(refusal_of(zip_bytes({{"a/data.pkl", good}, {"a/data/0", six, 8}})),
              HasSubstr("'data/0' is compressed"));
  EXPECT_THAT(refusal_of_value(pickle::dict({{"a", "N"}})), HasSubstr("no named tensor"));
  EXPECT_THAT(refusal_of_value(pickle::global("my.model", "Net") + ")\x81"),
              HasSubstr("it contains the file's value (my.model.Net). Save model.state_dict()"));
}

TEST_F(Torch, archives_whose_entries_overlap_or_are_elsewhere_are_refused) {
  const auto value = pickle::dict({{"a", pickle::tensor({})}});
  const auto whole = torch_zip(value, {{"0", six}});
  auto other = whole;
  other[other.find("archive/data/0")] = 'A';
  EXPECT_THAT(refusal_of(other), HasSubstr("is not where the directory says"));
  auto twice = zip_bytes({{"a/x", "12345678"}, {"a/x", "12345678"}});
  twice[twice.rfind("a/x") + 2] = 'y';  // both names refer to headers, the second to that of 'x'
  EXPECT_THAT(refusal_of(twice), HasSubstr("is not where the directory says"));
}

/// Moves sizes and positions to where zip archives beyond 4 GB have them.
std::string as_zip64(const std::string& zip) {
  const auto central = zip.find("PK\x01\x02"), end = zip.rfind("PK\x05\x06");
  std::string directory;
  std::uint64_t entries = 0;
  for (auto at = central; at < end; ++entries) {
    const auto field = [&](std::size_t offset, auto value) {
      std::memcpy(&value, zip.data() + at + offset, sizeof value);
      return value;
    };
    const auto name = field(28, std::uint16_t{});
    auto header = zip.substr(at, 46);
    for (const std::size_t offset : {20, 24, 42})
      header.replace(offset, 4, "\xff\xff\xff\xff");
    header.replace(30, 2, raw<std::uint16_t>(28));
    directory += header + zip.substr(at + 46, name) + raw<std::uint16_t>(1) +
                 raw<std::uint16_t>(24) + raw<std::uint64_t>(field(24, std::uint32_t{})) +
                 raw<std::uint64_t>(field(20, std::uint32_t{})) +
                 raw<std::uint64_t>(field(42, std::uint32_t{}));
    at += 46U + name;
  }
  const auto record = std::string("PK\x06\x06") + raw<std::uint64_t>(44) + std::string(12, '\0') +
                      raw(entries) + raw(entries) + raw<std::uint64_t>(directory.size()) +
                      raw<std::uint64_t>(central);
  const auto locator = std::string("PK\x06\x07") + std::string(4, '\0') +
                       raw<std::uint64_t>(central + directory.size()) + raw<std::uint32_t>(1);
  return zip.substr(0, central) + directory + record + locator + "PK\x05\x06" +
         std::string(4, '\0') + std::string(12, '\xff') + std::string(2, '\0');
}

TEST_F(Torch, archives_beyond_4_GB_are_read_by_their_longer_records) {
  const auto whole = as_zip64(torch_zip(training_state(), {{"0", six}}));
  expect_training_state(open(whole));
  auto lying = whole;
  lying[lying.rfind("PK\x06\x06") + 32] ^= 0x40;
  EXPECT_THAT(refusal_of(lying), HasSubstr("more entries than it can hold"));
}

TEST_F(Torch, pickles_that_blow_up_are_refused) {
  std::string lists = "]";  // each list contains the previous one ten times
  for (int i = 0; i < 30; ++i)
    lists += std::string(
                 "q\x01"
                 "0](") +
             [] {
               std::string ten;
               for (int k = 0; k < 10; ++k)
                 ten += "h\x01";
               return ten;
             }() +
             "e";
  EXPECT_THAT(refusal_of_value(lists), HasSubstr("excessively"));
  EXPECT_THAT(refusal_of_value(std::string(100, ']') + std::string(99, 'a')),
              HasSubstr("nested deeper than 64"));
  EXPECT_THAT(refusal_of_value("]q\x01h\x01"
                               "a"),
              HasSubstr("nested deeper"))
      << "a circle";
  EXPECT_THAT(refusal_of_value(std::string(20'000, '(')), HasSubstr("nested too deep"));
  EXPECT_THAT(refusal_of_value(std::string(5'000'000, 'N')), HasSubstr("more than 4000000 values"));
  EXPECT_THAT(refusal_of_value("X\xff\xff\xff\xff"), HasSubstr("beyond its end"));
  EXPECT_THAT(refusal_of_value("h\x05"), HasSubstr("never stored"));
  EXPECT_THAT(refusal_of_value("0"), HasSubstr("pops a value that"));
  EXPECT_THAT(refusal_of_value("t"), HasSubstr("pops a mark that"));
  EXPECT_THAT(refusal_of_value("NN"), HasSubstr("left over"));
}

TEST_F(Torch, files_cut_off_at_any_byte_are_refused) {
  for (const auto& whole :
       {torch_zip(training_state(), {{"0", six}}), torch_legacy(training_state(), {{"0", 6, six}})})
    for (std::size_t bytes = 0; bytes < whole.size(); bytes += 3)
      EXPECT_NE(refusal_of(whole.substr(0, bytes)), "(not refused)") << bytes;
}

TEST_F(Torch, files_with_any_byte_changed_are_refused_or_read_inside_their_bounds) {
  int refused = 0, total = 0;
  for (const auto& whole :
       {torch_zip(training_state(), {{"0", six}}), torch_legacy(training_state(), {{"0", 6, six}})})
    for (std::size_t i = 0; i < whole.size(); ++i) {
      auto changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
      ++total;
      try {
        const auto checkpoint = open(changed);
        for (const auto& name : checkpoint.names())
          checkpoint.get(name).sum();
      } catch (const DataError&) {
        ++refused;
      }
    }
  EXPECT_GT(refused, total / 4);
  EXPECT_LT(refused, total) << "not even a changed number passed";
}

}  // namespace
