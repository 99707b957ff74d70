#include <filesystem>
#include <set>

#include "host/report/parts.hpp"
#include "host/store/circumstances.hpp"
#include "host/store/experiment_design.hpp"
#include "host/store/revisions.hpp"
#include "host/store/status_tables.hpp"

namespace earshot::host {
namespace {

ReportedTable table_of(const std::string& title, Rows rows) {
  ReportedTable table{.title = title, .columns = rows.columns()};
  for (std::vector<Json> values; rows.next(values);)
    table.rows.push_back(values);
  return table;
}

/// The value at a path of objects; null if there is none.
Json at(const Json& facts, std::initializer_list<const char*> path) {
  const auto* value = &facts;
  for (const auto* name : path) {
    if (!value->is_object() || !value->contains(name)) return nullptr;
    value = &value->at(name);
  }
  return *value;
}

/// What a report says of the circumstances. It leaves out what a reader of a report need not know
/// and its author may not want to send: differences of the repository, environment, paths,
/// arguments and the machine's name.
ReportedTable machines(const std::vector<Circumstances>& all) {
  ReportedTable table{
      .title = "Where it ran",
      .columns = {"runs", "device", "cpu", "processors", "memory_bytes", "os", "earshot",
                  "earshot_commit", "compiler", "git_commit", "uncommitted_changes"}};
  for (const auto& own : all) {
    const auto dirty = at(own.facts, {"git", "dirty"});
    table.rows.push_back({own.runs, at(own.facts, {"device"}), at(own.facts, {"host", "cpu"}),
                          at(own.facts, {"host", "processors"}),
                          at(own.facts, {"host", "memory_bytes"}), at(own.facts, {"host", "os"}),
                          at(own.facts, {"runner", "version"}), at(own.facts, {"runner", "commit"}),
                          at(own.facts, {"runner", "compiler"}), at(own.facts, {"git", "commit"}),
                          dirty.is_boolean() ? Json(dirty.get<bool>() ? "yes" : "no") : Json()});
  }
  return table;
}

ReportedTable plugins(const std::vector<Circumstances>& all) {
  ReportedTable table{.title = "Plugins", .columns = {"plugin", "version", "sha256"}};
  std::set<std::vector<Json>> seen;
  for (const auto& own : all)
    for (const auto& plugin : at(own.facts, {"plugins"})) {
      std::vector<Json> row{at(plugin, {"name"}), at(plugin, {"version"}), at(plugin, {"sha256"})};
      if (seen.insert(row).second) table.rows.push_back(std::move(row));
    }
  return table;
}

ReportedTable encoders(const Subject& subject) {
  std::map<std::string, EncoderWeights> known;
  for (auto& weights : encoder_weights(subject.store, subject.revision))
    known.emplace(weights.encoder, weights);
  ReportedTable table{.title = "Encoders",
                      .columns = {"encoder", "component", "weights", "trained_on", "in_domain_of"}};
  std::set<std::string> seen;
  for (const auto& cell : subject.design.cells) {
    const auto own = cell.axes.find("encoder");
    if (own == cell.axes.end() || !seen.insert(own->second).second) continue;
    const auto weights = known.find(own->second);
    const auto of = [&](Json EncoderWeights::*field) {
      return weights == known.end() || (weights->second.*field).is_null()
                 ? Json()
                 : Json(protocol::json_text(weights->second.*field));
    };
    table.rows.push_back({own->second, cell.component, cell.weights,
                          of(&EncoderWeights::pretrain_data), of(&EncoderWeights::in_domain)});
  }
  return table;
}

}  // namespace

void add_provenance(ReportedExperiment& report, const Subject& subject) {
  if (const auto file = latest_file(subject.store, subject.name)) {
    report.file = std::filesystem::path(file->file).filename().string();
    report.source = file->source;
    report.question = file->question;
    report.overrides = file->overrides;
  }
  for (const auto& revision : revisions_of(subject.store, subject.name))
    if (revision.latest) report.revision = revision.hash;
  const auto circumstances = circumstances_of(subject.store, subject.revision);
  report.provenance = {
      machines(circumstances),
      plugins(circumstances),
      encoders(subject),
      table_of("Features", encoder_table(subject.store, subject.name)),
      table_of("Datasets", dataset_table(subject.store, subject.revision)),
      table_of("Cost", cost_table(subject.store, subject.name)),
      table_of("Failures", failure_table(subject.store, subject.name, -1)),
      table_of("Skipped", skipped_table(subject.store, subject.name)),
      table_of("Warnings", warning_table(subject.store, subject.name)),
  };
  std::erase_if(report.provenance, [](const auto& table) { return table.rows.empty(); });
}

}  // namespace earshot::host
