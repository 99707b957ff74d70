#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/store/store.hpp"

// The views of results/README.md as typed columns, for files of other programs.

namespace earshot::host {

/// The names of all views, in the order of results/README.md.
const std::vector<std::string>& view_names();

struct ViewColumn {
  enum class Type { integer, real, text, bytes };
  std::string name{};
  Type type = Type::text;
};

/// The rows of a view for one experiment in its latest revision, and in `training` also those of
/// the pretraining that its cells depend on. The store must outlive them.
class ViewRows {
 public:
  /// @param view  one of view_names()
  ViewRows(const Store& store, const std::string& view, const std::string& experiment);

  /// Their types depend on neither the rows nor the version of SQLite.
  const std::vector<ViewColumn>& columns() const { return columns_; }

  /// @returns false after the last row
  bool next() { return rows_.step(); }
  bool is_null(std::size_t column) const { return rows_.is_null(static_cast<int>(column)); }
  /// The value of a column of this type. @throws Failure (store_unusable) for a text in a column of
  /// numbers
  std::int64_t integer(std::size_t column) const;
  double real(std::size_t column) const;
  /// That of a column of type text or bytes, valid until next().
  std::string_view bytes(std::size_t column) const { return rows_.bytes(static_cast<int>(column)); }

 private:
  void require_number(std::size_t column) const;

  std::string view_;
  std::string file_;
  Statement rows_;
  std::vector<ViewColumn> columns_{};
};

}  // namespace earshot::host
