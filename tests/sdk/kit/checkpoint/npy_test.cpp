#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/error.hpp>
#include <earshot/kit/npy.hpp>

#include "files.hpp"
#include "made_files.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using earshot::kit::read_npy;
using earshot::kit::write_npy;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A file in NumPy's format, with this header and these bytes.
std::string npy(std::string header, const std::string& data, int version = 1) {
  header += '\n';
  std::string text = "\x93NUMPY";
  text += static_cast<char>(version);
  text += '\0';
  const auto bytes = version == 1 ? 2 : 4;
  for (int i = 0; i < bytes; ++i)
    text += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return text + header + data;
}

std::string header(const std::string& type, const std::string& shape, bool columns = false) {
  return "{'descr': '" + type + "', 'fortran_order': " + (columns ? "True" : "False") +
         ", 'shape': " + shape + ", }";
}

class Npy : public ::testing::Test {
 protected:
  at::Tensor read(const std::string& bytes) {
    write(file(), bytes);
    return read_npy(file());
  }
  std::string refusal_of(const std::string& bytes) {
    return refusal([&] { read(bytes); });
  }
  std::filesystem::path file() const { return folder / "x.npy"; }
  TemporaryFolder folder;
};

TEST_F(Npy, gives_back_what_was_written_of_every_type_and_shape) {
  for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kLong, at::kInt, at::kShort,
                          at::kChar, at::kByte, at::kBool, at::kComplexFloat})
    for (const auto& shape : std::vector<std::vector<std::int64_t>>{{}, {3}, {0, 4}, {5, 2, 3}}) {
      const auto tensor = at::randint(0, 2, shape).to(type);
      write_npy(file(), tensor);
      const auto read = read_npy(file());
      EXPECT_EQ(read.scalar_type(), type);
      EXPECT_TRUE(at::equal(read, tensor)) << c10::toString(type) << shape;
    }
}

TEST_F(Npy, writes_the_bytes_that_numpy_writes) {
  write_npy(file(), at::arange(3, at::kInt));
  const auto text = text_of(file());
  ASSERT_EQ(text.size(), 128U + 12U) << "the numbers begin at a multiple of 64";
  EXPECT_EQ(text.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  EXPECT_THAT(text, HasSubstr("{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }"));
  EXPECT_EQ(text[127], '\n');
}

TEST_F(Npy, writes_rows_of_a_tensor_with_other_strides) {
  const auto tensor = at::arange(6, at::kFloat).view({2, 3}).t();
  write_npy(file(), tensor);
  EXPECT_TRUE(at::equal(read_npy(file()), tensor));
  EXPECT_TRUE(read_npy(file()).is_contiguous());
}

TEST_F(Npy, refuses_to_write_what_numpy_lacks) {
  EXPECT_THROW(write_npy(file(), at::ones({2}, at::kBFloat16)), ContractError);
  EXPECT_THROW(write_npy(folder / "none" / "x.npy", at::ones({2})), DataError);
}

TEST_F(Npy, reads_columns_and_the_other_byte_order) {
  const std::string data("\0\1\0\2\0\3\0\4\0\5\0\6", 12);
  const auto rows = at::arange(1, 7, at::kShort).view({2, 3});
  EXPECT_TRUE(at::equal(read(npy(header(">i2", "(2, 3)"), data)), rows));
  const auto columns = at::arange(1, 7, at::kShort).view({3, 2}).t();
  EXPECT_TRUE(at::equal(read(npy(header(">i2", "(2, 3)", true), data)), columns));
}

TEST_F(Npy, reads_every_version_and_spelling_of_a_header) {
  const std::string data(8, '\0');
  const auto zeros = at::zeros({2}, at::kFloat);
  for (const int version : {1, 2, 3})
    EXPECT_TRUE(at::equal(read(npy(header("<f4", "(2,)"), data, version)), zeros)) << version;
  EXPECT_TRUE(at::equal(
      read(npy("{\"shape\": (2L,), \"fortran_order\": False, \"descr\": \"=f4\"}   ", data)),
      zeros));
  EXPECT_EQ(read(npy(header("<f8", "()"), data)).dim(), 0);
}

TEST_F(Npy, refuses_what_would_need_python) {
  EXPECT_THAT(refusal_of(npy(header("|O", "(2,)"), "\x80\x04]")),
              AllOf(HasSubstr("x.npy: "), HasSubstr("pickled Python objects")));
  EXPECT_THAT(
      refusal_of(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "1234")),
      HasSubstr("records"));
  for (const auto* type : {"<U4", "|S2", "<M8[s]", "<f16", "|V4", "<", "", "?f4", "|f4"})
    EXPECT_THAT(refusal_of(npy(header(type, "(1,)"), "1234")), HasSubstr("holds values of type"))
        << type;
}

TEST_F(Npy, refuses_files_that_are_cut_off_or_hold_more) {
  const auto good = npy(header("<f4", "(2, 2)"), std::string(16, '\0'));
  ASSERT_NO_THROW(read(good));
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes)
    EXPECT_NE(refusal_of(good.substr(0, bytes)), "(not refused)") << bytes;
  EXPECT_THAT(refusal_of(good.substr(0, good.size() - 1)), HasSubstr("cut off"));
  EXPECT_THAT(refusal_of(good + good), HasSubstr("more than one array"));
}

TEST_F(Npy, refuses_inconsistent_headers) {
  const std::string data(16, '\0');
  const auto refusal_of_header = [&](const std::string& text) {
    return refusal_of(npy(text, data));
  };
  EXPECT_THAT(refusal_of_header(header("<f4", "(-1, -4)")), HasSubstr("'-1"));
  EXPECT_THAT(refusal_of_header(header("<f4", "(4611686018427387904, 4)")),
              HasSubstr("impossible shape"));
  EXPECT_THAT(refusal_of_header(header("<f4", "(99999999999999999999,)")), HasSubstr("'999"));
  EXPECT_THAT(refusal_of_header("{'descr': '<f4', 'shape': (4,)}"), HasSubstr("lacks"));
  EXPECT_THAT(refusal_of_header("{'descr': '<f4', 'descr': '<f4'}"), HasSubstr("twice"));
  EXPECT_THAT(refusal_of_header("{'descr': '<f4', 'x': 1}"), HasSubstr("'x'"));
  EXPECT_THAT(refusal_of_header("{'descr': '<f4"), HasSubstr("unterminated"));
  EXPECT_THAT(refusal_of_header(header("<f4", "(4,)") + "more"), HasSubstr("continues"));
  EXPECT_THAT(refusal_of_header(header("<f4", "4")), HasSubstr("expected '('"));
  EXPECT_THAT(refusal_of("hello"), HasSubstr("not a .npy file"));
  EXPECT_THAT(refusal_of(npy(header("<f4", "(4,)"), data, 9)), HasSubstr("version 9"));
}

}  // namespace
