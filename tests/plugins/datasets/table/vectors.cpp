#include "datasets/table/vectors.hpp"

#include <limits>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/npy.hpp>

#include "datasets/table/table.hpp"
#include "files.hpp"
#include "temporary_folder.hpp"

// Labels that are vectors in files beside a table.

namespace {

namespace fs = std::filesystem;
using earshot::DataError;
using earshot::Label;
using earshot::Options;
using earshot::Path;
using earshot::Vector;
using earshot::kit::save_safetensors;
using earshot::kit::write_npy;
using earshot::testing::text_of;
using table::VectorPlace;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Texts = std::vector<std::string>;

class TableVectors : public testing::Test {
 protected:
  fs::path file(const std::string& name) const { return root_ / name; }

  /// A table with a row for each of these cells.
  table::Table open(const Texts& cells, const std::string& column = "voxels") const {
    std::string text = "audio,voxels\n";
    for (std::size_t i = 0; i < cells.size(); ++i)
      text += std::to_string(i) + ".wav," + cells[i] + "\n";
    earshot::testing::write(file("t.csv"), text);
    return {Options(table::Table::options(),
                    {{"file", Path{file("t.csv")}}, {"vectors", Texts{column}}}),
            {.device = at::kCPU}};
  }
  at::Tensor values(const std::string& cell) const {
    return std::get<Vector>(open({cell}).item(0).labels.at("voxels")).values;
  }
  void expect_refusal(const Texts& cells, const std::string& message) const {
    EXPECT_THAT([&] { open(cells); }, ThrowsMessage<DataError>(HasSubstr(message))) << message;
  }
  /// Refuses a file with these bytes, naming row, column, cell and file.
  void expect_refused(const std::string& bytes, const std::string& message) const {
    earshot::testing::write(file("bad.npy"), bytes);
    EXPECT_THAT([&] { open({"bad.npy"}); },
                ThrowsMessage<DataError>(AllOf(HasSubstr("t.csv:2: 'voxels' is 'bad.npy': "),
                                               HasSubstr(file("bad.npy").string() + ": "),
                                               HasSubstr(message))))
        << message;
  }

  earshot::testing::TemporaryFolder folder_{};
  const fs::path root_ = folder_.path();
};

const at::Tensor six = at::arange(1, 7, at::kFloat).view({2, 3});

/// The text with a part replaced by another of the same length.
std::string exchanged(std::string text, const std::string& part, const std::string& other) {
  const auto at = text.find(part);
  if (at == std::string::npos || part.size() != other.size()) throw std::logic_error(part);
  return text.replace(at, part.size(), other);
}

TEST_F(TableVectors, are_files_rows_of_arrays_or_tensors_next_to_the_table) {
  fs::create_directory(file("sub"));
  write_npy(file("sub/one.npy"), six[1]);
  write_npy(file("all.npy"), six);
  save_safetensors(file("named.safetensors"), {{"a#1", six[0]}, {"b", six[1]}});
  save_safetensors(file("single.safetensors"), {{"x", six[0]}});
  const auto dataset =
      open({"sub/one.npy", "all.npy#0", "all.npy#1", "named.safetensors#a#1", "",
            "named.safetensors#b", "single.safetensors#x", file("all.npy").string() + "#1"},
           "voxels=%");
  const auto labels = dataset.labels();
  ASSERT_EQ(labels.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Vector>(labels[0].type));
  EXPECT_EQ(labels[0].name, "voxels");
  EXPECT_EQ(labels[0].unit, "%");
  EXPECT_EQ(labels[0].size, 3);
  const int rows[] = {1, 0, 1, 0, -1, 1, 0, 1};
  for (int i = 0; i < 8; ++i) {
    const auto item = dataset.item(i);
    if (rows[i] < 0)
      EXPECT_FALSE(item.labels.contains("voxels"));
    else
      EXPECT_EQ(item.labels.at("voxels"), Label(Vector{six[rows[i]]})) << i;
  }
}

TEST_F(TableVectors, belong_to_the_sources_of_the_dataset_each_file_once) {
  write_npy(file("all.npy"), six);
  write_npy(file("one.npy"), six[0]);
  EXPECT_THAT(open({"one.npy", "all.npy#0", "all.npy#1", ""}).sources(),
              ElementsAre(file("t.csv"), file("all.npy"), file("one.npy")));
}

TEST_F(TableVectors, may_be_whole_or_floating_point_numbers_in_any_order_of_bytes_and_rows) {
  for (const auto type : {at::kDouble, at::kHalf, at::kLong, at::kShort, at::kByte}) {
    write_npy(file("x.npy"), six.to(type));
    EXPECT_TRUE(at::equal(values("x.npy#1"), six[1])) << c10::toString(type);
  }
  save_safetensors(file("x.safetensors"), {{"x", six[1].to(at::kBFloat16)}});
  EXPECT_TRUE(at::equal(values("x.safetensors#x"), six[1]));
  write_npy(file("x.npy"), six.t().contiguous());
  const auto columns =
      exchanged(exchanged(text_of(file("x.npy")), "False", "True "), "(3, 2)", "(2, 3)");
  earshot::testing::write(file("columns.npy"), columns);
  EXPECT_TRUE(at::equal(values("columns.npy#1"), six[1]));
  EXPECT_TRUE(values("columns.npy#1").is_contiguous());
  write_npy(file("x.npy"), at::tensor({256, 512, 768}, at::kShort));
  earshot::testing::write(file("big.npy"), exchanged(text_of(file("x.npy")), "<i2", ">i2"));
  EXPECT_TRUE(at::equal(values("big.npy"), six[0]));
}

TEST_F(TableVectors, do_not_change_when_somebody_writes_to_one_that_was_given) {
  write_npy(file("all.npy"), six);
  const auto dataset = open({"all.npy#0", "all.npy#1"});
  const auto read = [&] { return std::get<Vector>(dataset.item(1).labels.at("voxels")).values; };
  read().fill_(0);
  EXPECT_TRUE(at::equal(read(), six[1]));
}

TEST_F(TableVectors, come_from_more_files_than_may_be_open_at_once) {
  Texts cells;
  for (int i = 0; i < 200; ++i) {
    const auto name = std::to_string(i) + (i % 2 == 0 ? ".npy" : ".safetensors");
    const auto two = at::full({2, 3}, i, at::kFloat);
    if (i % 2 == 0)
      write_npy(file(name), two);
    else
      save_safetensors(file(name), {{"a", two[0]}, {"b", two[1]}});
    cells.push_back(name + (i % 2 == 0 ? "#1" : "#b"));
  }
  const auto dataset = open(cells);
  std::vector<earshot::Item> items;
  for (int round = 0; round < 10; ++round)
    for (int i = 0; i < 200; ++i)
      items.push_back(dataset.item(i));
  for (std::size_t i = 0; i < items.size(); ++i)
    EXPECT_EQ(std::get<Vector>(items[i].labels.at("voxels")).values[2].item<float>(),
              static_cast<float>(i % 200));
}

TEST_F(TableVectors, must_have_one_size) {
  write_npy(file("all.npy"), six);
  write_npy(file("two.npy"), at::ones({2}));
  expect_refusal({"", "all.npy#0", "two.npy"},
                 "t.csv:4: 'voxels' is 'two.npy', a vector of 2 values; expected 3, as in the "
                 "first row that has one");
  expect_refusal({"", ""}, "t.csv: column 'voxels' is empty in every row; expected a file");
}

TEST_F(TableVectors, are_refused_with_shape_and_type_and_what_is_allowed) {
  write_npy(file("all.npy"), six);
  write_npy(file("cube.npy"), at::ones({2, 2, 2}));
  write_npy(file("one.npy"), six[0]);
  write_npy(file("number.npy"), at::ones({}));
  write_npy(file("none.npy"), at::ones({0}));
  write_npy(file("truths.npy"), six[0] > 1);
  write_npy(file("complex.npy"), six[0].to(at::kComplexFloat));
  save_safetensors(file("x.safetensors"), {{"x", six}, {"y", six[0] / 0}});
  const auto refused = [&](const std::string& cell, const std::string& message) {
    expect_refusal({cell}, "t.csv:2: 'voxels' is '" + cell + "': ");
    expect_refusal({cell}, message);
  };
  refused("all.npy",
          "all.npy: has Float values of shape (2, 3); expected (values,), at least one, "
          "or the number of a row: 'all.npy#0'");
  refused("all.npy#2", "has no row 2: it has Float values of shape (2, 3); expected a row below 2");
  refused("cube.npy", "has Float values of shape (2, 2, 2); expected (values,)");
  refused("cube.npy#0", "of shape (2, 2, 2); a row needs an array of shape (rows, values)");
  refused("one.npy#0", "of shape (3,); a row needs an array of shape (rows, values)");
  refused("number.npy", "has Float values of shape (); expected (values,)");
  refused("none.npy", "has Float values of shape (0,); expected (values,), at least one");
  refused("truths.npy", "has Bool values of shape (3,); expected whole or floating-point numbers");
  refused("complex.npy", "has ComplexFloat values of shape (3,); expected whole or floating");
  refused("x.safetensors#x",
          "x.safetensors: tensor 'x' has Float values of shape (2, 3); expected");
  refused("x.safetensors#y", "tensor 'y' value 0 is inf; expected finite numbers");
  refused("x.safetensors#z", "has no tensor 'z'; it has 2, from 'x' to 'y'");
  refused("gone.npy", "gone.npy: there is no such file");
  refused("gone.safetensors#x", "gone.safetensors: there is no such file");
}

TEST_F(TableVectors, are_refused_if_a_cell_is_no_reference) {
  for (const std::string cell :
       {"x.npy#", "x.npy#one", "x.npy#-1", "x.npy#1.5", "x.npy#1#2", "x.npy#99999999999999999999",
        "x.safetensors", "x.safetensors#", "x.pt", "0.5", "x.NPY", "#", ".#1"})
    EXPECT_THAT([&] { (void)VectorPlace::of(cell); },
                ThrowsMessage<DataError>(HasSubstr("a row of an array, counted from 0 (a.npy#17)")))
        << cell;
  expect_refusal({std::string(5000, 'x') + ".npy"}, "there is no such file");
  fs::create_directory(file("folder.npy"));
  expect_refusal({"folder.npy"}, "folder.npy: there is no such file");
}

TEST_F(TableVectors, are_refused_if_a_file_is_damaged_or_hostile) {
  write_npy(file("x.npy"), six[0]);
  const auto good = text_of(file("x.npy"));
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes)
    expect_refused(good.substr(0, bytes), "");
  expect_refused(good + good, "more than one array");
  expect_refused(exchanged(good, "'<f4',", "'|O', "), "pickled Python objects");
  expect_refused(exchanged(good, "(3,)", "(9,)"), "need 36 bytes, but 12 are present");
  expect_refused(exchanged(good, "(3,)", "(-3)"), "invalid size");
  expect_refused(exchanged(good, "'<f4'", "'<U3'"), "holds values of type '<U3'");
  auto long_header = good;
  long_header[8] = long_header[9] = '\xff';
  expect_refused(long_header, "its header has 65535 bytes");
  expect_refused("audio,voxels\n", "is not a .npy file");
  for (const double value : {std::numeric_limits<double>::quiet_NaN(), -1e300}) {
    write_npy(file("x.npy"), at::tensor({1.0, value, 2.0}, at::kDouble));
    expect_refused(text_of(file("x.npy")), "value 1 is ");
  }
}

}  // namespace
