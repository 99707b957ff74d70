#pragma once
#include <optional>

#include <earshot/dataset.hpp>
#include <earshot/kit/records.hpp>
#include <earshot/options.hpp>

#include "vectors.hpp"

namespace table {

/// Items from the rows of a table. Options map columns to their roles; a label, group or slice is
/// named after its column, in lower case and with _ for everything but letters and digits. Classes
/// are the values that occur, sorted. An empty cell is an unknown label. Cells of vectors refer to
/// files, whose content is part of the dataset; all vectors of a column have the same size. Without
/// columns for split and fold, items are split at random, whole groups together.
class Table : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();
  Table(const earshot::Options& options, const earshot::Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(records_.rows.size()); }
  std::vector<earshot::LabelSpec> labels() const override { return labels_; }
  earshot::Item item(std::int64_t index) const override;
  std::vector<std::filesystem::path> sources() const override { return sources_; }
  std::map<earshot::SliceRole, std::string> slice_roles() const override;

 private:
  using Column = std::optional<std::size_t>;
  struct Named {
    std::string name{};
    std::size_t column = 0;
  };

  void read(const std::string& format);
  std::size_t use(const std::string& column);      ///< its index in a record
  Column use_if_named(const std::string& column);  ///< nullopt for ""
  std::vector<Named> use_named(const std::vector<std::string>& columns);
  void declare_labels(const earshot::Options& options);
  void find_classes();
  void find_vectors();
  void check_items() const;

  void add_question(const earshot::kit::Record& record, earshot::Item& item) const;
  std::string text(const earshot::kit::Record& record,
                   std::size_t column) const;  ///< "" for an empty cell
  std::vector<std::string> list(const earshot::kit::Record& record, std::size_t column) const;
  double number(const earshot::kit::Record& record, std::size_t column) const;
  at::Tensor vector(const earshot::kit::Record& record, std::size_t column) const;
  std::optional<earshot::Label> label(const earshot::kit::Record& record, std::size_t which) const;

  std::filesystem::path file_, root_;
  std::string separator_;
  std::vector<std::string> columns_{};
  std::vector<std::size_t> audio_{};
  Column id_, split_, fold_, start_, duration_, question_, choices_, answer_;
  std::vector<Named> groups_{}, slices_{};
  std::string answer_origin_{};  ///< dimension among slices_; "" without
  std::vector<earshot::LabelSpec> labels_{};
  std::vector<std::size_t> label_columns_{};
  earshot::kit::Records records_{};
  VectorFiles vectors_;
  std::vector<std::filesystem::path> sources_{};  ///< the table, and the files of vectors
  std::vector<earshot::Split> drawn_{};
};

/// Questions about recordings in one JSON file, as earshot::Role::questions describes it: a table
/// whose columns need no options.
class Questions final : public Table {
 public:
  static earshot::OptionSchema options();
  Questions(const earshot::Options& options, const earshot::Context& context);
};

}  // namespace table
