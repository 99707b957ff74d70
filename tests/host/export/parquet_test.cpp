#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "exported.hpp"
#include "host/export/duckdb.hpp"
#include "host/store/view_rows.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAreArray;

/// With a database of DuckDB to read the files with; without its library the test is skipped.
class Parquet : public Exported {
 protected:
  void SetUp() override {
    try {
      duckdb = std::make_unique<DuckDb>(folder / "reader.duckdb");
    } catch (const Failure& failure) {
      GTEST_SKIP() << failure.what();
    }
  }

  /// All values of a column in the order of the file.
  std::vector<std::string> column(const std::string& view, const std::string& name) {
    const auto text = duckdb->text(
        "SELECT string_agg(coalesce(CAST(" + DuckDb::name(name) +
        " AS VARCHAR), chr(2)) || chr(1), '' ORDER BY file_row_number) FROM read_parquet(" +
        DuckDb::quoted((out / (view + ".parquet")).string()) + ", file_row_number = true)");
    std::vector<std::string> values;
    std::istringstream all(text);
    for (std::string value; std::getline(all, value, '\x01');)
      values.push_back(value);
    return values;
  }

  std::unique_ptr<DuckDb> duckdb{};
};

/// A value as DuckDB writes it.
std::string as_text(const ViewRows& rows, std::size_t column) {
  if (rows.is_null(column)) return "\x02";
  switch (rows.columns()[column].type) {
    case ViewColumn::Type::integer:
      return std::to_string(rows.integer(column));
    case ViewColumn::Type::real: {
      const auto text = Json(rows.real(column)).dump();  // the shortest, likewise
      return text;
    }
    default:
      return std::string(rows.bytes(column));
  }
}

TEST_F(Parquet, has_a_file_per_view_with_every_row_and_value) {
  write(export_to_parquet, "ablation");
  std::vector<std::string> expected;
  for (const auto& view : view_names())
    expected.push_back(view + ".parquet");
  std::sort(expected.begin(), expected.end());
  EXPECT_THAT(files(), ElementsAreArray(expected));
  std::size_t values = 0;
  for (const auto& view : view_names()) {
    ViewRows rows(store, view, "ablation");
    std::vector<std::vector<std::string>> columns(rows.columns().size());
    while (rows.next())
      for (std::size_t i = 0; i < columns.size(); ++i)
        columns[i].push_back(as_text(rows, i));
    for (std::size_t i = 0; i < columns.size(); ++i) {
      EXPECT_EQ(column(view, rows.columns()[i].name), columns[i])
          << view << '.' << rows.columns()[i].name;
      values += columns[i].size();
    }
  }
  EXPECT_GT(values, 500U);
}

TEST_F(Parquet, keeps_names_as_they_are_and_makes_equal_files_of_equal_rows) {
  const std::string hostile = "a'b\"c\n<script>\xE2\x80\xAE";
  auto more = small({hostile}, {"room"}, 1);
  more.experiment.name = "it's \"more\"";
  record(store, more);
  run_cell(store, more.cells[0].key, ok_run());
  write(export_to_parquet, more.experiment.name);
  EXPECT_EQ(column("result", "encoder"), std::vector<std::string>(3, hostile));
  const auto before = earshot::testing::text_of(out / "answer.parquet");
  EXPECT_TRUE(before.starts_with("PAR1"));
  write(export_to_parquet, more.experiment.name, true);
  EXPECT_EQ(earshot::testing::text_of(out / "answer.parquet"), before);
}

TEST_F(Parquet, scores_stay_bytes) {
  auto more = small({"mimi"}, {"room"}, 1);
  more.experiment.name = "more";
  record(store, more);
  auto run = ok_run();
  run.predictions.resize(1);
  run.predictions[0].scores = {0.5f, -2.25f};
  run_cell(store, more.cells[0].key, run);
  write(export_to_parquet, "more");
  EXPECT_EQ(duckdb->text("SELECT hex(scores) FROM read_parquet(" +
                         DuckDb::quoted((out / "answer.parquet").string()) + ")"),
            "0000003F000010C0");
}

/// In a process of its own, since the library stays loaded.
TEST(DuckDbLibrary, what_to_install_is_said_where_it_is_missing) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        ::setenv("EARSHOT_DUCKDB", "/nowhere/libduckdb.so", 1);
        try {
          const TemporaryFolder folder;
          const DuckDb database(folder / "x");
        } catch (const Failure& failure) {
          std::fputs(failure.what(), stderr);
          std::exit(static_cast<int>(failure.code()));
        }
        std::exit(0);
      },
      ::testing::ExitedWithCode(static_cast<int>(ExitCode::usage)),
      "nowhere/libduckdb.so.*install libduckdb.so, version 1.2 or later.*EARSHOT_DUCKDB");
}

}  // namespace
}  // namespace earshot::host
