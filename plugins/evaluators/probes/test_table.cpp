#include "test_table.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>

namespace probes {

using earshot::Item;
using earshot::Prediction;
using earshot::kit::Target;
using Kind = earshot::kit::Target::Kind;

namespace {

/// A field of a CSV file, quoted if necessary (RFC 4180).
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text)
    quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

void finish(std::ofstream& file, const std::filesystem::path& path) {
  if (!file.flush())
    throw earshot::DataError("cannot write '" + path.string() + "'; is the disk full?");
}

std::int64_t columns_of(const Target& target, Kind kind) {
  return target.kind() == kind ? target.width() : 0;
}

}  // namespace

TestTable::TestTable(const Target& target)
    : target_(target),
      truth_(static_cast<std::size_t>(columns_of(target, Kind::classes))),
      confusion_(truth_.size() * truth_.size()),
      agreement_(columns_of(target, Kind::vector)) {}

void TestTable::add(const Item& item, const Prediction& prediction) {
  if (target_.kind() == Kind::vector) {
    target_.compare(item, prediction.scores, agreement_);
  } else if (target_.kind() == Kind::classes && target_.truth(item, truth_.data())) {
    ++labelled_;
    const auto right = std::max_element(truth_.begin(), truth_.end()) - truth_.begin();
    const auto chosen = target_.index(std::get<std::string>(*prediction.value));
    ++confusion_[static_cast<std::size_t>(right * target_.width() + chosen)];
  }
}

std::string TestTable::report(earshot::Trial& trial) const {
  if (target_.kind() == Kind::classes) {
    trial.report("chance", 1 / static_cast<double>(target_.width()), labelled_);
    write_confusion(trial);
  }
  if (target_.kind() != Kind::vector || agreement_.items() == 0) return "";
  const auto constant = agreement_.constant();
  trial.report("constant_columns", static_cast<double>(constant), agreement_.items());
  write_columns(trial);
  if (constant == 0) return "";
  return std::to_string(constant) + " of the " + std::to_string(target_.width()) + " columns of '" +
         target_.name() + "' have one value in all " + std::to_string(agreement_.items()) +
         " test items with this label, so their correlation and r2 are undefined; the means leave "
         "them out";
}

void TestTable::write_confusion(earshot::Trial& trial) const {
  const auto path = trial.artifact("confusion.csv");
  std::ofstream file(path);
  file << "truth";
  for (const auto& name : target_.classes())
    file << ',' << field(name);
  auto count = confusion_.begin();
  for (const auto& name : target_.classes()) {
    file << '\n' << field(name);
    for (std::size_t k = 0; k < target_.classes().size(); ++k)
      file << ',' << *count++;
  }
  file << '\n';
  finish(file, path);
}

void TestTable::write_columns(earshot::Trial& trial) const {
  const auto path = trial.artifact("columns.csv");
  std::ofstream file(path);
  file.precision(9);  // enough for a float32
  file << "column,correlation,r2\n";
  const auto correlations = agreement_.correlations(), r2 = agreement_.r_squared();
  for (std::size_t k = 0; k < r2.size(); ++k) {
    file << k << ',';
    if (!std::isnan(r2[k]))
      file << correlations[k] << ',' << r2[k] << '\n';
    else
      file << ",\n";
  }
  finish(file, path);
}

}  // namespace probes
