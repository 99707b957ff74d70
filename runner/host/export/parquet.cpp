#include "host/export/duckdb.hpp"
#include "host/export/formats.hpp"
#include "host/store/view_rows.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

const char* parquet_type(ViewColumn::Type type) {
  switch (type) {
    case ViewColumn::Type::integer:
      return "BIGINT";
    case ViewColumn::Type::real:
      return "DOUBLE";
    case ViewColumn::Type::bytes:
      return "BLOB";
    case ViewColumn::Type::text:
      break;
  }
  return "VARCHAR";
}

std::string table_with(const std::string& table, const std::vector<ViewColumn>& columns) {
  std::string statement = "CREATE TABLE " + DuckDb::name(table) + '(';
  for (std::size_t i = 0; i < columns.size(); ++i)
    statement +=
        (i > 0 ? ", " : "") + DuckDb::name(columns[i].name) + ' ' + parquet_type(columns[i].type);
  return statement + ')';
}

void add_value(DuckDbRows& table, const ViewRows& rows, std::size_t column) {
  if (rows.is_null(column)) return table.add_null();
  switch (rows.columns()[column].type) {
    case ViewColumn::Type::integer:
      return table.add(rows.integer(column));
    case ViewColumn::Type::real:
      return table.add(rows.real(column));
    case ViewColumn::Type::bytes:
      return table.add_bytes(rows.bytes(column));
    case ViewColumn::Type::text:
      return table.add_text(protocol::readable(rows.bytes(column)));
  }
}

void copy_view(const Store& store, const std::string& experiment, const std::string& view,
               DuckDb& database, const std::filesystem::path& file) {
  ViewRows rows(store, view, experiment);
  database.run(table_with(view, rows.columns()));
  DuckDbRows table(database, view);
  while (rows.next()) {
    for (std::size_t column = 0; column < rows.columns().size(); ++column)
      add_value(table, rows, column);
    table.end_row();
  }
  table.finish();
  database.run("COPY " + DuckDb::name(view) + " TO " + DuckDb::quoted(file.string()) +
               " (FORMAT parquet, COMPRESSION zstd)");
  database.run("DROP TABLE " + DuckDb::name(view));
}

}  // namespace

ExportRemarks export_to_parquet(const Store& store, const std::string& experiment,
                                ExportFolder& folder) {
  std::vector<std::pair<std::string, std::filesystem::path>> files;
  for (const auto& view : view_names())
    files.emplace_back(view, folder.add(view + ".parquet"));
  const Snapshot snapshot(store);
  DuckDb database(folder.scratch("rows.duckdb"));
  database.run("SET autoinstall_known_extensions = false");  // nothing is fetched
  database.run("SET threads = 1");                           // equal rows give equal files
  for (const auto& [view, file] : files)
    copy_view(store, experiment, view, database, file);
  return {};
}

}  // namespace earshot::host
