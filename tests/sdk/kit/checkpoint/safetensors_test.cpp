#include <fstream>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <earshot/kit/checkpoint.hpp>

#include "files.hpp"
#include "made_files.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using namespace earshot;
using namespace earshot::testing;
using earshot::kit::Checkpoint;
using earshot::kit::save_safetensors;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* pair_header = R"({"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
                                    R"("b":{"dtype":"I64","shape":[1],"data_offsets":[16,24]}})";

class Safetensors : public ::testing::Test {
 protected:
  fs::path make(const std::string& header, const std::string& data) {
    write(folder / "x.safetensors", safetensors_bytes(header, data));
    return folder / "x.safetensors";
  }
  std::string refusal_of(const std::string& header, std::size_t bytes = 24) {
    const auto file = make(header, std::string(bytes, '\0'));
    return refusal([&] { Checkpoint{file}; });
  }
  TemporaryFolder folder;
};

TEST_F(Safetensors, are_read_by_name_with_shape_type_and_values) {
  const auto file = make(pair_header, floats({1, 2, 3, 4}) + raw<std::int64_t>(-7));
  const Checkpoint checkpoint(file);
  EXPECT_THAT(checkpoint.names(), ElementsAre("a", "b"));
  EXPECT_THAT(checkpoint.shape("a"), ElementsAre(2, 2));
  EXPECT_EQ(checkpoint.type("b"), at::kLong);
  EXPECT_TRUE(at::equal(checkpoint.get("a"), at::tensor({1.F, 2.F, 3.F, 4.F}).view({2, 2})));
  EXPECT_EQ(checkpoint.get("b").item<std::int64_t>(), -7);
  EXPECT_THAT(refusal([&] { checkpoint.get("c"); }), HasSubstr("has no tensor 'c'; it has 2"));
}

TEST_F(Safetensors, of_every_type_are_read_as_they_were_saved) {
  std::map<std::string, at::Tensor> tensors{{"empty", at::empty({0, 3})},
                                            {"scalar", at::tensor(2.5F).view({})},
                                            {"transposed", at::arange(6.F).view({2, 3}).t()}};
  const auto values = at::tensor({0.F, 1.F, 2.F, 3.F, 4.F, 5.F, 64.F});
  for (const auto type :
       {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kFloat8_e4m3fn, at::kFloat8_e5m2,
        at::kFloat8_e4m3fnuz, at::kFloat8_e5m2fnuz, at::kFloat8_e8m0fnu, at::kLong, at::kInt,
        at::kShort, at::kChar, at::kUInt64, at::kUInt32, at::kUInt16, at::kByte, at::kBool,
        at::kComplexFloat})
    tensors[c10::toString(type)] = values.to(type);
  save_safetensors(folder / "all.safetensors", tensors, {{"format", "pt"}});

  const Checkpoint checkpoint(folder / "all.safetensors");
  EXPECT_EQ(checkpoint.names().size(), tensors.size());
  EXPECT_THAT(checkpoint.metadata(), ElementsAre(std::pair("format", "pt")));
  for (const auto& [name, tensor] : tensors) {
    const auto read = checkpoint.get(name);
    ASSERT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    ASSERT_EQ(read.sizes(), tensor.sizes()) << name;
    const auto bytes = tensor.contiguous();
    if (bytes.nbytes() > 0) {
      EXPECT_EQ(std::memcmp(read.const_data_ptr(), bytes.const_data_ptr(), bytes.nbytes()), 0)
          << name;
    }
  }
}

TEST_F(Safetensors, are_views_of_the_file_that_outlive_the_checkpoint) {
  const auto file = make(pair_header, floats({1, 2, 3, 4}) + std::string(8, '\0'));
  at::Tensor first, second;
  {
    const Checkpoint checkpoint(file);
    first = checkpoint.get("a");
    second = checkpoint.get("a");
  }
  EXPECT_EQ(first.const_data_ptr(), second.const_data_ptr());
  first.fill_(9);
  EXPECT_EQ(second[1][1].item<float>(), 9);
  EXPECT_EQ(Checkpoint(file).get("a")[1][1].item<float>(), 4) << "the file itself was written";
}

TEST_F(Safetensors, may_be_unaligned_as_in_older_files) {
  const std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  for (std::size_t spaces = 0; spaces < 4; ++spaces) {
    const auto file = make(header + std::string(spaces, ' '), floats({1.5F, -2}));
    EXPECT_TRUE(at::equal(Checkpoint(file).get("a"), at::tensor({1.5F, -2.F}))) << spaces;
  }
}

TEST_F(Safetensors, of_a_gigabyte_open_without_being_read) {
  constexpr std::uint64_t bytes = 1 << 30;
  auto header = R"({"a":{"dtype":"F32","shape":[268435456],"data_offsets":[0,)" +
                std::to_string(bytes) + "]}}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const auto file = make(header, "");
  fs::resize_file(file, fs::file_size(file) + bytes);
  const auto resident = [] {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages >> pages;
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  };
  const auto before = resident();
  const auto tensor = Checkpoint(file).get("a");
  EXPECT_EQ(tensor[bytes / 4 - 1].item<float>(), 0);
  EXPECT_LT(resident() - before, 8'000'000);
}

TEST_F(Safetensors, with_inconsistent_headers_are_refused_with_the_reason) {
  const auto one = [](const std::string& fields) { return "{\"a\":{" + fields + "}}"; };
  const std::string type = R"("dtype":"F32",)";
  EXPECT_THAT(refusal_of("[]"), HasSubstr("does not begin with '{'"));
  EXPECT_THAT(refusal_of("{\"a\""), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of("{\"\xff\":{}}"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of(R"({"a":1})"), HasSubstr("has a misplaced number"));
  EXPECT_THAT(refusal_of(R"({"a":{"dtype":{}}})"), HasSubstr("has a misplaced object"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[6])")), HasSubstr("lacks one of"));
  EXPECT_THAT(refusal_of(one(type + type + R"("shape":[6])")), HasSubstr("'dtype' twice"));
  EXPECT_THAT(refusal_of(one(R"("color":"red")")), HasSubstr("unknown field 'color'"));
  EXPECT_THAT(refusal_of(one(R"("dtype":"F4","shape":[6],"data_offsets":[0,24])")),
              HasSubstr("type 'F4', which LibTorch does not have"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[-6],"data_offsets":[0,24])")),
              HasSubstr("-6 in its shape"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[6.5],"data_offsets":[0,24])")),
              HasSubstr("instead of an integer"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[[6]],"data_offsets":[0,24])")),
              HasSubstr("a misplaced list"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[4294967296,4294967296,4],"data_offsets":[0,24])")),
              HasSubstr("impossible shape"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[18446744073709551615],"data_offsets":[0,24])")),
              HasSubstr("impossible shape"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[5],"data_offsets":[0,24])")),
              HasSubstr("has 24 bytes, but its shape and type need 20"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[6],"data_offsets":[24,0])")),
              HasSubstr("not a beginning and an end"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[6],"data_offsets":[0,24,48])")),
              HasSubstr("not a beginning and an end"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[6],"data_offsets":[0,24])"), 23),
              HasSubstr("ends at byte 24 of 23"));
  EXPECT_THAT(refusal_of(one(type + R"("shape":[6],"data_offsets":[0,24])"), 25),
              HasSubstr("1 bytes at the end do not belong to a tensor"));
  EXPECT_THAT(refusal_of(R"({"__metadata__":{"a":1}})"),
              HasSubstr("'__metadata__' has a misplaced number"));
  EXPECT_THAT(refusal_of("{\"" + std::string(3000, 'n') + "\":{}}"), HasSubstr("name of 3000"));
  EXPECT_THAT(refusal_of(std::string(100'000, '{')), HasSubstr("not JSON"));
}

TEST_F(Safetensors, whose_tensors_overlap_or_leave_gaps_are_refused) {
  const auto header = [](const std::string& second, const std::string& name = "b") {
    return R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},")" + name +
           R"(":{"dtype":"U8","shape":[8],"data_offsets":)" + second + "}}";
  };
  EXPECT_THAT(refusal_of(header("[4,12]"), 16), HasSubstr("'b' overlaps"));
  EXPECT_THAT(refusal_of(header("[0,8]"), 16), HasSubstr("overlaps"));
  EXPECT_THAT(refusal_of(header("[10,18]"), 18), HasSubstr("gap of 2 bytes before tensor 'b'"));
  EXPECT_THAT(refusal_of(header("[8,16]", "a"), 16), HasSubstr("names tensor 'a' twice"));
}

TEST_F(Safetensors, whose_header_ends_beyond_the_file_are_refused) {
  const auto with_length = [&](std::uint64_t length) {
    write(folder / "x", raw(length) + "{}");
    return refusal([&] { Checkpoint{folder / "x"}; });
  };
  EXPECT_THAT(with_length(3), HasSubstr("a header of 3 bytes in a file of 10"));
  EXPECT_THAT(with_length(UINT64_MAX), HasSubstr("18446744073709551615"));
  EXPECT_THAT(with_length(0), HasSubstr("begin with '{'"));
  write(folder / "x", "abc");
  EXPECT_THAT(refusal([&] { Checkpoint{folder / "x"}; }), HasSubstr("too short"));
  write(folder / "x", "");
  EXPECT_THAT(refusal([&] { Checkpoint{folder / "x"}; }), HasSubstr("is empty"));
  EXPECT_THAT(refusal([&] { Checkpoint{folder / "none"}; }), HasSubstr("No such file"));
  const auto huge = make("{" + std::string(100'000'000, ' ') + "}", "");
  EXPECT_THAT(refusal([&] { Checkpoint{huge}; }), HasSubstr("a header of 100000002 bytes"));
}

TEST_F(Safetensors, cut_off_at_any_byte_are_refused) {
  const auto whole = safetensors_bytes(pair_header, std::string(24, '\0'));
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    write(folder / "x", whole.substr(0, bytes));
    EXPECT_NE(refusal([&] { Checkpoint{folder / "x"}; }), "(not refused)") << bytes;
  }
}

TEST_F(Safetensors, with_a_truth_value_of_2_are_refused_when_that_tensor_is_read) {
  const auto file = make(R"({"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})",
                         std::string("\x01\x02", 2));
  const Checkpoint checkpoint(file);
  EXPECT_THAT(refusal([&] { checkpoint.get("a"); }), HasSubstr("neither 0 nor 1"));
}

TEST_F(Safetensors, are_saved_whole_or_not_at_all) {
  const auto file = folder / "x.safetensors";
  save_safetensors(file, {{"a", at::ones({2})}});
  const auto before = text_of(file);
  EXPECT_EQ(before.find('\x01'), std::string::npos);
  EXPECT_THROW(save_safetensors(file, {{"a", at::ones({2}, at::kComplexDouble)}}), ContractError);
  EXPECT_THAT(refusal([&] {
                save_safetensors(file, {{"\xff", at::ones({2})}});
              }),
              HasSubstr("not UTF-8"));
  EXPECT_THAT(refusal([&] { save_safetensors(folder / "none/x", {}); }),
              HasSubstr("cannot be written"));
  EXPECT_EQ(text_of(file), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "something was left";
}

// Regression: they were written, and no reader opened them again.
TEST_F(Safetensors, that_no_reader_would_open_are_not_saved) {
  const auto file = folder / "x.safetensors";
  EXPECT_THAT(
      [&] {
        save_safetensors(file, {{std::string(2049, 'n'), at::ones({2})}});
      },
      ::testing::ThrowsMessage<ContractError>(
          HasSubstr("nn...' has a name of 2049 bytes; allowed are 2048")));
  EXPECT_THAT(
      [&] {
        save_safetensors(file, {{"deep", at::empty(std::vector<std::int64_t>(65, 1))}});
      },
      ::testing::ThrowsMessage<ContractError>(
          HasSubstr("tensor 'deep' has 65 dimensions; allowed are 64")));
  EXPECT_THAT(
      refusal([&] {
        save_safetensors(file, {}, {{"text", std::string(100'000'000, 't')}});
      }),
      HasSubstr("x.safetensors: cannot be written: the names, shapes and texts of its header "
                "take 100000032 bytes; allowed are 100000000"));
  EXPECT_FALSE(fs::exists(file));

  const std::string longest(2048, 'n');
  save_safetensors(file, {{longest, at::empty(std::vector<std::int64_t>(64, 1))}});
  EXPECT_EQ(Checkpoint(file).shape(longest).size(), 64U);
}

TEST_F(Safetensors, are_saved_with_every_tensor_aligned) {
  save_safetensors(folder / "x", {{"a", at::ones({3}, at::kByte)},
                                  {"b", at::ones({1}, at::kDouble)},
                                  {"c", at::ones({1}, at::kHalf)},
                                  {"d", at::ones({1})}});
  const auto bytes = text_of(folder / "x");
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  EXPECT_EQ(header % 8, 0);
  EXPECT_LT(bytes.find("\"b\""), bytes.find("\"d\""));
  EXPECT_LT(bytes.find("\"d\""), bytes.find("\"c\""));
  EXPECT_LT(bytes.find("\"c\""), bytes.find("\"a\""));
}

}  // namespace
